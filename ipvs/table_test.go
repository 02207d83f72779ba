// SPDX-License-Identifier: Apache-2.0

package ipvs_test

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
)

// bigTable has more than fits in one chunk of a dump: 40 services, with 2 or 40
// destinations in turn, and a mark of each family.
func bigTable() ipvs.Table {
	var table ipvs.Table
	add := func(id ipvs.ServiceID, destinations int) {
		entry := ipvs.TableEntry{
			Service:      ipvs.Service{ServiceID: id, Scheduler: "rr", Flags: 2},
			Destinations: []ipvs.Destination{},
		}
		for d := range destinations {
			to := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 1, 0, byte(d)}), 80)
			if id.AddressFamily() == ipvs.IPv6 {
				to = netip.MustParseAddrPort(fmt.Sprintf("[fd00::%x]:80", d+1))
			}
			entry.Destinations = append(entry.Destinations, ipvs.Destination{DestinationID: ipvs.DestinationID{AddrPort: to}, Weight: 1})
		}
		table = append(table, entry)
	}
	for s := range 20 {
		add(ipvs.ServiceID{Protocol: ipvs.TCP, AddrPort: netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, byte(s)}), 80)}, 2)
		add(ipvs.ServiceID{Protocol: ipvs.UDP, AddrPort: netip.MustParseAddrPort(fmt.Sprintf("[fd00:1::%x]:53", s+1))}, 40)
	}
	add(ipvs.ServiceID{FWMark: 7}, 40)
	add(ipvs.ServiceID{FWMark: 7, IPv6: true}, 3)
	return table
}

// procText returns the text of /proc/net/ip_vs for a table.
func procText(table ipvs.Table) string {
	var b strings.Builder
	b.WriteString("IP Virtual Server version 1.2.1 (size=4096)\nProt LocalAddress:Port Scheduler Flags\n  -> RemoteAddress:Port Forward Weight ActiveConn InActConn\n")
	end := func(a netip.AddrPort) string {
		raw := a.Addr().As16()
		if a.Addr().Is4() {
			return fmt.Sprintf("%08X:%04X", raw[12:], a.Port())
		}
		var groups []string
		for i := 0; i < 16; i += 2 {
			groups = append(groups, fmt.Sprintf("%02x%02x", raw[i], raw[i+1]))
		}
		return fmt.Sprintf("[%s]:%04X", strings.Join(groups, ":"), a.Port())
	}
	for _, entry := range table {
		s := entry.Service
		if s.FWMark != 0 {
			fmt.Fprintf(&b, "FWM  %08X %s ops\n", s.FWMark, s.Scheduler)
		} else {
			fmt.Fprintf(&b, "%s  %s %s persistent 300 FFFFFFFF\n", s.Protocol, end(s.AddrPort), s.Scheduler)
		}
		for _, d := range entry.Destinations {
			method := d.Forward.String()
			if d.Forward > ipvs.DirectRoute {
				method = "Masq"
			}
			fmt.Fprintf(&b, "  -> %s      %-7s %-6d %-10d %-10d\n", end(d.AddrPort), method, int32(d.Weight), int32(d.ActiveConns), int32(d.InactiveConns))
		}
	}
	return b.String()
}

// fakeWith returns a fake with a table, and a client that also finds the table in /proc.
func fakeWith(t *testing.T, table ipvs.Table) (*ipvstest.Kernel, *ipvs.Client) {
	t.Helper()
	k := ipvstest.New()
	k.SetTable(table)
	c, err := k.Dial()
	if err != nil {
		t.Fatal(err)
	}
	c.SetProcTable(func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(procText(k.Table()))), nil })
	return k, c
}

// misses makes a dump skip replies from an index on, as if others deleted services or
// destinations between two chunks.
func misses(from, n int) ipvstest.Effect {
	return rewriteReplies(func(replies []ipvstest.Message) []ipvstest.Message { return slices.Delete(replies, from, from+n) })
}

// repeats makes a dump repeat its last replies, as if others added services between two
// chunks.
func repeats(n int) ipvstest.Effect {
	return rewriteReplies(func(replies []ipvstest.Message) []ipvstest.Message {
		return append(replies, replies[len(replies)-n:]...)
	})
}

// rewriteReplies changes the replies of a dump, but not its end. Each becomes a datagram.
func rewriteReplies(change func([]ipvstest.Message) []ipvstest.Message) ipvstest.Effect {
	return ipvstest.Rewrite(func(datagrams [][]ipvstest.Message) [][]ipvstest.Message {
		var replies []ipvstest.Message
		var answer [][]ipvstest.Message
		for _, m := range slices.Concat(datagrams...) {
			if m.Type != nlmsgDone {
				replies = append(replies, m)
			}
		}
		for _, m := range change(replies) {
			answer = append(answer, []ipvstest.Message{m})
		}
		return append(answer, datagrams[len(datagrams)-1])
	})
}

