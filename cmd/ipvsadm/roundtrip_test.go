// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"math"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/format"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
	"pgregory.net/rapid"
)

// -R restores what -S prints of any table that command lines can make.
func TestSaveRestoreRoundTrip(t *testing.T) {
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

// -R accepts what -S prints of any table, even one that other programs have made. -S warns
// if that is not the whole table.
func TestSavedForeignTableRestores(t *testing.T) {
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

// Whatever settings the kernel holds, what ipvsadm-save --all prints of them can be
// restored. Without a warning it restores all of them.
func TestSavedSettingsAlwaysRestore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		longest := uint32(format.TimeoutRange.Max)
		seconds := rapid.SampledFrom([]uint32{1, 900, longest, longest + 1, math.MaxUint32})
		timeouts := ipvs.Timeouts{TCP: seconds.Draw(t, "tcp"), TCPFin: seconds.Draw(t, "tcp fin"), UDP: seconds.Draw(t, "udp")}
		var daemons []ipvs.Daemon
		for _, state := range format.DaemonStates {
			if rapid.Bool().Draw(t, "runs") {
				daemons = append(daemons, drawDaemon(t, state))
			}
		}
		k, again := ipvstest.New(), ipvstest.New()
		k.SetTimeouts(timeouts)
		k.SetDaemons(daemons...)
		var rules, warnings, stderr strings.Builder
		if status := run([]string{"ipvsadm-save", "-n", "--all"}, strings.NewReader(""), &rules, &warnings, fakeHost(k, "")); status != 0 {
			t.Fatalf("ipvsadm-save: status %d, %s", status, warnings.String())
		}
		status := run([]string{"ipvsadm-restore"}, strings.NewReader(rules.String()), io.Discard, &stderr, fakeHost(again, ""))
		if status != 0 {
			t.Fatalf("ipvsadm-restore: status %d, %s of\n%s", status, stderr.String(), rules.String())
		}
		if warnings.Len() == 0 && (again.Timeouts() != timeouts || !slices.Equal(again.Daemons(), daemons)) {
			t.Fatalf("no warning, but from\n%s\n got %+v %+v\nwant %+v %+v", rules.String(), again.Timeouts(), again.Daemons(), timeouts, daemons)
		}
	})
}

// drawDaemon draws a daemon of which most settings have options.
func drawDaemon(t *rapid.T, state ipvs.DaemonState) ipvs.Daemon {
	groups := []netip.Addr{netip.MustParseAddr("224.0.0.81"), netip.MustParseAddr("ff02::51"), netip.MustParseAddr("10.0.0.1")}
	return ipvs.Daemon{
		State: state, Interface: rapid.SampledFrom([]string{"eth0", "eth0", "br#1"}).Draw(t, "interface"),
		SyncID: rapid.SampledFrom([]uint32{0, 255, 256}).Draw(t, "syncid"), MaxLen: rapid.SampledFrom([]uint16{1400, 1400, 65508}).Draw(t, "maxlen"),
		Group: rapid.SampledFrom(groups).Draw(t, "group"),
		Port:  rapid.Uint16Min(1).Draw(t, "port"), TTL: rapid.Uint8Min(1).Draw(t, "ttl"),
	}
}

// distort sets values in an entry that no command line can set.
func distort(t *rapid.T, entry *ipvs.TableEntry) {
	s := &entry.Service
	odd := rapid.SampledFrom([]uint32{0, 1, 128, 129, uint32(format.PersistenceRange.Max), uint32(format.PersistenceRange.Max) + 1, 1<<31 - 1, 1 << 31, math.MaxUint32})
	switch rapid.IntRange(0, 6).Draw(t, "service") {
	case 0:
		s.Flags ^= ipvs.ServiceFlags(rapid.Uint32().Draw(t, "flags"))
	case 1:
		s.Flags |= ipvs.Persistent
		s.Timeout = odd.Draw(t, "timeout")
	case 2:
		s.Flags |= ipvs.Persistent
		s.Netmask = drawNetmask(t, s.AddressFamily(), 0)
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

// describeTable returns everything in a table that rules can express, in order.
func describeTable(table ipvs.Table) string {
	table.Sort()
	var b strings.Builder
	for _, entry := range table {
		s := entry.Service
		if s.Flags&ipvs.Persistent == 0 {
			s.Timeout, s.Netmask = 0, ipvs.Netmask{} // they mean nothing
		}
		fmt.Fprintf(&b, "%s %s %s %d %s %s\n", s.ServiceID, s.Scheduler, s.Flags&^ipvs.Hashed, s.Timeout, s.Netmask, s.PersistenceEngine)
		for _, d := range entry.Destinations {
			fmt.Fprintf(&b, "  %s %s %d %d %d", d.DestinationID, d.Forward, d.Weight, d.UpperThreshold, d.LowerThreshold)
			if d.TunnelType != ipvs.GUE {
				d.TunnelPort = 0
			}
			if d.Forward == ipvs.Tunnel {
				fmt.Fprintf(&b, " %s %d %s", d.TunnelType, d.TunnelPort, d.TunnelFlags)
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
		return ipvs.ServiceID{FWMark: rapid.Uint32Min(1).Draw(t, "fwmark"), IPv6: family == ipvs.IPv6}
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
		s.Timeout = rapid.Uint32Range(1, uint32(format.PersistenceRange.Max)).Draw(t, "timeout")
		s.Netmask = drawNetmask(t, id.AddressFamily(), 1)
	}
	return s
}

// drawNetmask draws a mask. minPrefix is the least prefix length for IPv6.
func drawNetmask(t *rapid.T, family ipvs.Family, minPrefix int) ipvs.Netmask {
	if family == ipvs.IPv6 {
		return ipvs.IPv6Prefix(rapid.IntRange(minPrefix, 128).Draw(t, "prefix"))
	}
	mask := [4]byte(rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "mask"))
	return ipvs.IPv4Mask(mask[0], mask[1], mask[2], mask[3])
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
		d.TunnelType = rapid.SampledFrom([]ipvs.TunnelType{ipvs.IPIP, ipvs.GUE, ipvs.GRE}).Draw(t, "type")
		options, _ := format.TunnelOptionsOf(d.TunnelType)
		if options.Port {
			d.TunnelPort = rapid.Uint16Min(1).Draw(t, "tunnel port")
		}
		if len(options.Checksums) > 0 {
			d.TunnelFlags = rapid.SampledFrom(options.Checksums).Draw(t, "checksum").Flags
		}
	}
	return d
}

func TestFakeTableIsCopy(t *testing.T) {
	k := ipvstest.New()
	runLines(t, k, "ipvsadm -A -f 1")
	before := k.Table()
	runLines(t, k, "ipvsadm -C")
	if reflect.DeepEqual(before, k.Table()) {
		t.Error("the table that was handed out changed")
	}
}
