package main

import (
	"fmt"
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

// describeTable writes all that a rule can say, in order.
func describeTable(table ipvs.Table) string {
	table.Sort()
	var b strings.Builder
	for _, entry := range table {
		s := entry.Service
		s.Flags &^= ipvs.Hashed
		s.Stats = ipvs.Stats{}
		fmt.Fprintf(&b, "%+v\n", s)
		for _, d := range entry.Destinations {
			d.Stats = ipvs.Stats{}
			fmt.Fprintf(&b, "  %+v\n", d)
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