// The client detects dumps that omit or repeat objects, with and without /proc.
func TestTableOfIncompleteDumps(t *testing.T) {
	for name, fault := range map[string]ipvstest.Fault{
		"a service":                     {Command: ipvs.CommandGetService, Effect: misses(20, 1)},
		"the last service":              {Command: ipvs.CommandGetService, Effect: misses(41, 1)},
		"services come again":           {Command: ipvs.CommandGetService, Effect: repeats(4)},
		"all services come again":       {Command: ipvs.CommandGetService, Times: 3, Effect: repeats(42)},
		"destinations":                  {Command: ipvs.CommandGetDestinations, Skip: 1, Effect: misses(10, 3)},
		"destinations of a mark":        {Command: ipvs.CommandGetDestinations, Skip: 40, Effect: misses(10, 3)},
		"destinations come again":       {Command: ipvs.CommandGetDestinations, Skip: 1, Effect: repeats(7)},
		"each time other destinations":  {Command: ipvs.CommandGetDestinations, Skip: 3, Times: 40, Effect: repeats(1)},
		"nothing, and the table is big": {Command: ipvs.CommandFlush},
	} {
		for _, proc := range []bool{true, false} {
			want := bigTable()
			k, c := fakeWith(t, want)
			if !proc {
				c.SetProcTable(nil)
			}
			k.Inject(fault)
			got, err := c.Table()
			if err != nil && !proc && fault.Times > 1 {
				continue // an error is allowed, a wrong table is not
			}
			if err != nil {
				t.Errorf("%s, proc %v: %v", name, proc, err)
				continue
			}
			want.Sort()
			got.Sort()
			if len(ipvs.Diff(got, want)) != 0 || procText(got) != procText(want) {
				t.Errorf("%s, proc %v: %d services, %v", name, proc, len(got), ipvs.Diff(got, want))
			}
		}
	}
}

// Table leaves out a service that is deleted before its destinations are read again.
func TestTableWithoutDeletedService(t *testing.T) {
	want := bigTable()
	k, c := fakeWith(t, want)
	c.SetProcTable(nil)
	k.Inject(ipvstest.Fault{Command: ipvs.CommandGetDestinations, Skip: len(want), Effect: ipvstest.Before(func() { k.SetTable(nil) })})
	got, err := c.Table()
	for _, entry := range got {
		if len(entry.Destinations) == 0 && slices.ContainsFunc(want, func(e ipvs.TableEntry) bool {
			return e.Service.ServiceID == entry.Service.ServiceID && len(e.Destinations) > 0
		}) {
			t.Errorf("%s has no destinations", entry.Service)
		}
	}
	if err != nil || len(got) == 0 {
		t.Errorf("%d services, %v", len(got), err)
	}
}

// Only /proc shows a destination that two dumps omit.
func TestDestinationsOfTwoEqualIncompleteDumps(t *testing.T) {
	want := bigTable()
	k, c := fakeWith(t, want)
	k.Inject(ipvstest.Fault{Command: ipvs.CommandGetDestinations, Skip: 1, Times: 2, Effect: misses(3, 5)})
	got, err := c.Destinations(want[1].Service.ServiceID)
	if err != nil || len(got) != len(want[1].Destinations) {
		t.Errorf("%d destinations, %v", len(got), err)
	}
	if got, err = c.Destinations(want[1].Service.ServiceID); err != nil || len(got) != len(want[1].Destinations) {
		t.Errorf("%d destinations of %d, %v", len(got), len(want[1].Destinations), err)
	}
}

func TestServicesAndDestinationsOfIncompleteDumps(t *testing.T) {
	table := bigTable()
	k, c := fakeWith(t, table)
	k.Inject(ipvstest.Fault{Command: ipvs.CommandGetService, Effect: misses(7, 9)})
	services, err := c.Services()
	if err != nil || len(services) != len(table) {
		t.Errorf("%d services of %d, %v", len(services), len(table), err)
	}
	for _, entry := range table {
		k.Inject(ipvstest.Fault{Command: ipvs.CommandGetDestinations, Effect: misses(0, min(1, len(entry.Destinations)/20))})
		got, err := c.TableEntry(entry.Service.ServiceID)
		if err != nil || len(got.Destinations) != len(entry.Destinations) {
			t.Errorf("%v: %d destinations of %d, %v", entry.Service.ServiceID, len(got.Destinations), len(entry.Destinations), err)
		}
	}
}

// Two services fit in one chunk, so the client does not repeat the dump.
func TestSmallTableIsReadOnce(t *testing.T) {
	k, c := fakeWith(t, bigTable()[:2])
	k.Commands()
	k.Inject(ipvstest.Fault{Command: ipvs.CommandGetService, Effect: repeats(2)})
	services, err := c.Services()
	if err != nil || len(services) != 2 || len(k.Commands()) != 1 {
		t.Errorf("%v, %v", services, err)
	}
}

