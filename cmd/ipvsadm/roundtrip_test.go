package main

import (
	"fmt"
	"math"
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
	"pgregory.net/rapid"
)

// What -S prints of any table that a command line can make, -R makes again.
func TestSavedRulesMakeTheTableAgain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		table := drawTable(t)
		k := ipvstest.New()
		k.SetTable(table)
		rules, stderr, status := runFake(k, "", "-S", "-n")
		if status != 0 || stderr != "" {
			t.Fatalf("-S: status %d, %s", status, stderr)
		}
		again := ipvstest.New()
		if _, stderr, status := runFake(again, rules, "-R"); status != 0 {
			t.Fatalf("-R: status %d, %s of\n%s", status, stderr, rules)
		}
		if got, want := describeTable(again.Table()), describeTable(table); got != want {
			t.Fatalf("from\n%s\n got\n%s\nwant\n%s", rules, got, want)
		}
	})
}

// Whatever is in the kernel, what -S prints of it can be restored. Where it is
// not the whole, -S says so.
func TestSavedRulesAlwaysRestore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		table := drawTable(t)
		for i := range table {
			distort(t, &table[i])
		}
		k := ipvstest.New()
		k.SetTable(table)
		rules, warnings, status := runFake(k, "", "-S", "-n")
		if status != 0 {
			t.Fatalf("-S: status %d", status)
		}
		again := ipvstest.New()
		_, stderr, status := runFake(again, rules, "-R")
		if status == exitUsage {
			t.Fatalf("-R: %s of\n%s", stderr, rules)
		}
		if warnings == "" && status == exitOK && describeTable(again.Table()) != describeTable(table) {
			t.Fatalf("no warning, but from\n%s\n got\n%s\nwant\n%s", rules, describeTable(again.Table()), describeTable(table))
		}
	})
}

// distort puts values into an entry that another program may have set.
func distort(t *rapid.T, entry *ipvs.TableEntry) {
	s := &entry.Service
	odd := rapid.SampledFrom([]uint32{0, 1, 128, 129, maxTimeout, maxTimeout + 1, 1<<31 - 1, 1 << 31, math.MaxUint32})
	switch rapid.IntRange(0, 6).Draw(t, "service") {
	case 0:
		s.Flags ^= ipvs.ServiceFlags(rapid.Uint32().Draw(t, "flags"))
	case 1:
		s.Flags |= ipvs.Persistent
		s.Timeout = odd.Draw(t, "timeout")
	case 2:
		s.Flags |= ipvs.Persistent
		s.Netmask = odd.Draw(t, "mask")
	case 3:
		s.Scheduler = rapid.SampledFrom([]string{"", "a b", "x#", "-x", "none", "ipvsadm"}).Draw(t, "name")
	case 4:
		s.Flags ^= ipvs.OnePacket
	case 5:
		if s.FWMark == 0 {
			s.Protocol = ipvs.Protocol(rapid.Uint16().Draw(t, "protocol"))
		}
	}
	for i := range entry.Destinations {
		d := &entry.Destinations[i]
		switch rapid.IntRange(0, 6).Draw(t, "server") {
		case 0:
			d.Forward = ipvs.ForwardingMethod(rapid.Uint32Range(0, 7).Draw(t, "forward"))
		case 1:
			d.TunnelType = ipvs.TunnelType(rapid.Uint8Range(0, 4).Draw(t, "type"))
		case 2:
			d.TunnelFlags = ipvs.TunnelFlags(rapid.Uint16Range(0, 7).Draw(t, "flags"))
		case 3:
			d.AddrPort = netip.AddrPortFrom(d.AddrPort.Addr(), rapid.Uint16().Draw(t, "port"))
		case 4:
			d.TunnelPort = rapid.Uint16().Draw(t, "tunnel port")
		case 5:
			d.Weight, d.UpperThreshold = odd.Draw(t, "weight"), odd.Draw(t, "upper")
		}
	}
}

// describeTable writes all that a rule can say, in order.
func describeTable(table ipvs.Table) string {
	table.Sort()
	var b strings.Builder
	for _, entry := range table {
		s := entry.Service
		if s.Flags&ipvs.Persistent == 0 {
			s.Timeout, s.Netmask = 0, 0 // they mean nothing
		}
		fmt.Fprintf(&b, "%s %s %#x %d %#x %s\n", s.ServiceID, s.Scheduler, s.Flags&^ipvs.Hashed, s.Timeout, s.Netmask, s.PersistenceEngine)
		for _, d := range entry.Destinations {
			fmt.Fprintf(&b, "  %s %s %d %d %d", d.DestinationID, d.Forward, d.Weight, d.UpperThreshold, d.LowerThreshold)
			if d.TunnelType != ipvs.GUE {
				d.TunnelPort = 0
			}
			if d.Forward == ipvs.Tunnel {
				fmt.Fprintf(&b, " %s %d %#x", d.TunnelType, d.TunnelPort, d.TunnelFlags)
			}
			b.WriteByte('\n')
		}
	}
	return b.String()
}