// Destinations can be read beside a writer that never stops if /proc shows which ones
// exist throughout. Without /proc the read returns an error.
func TestTableWithConcurrentWriter(t *testing.T) {
	want := bigTable()
	busy := want[1].Service.ServiceID
	k, c := fakeWith(t, want)
	n := 0
	k.Inject(ipvstest.Fault{Command: ipvs.CommandGetDestinations, Skip: 1, Effect: misses(4, 9)})
	k.Inject(ipvstest.Fault{Command: ipvs.CommandGetDestinations, Times: -1, Effect: ipvstest.Before(func() {
		table := k.Table()
		n++
		added := ipvs.Destination{DestinationID: ipvs.DestinationID{AddrPort: netip.AddrPortFrom(netip.MustParseAddr("fd00:2::1"), uint16(n))}}
		table[1].Destinations = append([]ipvs.Destination{added}, table[1].Destinations...)
		k.SetTable(table)
	})})
	got, err := c.Table()
	if err != nil {
		t.Fatal(err)
	}
	for _, ch := range ipvs.Diff(got, want) {
		if ch.Command() != ipvs.CommandDelDestination || ch.ServiceID() != busy {
			t.Errorf("%v", ch)
		}
	}
	c.SetProcTable(nil)
	if table, err := c.Table(); !errors.Is(err, ipvs.ErrInterrupted) || !strings.Contains(err.Error(), "kept changing") {
		t.Errorf("without /proc: %d services, %v", len(table), err)
	}
}

func TestHasExactly(t *testing.T) {
	table := bigTable()
	for _, proc := range []bool{true, false} {
		_, c := fakeWith(t, table)
		if !proc {
			c.SetProcTable(nil)
		}
		for name, other := range map[string]ipvs.Table{
			"a service less":     table[1:],
			"a destination less": append(ipvs.Table{{Service: table[0].Service, Destinations: table[0].Destinations[1:]}}, table[1:]...),
			"a destination more": append(ipvs.Table{{Service: table[0].Service, Destinations: table[1].Destinations}}, table[1:]...),
			"another family":     append(ipvs.Table{{Service: ipvs.Service{ServiceID: ipvs.ServiceID{FWMark: 8}}}}, table...),
			"nothing":            nil,
			"a mark less":        table[:len(table)-1],
			"both marks less":    table[:len(table)-2],
		} {
			if has, err := c.HasExactly(other); has || err != nil {
				t.Errorf("%s, proc %v: %v, %v", name, proc, has, err)
			}
		}
		reversed := slices.Clone(table)
		slices.Reverse(reversed)
		if has, err := c.HasExactly(reversed); !has || err != nil {
			t.Errorf("proc %v: %v, %v", proc, has, err)
		}
	}
}

// malformedProcTables returns texts that are not those of /proc/net/ip_vs, made of one
// for a table that begins as bigTable does.
func malformedProcTables(good string) map[string]string {
	return map[string]string{
		"empty":                     "",
		"no services":               good[:strings.Index(good, "TCP")],
		"cut off":                   good[:len(good)/2],
		"cut off in an address":     good[:strings.Index(good, "0A000001:")+4],
		"unknown protocol":          strings.Replace(good, "UDP", "IP_7", 1),
		"mark":                      strings.Replace(good, "FWM  00000007", "FWM  0000000G", 1),
		"mark 0":                    strings.Replace(good, "FWM  00000007", "FWM  00000000", 1),
		"address":                   strings.Replace(good, "0A000000:0050", "0A00000:0050", 1),
		"port":                      strings.Replace(good, "0A000000:0050", "0A000000:00500", 1),
		"no port":                   strings.Replace(good, "0A000000:0050", "0A000000", 1),
		"destination comes first":   strings.Replace(good, "TCP", "->", 1),
		"line without words":        strings.Replace(good, "TCP", "\nTCP", 1),
		"long line":                 strings.Replace(good, "TCP", strings.Repeat("x", 1<<20), 1),
		"brackets that do not end":  strings.ReplaceAll(good, "]", ""),
		"bytes that are no letters": strings.ReplaceAll(good, "->", "\xff\x00"),
	}
}

// Errors in /proc do not make a read fail: the table is read twice instead.
func TestMalformedProcTable(t *testing.T) {
	for name, text := range malformedProcTables(procText(bigTable())) {
		_, c := fakeWith(t, bigTable())
		c.SetProcTable(func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil })
		got, err := c.Table()
		if err != nil || len(got) != len(bigTable()) {
			t.Errorf("%s: %d services, %v", name, len(got), err)
		}
	}
	_, c := fakeWith(t, bigTable())
	c.SetProcTable(func() (io.ReadCloser, error) { return nil, errors.New("no such file") })
	if got, err := c.Table(); err != nil || len(got) != len(bigTable()) {
		t.Errorf("%d services, %v", len(got), err)
	}
}

// Kernels from 7.1 on order the services anew for some time, when they resize their table.
// On a slow machine that takes longer, and so does each dump.
func TestServicesAreReadAgainDuringAResize(t *testing.T) {
	for _, slow := range []time.Duration{0, 100 * time.Millisecond} {
		want := bigTable()
		k, c := fakeWith(t, want)
		k.Inject(ipvstest.Fault{Command: ipvs.CommandGetService, Times: 25, Effect: ipvstest.Before(func() {
			table := k.Table()
			k.SetTable(append(table[1:], table[0]))
			time.Sleep(slow)
		})})
		services, err := c.Services()
		must(t, err)
		if len(services) != len(want) {
			t.Errorf("dumps of %v: %d services, want %d", slow, len(services), len(want))
		}
	}
}