func drawTable(t *rapid.T) ipvs.Table {
	table := ipvs.Table{}
	ids := rapid.SliceOfNDistinct(rapid.Custom(drawServiceID), 0, 5, rapid.ID).Draw(t, "services")
	for _, id := range ids {
		entry := ipvs.TableEntry{Service: drawService(t, id)}
		method := rapid.SampledFrom([]ipvs.ForwardingMethod{ipvs.Masquerade, ipvs.Tunnel, ipvs.DirectRoute}).Draw(t, "method")
		addrs := rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) netip.Addr {
			return drawAddr(t, id.AddressFamily())
		}), 0, 4, rapid.ID).Draw(t, "servers")
		for _, addr := range addrs {
			entry.Destinations = append(entry.Destinations, drawDestination(t, id, addr, method))
		}
		table = append(table, entry)
	}
	return table
}

func drawServiceID(t *rapid.T) ipvs.ServiceID {
	family := rapid.SampledFrom([]ipvs.Family{ipvs.IPv4, ipvs.IPv6}).Draw(t, "family")
	if rapid.Bool().Draw(t, "mark") {
		id := ipvs.ServiceID{FWMark: rapid.Uint32Min(1).Draw(t, "fwmark")}
		if family == ipvs.IPv6 {
			id.Family = family
		}
		return id
	}
	protocol := rapid.SampledFrom([]ipvs.Protocol{ipvs.TCP, ipvs.UDP, ipvs.SCTP}).Draw(t, "protocol")
	port := rapid.Uint16Min(1).Draw(t, "port")
	return ipvs.ServiceID{Protocol: protocol, AddrPort: netip.AddrPortFrom(drawAddr(t, family), port)}
}

func drawAddr(t *rapid.T, family ipvs.Family) netip.Addr {
	last := rapid.ByteRange(1, 200).Draw(t, "host")
	if family == ipvs.IPv6 {
		return netip.AddrFrom16([16]byte{0: 0xfd, 15: last})
	}
	return netip.AddrFrom4([4]byte{10, 0, 0, last})
}

func drawService(t *rapid.T, id ipvs.ServiceID) ipvs.Service {
	s := ipvs.Service{
		ServiceID: id,
		Scheduler: rapid.SampledFrom([]string{"rr", "wlc", "sh", "mh"}).Draw(t, "scheduler"),
		Netmask:   id.AddressFamily().HostNetmask(),
	}
	for _, flag := range []ipvs.ServiceFlags{ipvs.SchedulerFlag1, ipvs.SchedulerFlag2, ipvs.SchedulerFlag3} {
		if rapid.Bool().Draw(t, "flag") {
			s.Flags |= flag
		}
	}
	if (id.Protocol == ipvs.UDP || id.FWMark != 0) && rapid.Bool().Draw(t, "ops") {
		s.Flags |= ipvs.OnePacket
	}
	if rapid.Bool().Draw(t, "persistent") {
		s.Flags |= ipvs.Persistent
		s.Timeout = rapid.Uint32Range(1, maxTimeout).Draw(t, "timeout")
		if id.AddressFamily() == ipvs.IPv6 {
			s.Netmask = rapid.Uint32Range(1, 128).Draw(t, "prefix")
		} else {
			s.Netmask = rapid.Uint32().Draw(t, "mask")
		}
	}
	return s
}

func drawDestination(t *rapid.T, id ipvs.ServiceID, addr netip.Addr, method ipvs.ForwardingMethod) ipvs.Destination {
	port := id.AddrPort.Port()
	if method == ipvs.Masquerade || id.FWMark != 0 {
		port = rapid.Uint16().Draw(t, "port")
	}
	d := ipvs.Destination{
		DestinationID: ipvs.DestinationID{AddrPort: netip.AddrPortFrom(addr, port)},
		Forward:       method,
		Weight:        rapid.Uint32Range(0, 1<<31-1).Draw(t, "weight"),
	}
	d.UpperThreshold = rapid.Uint32Range(0, 1<<31-1).Draw(t, "upper")
	d.LowerThreshold = rapid.Uint32Range(0, d.UpperThreshold).Draw(t, "lower")
	if method == ipvs.Tunnel {
		d.TunnelType = rapid.SampledFrom([]ipvs.TunnelType{ipvs.IPIP, ipvs.GRE}).Draw(t, "type")
		if d.TunnelType == ipvs.GRE && rapid.Bool().Draw(t, "checksum") {
			d.TunnelFlags = ipvs.TunnelChecksum
		}
	}
	return d
}

func TestTableOfTheFakeIsACopy(t *testing.T) {
	k := ipvstest.New()
	runLines(t, k, "ipvsadm -A -f 1")
	before := k.Table()
	runLines(t, k, "ipvsadm -C")
	if reflect.DeepEqual(before, k.Table()) {
		t.Error("the table that was handed out changed")
	}
}
