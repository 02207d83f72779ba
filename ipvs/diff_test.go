// SPDX-License-Identifier: Apache-2.0

package ipvs_test

import (
	"net/netip"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// For any two tables, applying Diff(A, B) to A gives B, and Diff(B, B) is empty.
func TestDiffTransformsTable(t *testing.T) {
	onEveryBackend(t, func(t *testing.T, w *world) {
		c := w.client(t)
		rapid.Check(t, func(t *rapid.T) {
			from, to := anyTable(t), anyTable(t)
			makeTable(t, c, from)
			a, err := c.Table()
			if err != nil {
				t.Fatal(err)
			}
			for i, err := range c.Apply(ipvs.Diff(a, to)) {
				if err != nil {
					t.Fatalf("change %d: %v", i, err)
				}
			}
			b, err := c.Table()
			if err != nil {
				t.Fatal(err)
			}
			if left := ipvs.Diff(b, to); len(left) != 0 {
				t.Fatalf("left to do: %+v", left)
			}
			if left := ipvs.Diff(to, b); len(left) != 0 {
				t.Fatalf("too much: %+v", left)
			}
		})
	})
}

// No change leaves a service empty that has destinations before and after.
func TestDiffNeverEmptiesService(t *testing.T) {
	onEveryBackend(t, func(t *testing.T, w *world) {
		c := w.client(t)
		rapid.Check(t, func(t *rapid.T) {
			from, to := anyTable(t), anyTable(t)
			makeTable(t, c, from)
			served := map[ipvs.ServiceID]bool{}
			for _, entry := range from {
				served[entry.Service.ServiceID] = len(entry.Destinations) > 0
			}
			for _, change := range ipvs.Diff(from, to) {
				if err := c.Apply([]ipvs.Change{change})[0]; err != nil {
					t.Fatal(err)
				}
				for _, entry := range to {
					id := entry.Service.ServiceID
					if !served[id] || len(entry.Destinations) == 0 {
						continue
					}
					now, err := c.Destinations(id)
					if err != nil || len(now) == 0 {
						t.Fatalf("after %+v: %d destinations of %s, %v", change, len(now), id, err)
					}
				}
			}
		})
	})
}

// Diff does not touch equal services and destinations.
func TestDiffIsMinimal(t *testing.T) {
	web := ipvs.ServiceID{Protocol: ipvs.TCP, AddrPort: netip.MustParseAddrPort("10.0.0.1:80")}
	dns := ipvs.ServiceID{Protocol: ipvs.UDP, AddrPort: netip.MustParseAddrPort("10.0.0.1:53")}
	mark := ipvs.ServiceID{FWMark: 1}
	server := func(addr string, weight uint32) ipvs.Destination {
		return ipvs.Destination{
			DestinationID: ipvs.DestinationID{AddrPort: netip.MustParseAddrPort(addr)}, Forward: ipvs.DirectRoute, Weight: weight,
		}
	}
	service := func(id ipvs.ServiceID, scheduler string) ipvs.Service {
		return ipvs.Service{ServiceID: id, Scheduler: scheduler}
	}
	running := service(web, "rr")
	running.Flags, running.Stats.Conns = ipvs.Hashed, 7
	busy := server("10.0.0.2:80", 1)
	busy.ActiveConns, busy.Stats.InBytes = 3, 9
	from := ipvs.Table{
		{Service: running, Destinations: []ipvs.Destination{busy, server("10.0.0.3:80", 1), server("10.0.0.4:80", 1)}},
		{Service: service(dns, "rr"), Destinations: []ipvs.Destination{server("10.0.0.2:53", 1)}},
	}
	to := ipvs.Table{
		{Service: service(mark, "wlc"), Destinations: []ipvs.Destination{server("10.0.0.9:0", 1)}},
		{Service: service(web, "rr"), Destinations: []ipvs.Destination{server("10.0.0.5:80", 1), server("10.0.0.3:80", 2), server("10.0.0.2:80", 1)}},
	}
	want := []ipvs.Change{
		ipvs.NewService(to[0].Service),
		ipvs.NewDestination(mark, server("10.0.0.9:0", 1)),
		ipvs.NewDestination(web, server("10.0.0.5:80", 1)),
		ipvs.SetDestination(web, server("10.0.0.3:80", 2)),
		ipvs.DelDestination(web, server("10.0.0.4:80", 1).DestinationID),
		ipvs.DelService(dns),
	}
	if got := ipvs.Diff(from, to); !slices.Equal(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if got := ipvs.Diff(from, from); len(got) != 0 {
		t.Errorf("from a table to itself: %+v", got)
	}
	if got := ipvs.Diff(nil, nil); len(got) != 0 {
		t.Errorf("from nothing to nothing: %+v", got)
	}
}

// The kernel drops bits of the forwarding method that it does not know. Diff does not
// want them again.
func TestDiffIgnoresDroppedForwardingBits(t *testing.T) {
	onEveryBackend(t, func(t *testing.T, w *world) {
		c := w.client(t)
		web := tcp("10.0.0.1:80")
		to := ipvs.Table{{Service: service(web), Destinations: []ipvs.Destination{
			destination("10.0.0.2:80", func(d *ipvs.Destination) { d.Forward = ipvs.DirectRoute | 0x100 }),
		}}}
		for _, err := range c.Apply(ipvs.Diff(nil, to)) {
			must(t, err)
		}
		now, err := c.Table()
		must(t, err)
		if left := ipvs.Diff(now, to); len(left) != 0 {
			t.Errorf("left to do: %v", left)
		}
		to[0].Destinations[0].Forward = ipvs.Tunnel | 0x100
		if left := ipvs.Diff(now, to); len(left) != 1 {
			t.Errorf("changes for another method: %v", left)
		}
	})
}

// As documented, Diff does not know that the kernel stores another timeout.
func TestDiffRepeatsTimeoutThatKernelCannotStore(t *testing.T) {
	onEveryBackend(t, func(t *testing.T, w *world) {
		c := w.client(t)
		for timeout, want := range map[uint32]int{4294967: 0, 4294967295: 1} {
			to := ipvs.Table{{Service: service(tcp("10.0.0.1:80"), func(s *ipvs.Service) { s.Flags, s.Timeout = ipvs.Persistent, timeout })}}
			must(t, c.Flush())
			for _, err := range c.Apply(ipvs.Diff(nil, to)) {
				must(t, err)
			}
			now, err := c.Table()
			must(t, err)
			if left := ipvs.Diff(now, to); len(left) != want {
				t.Errorf("timeout %d: left to do: %v", timeout, left)
			}
		}
	})
}

// The documentation of Diff says what becomes of identities that occur twice.
func TestDiffDuplicates(t *testing.T) {
	web, dns := tcp("10.0.0.1:80"), tcp("10.0.0.1:53")
	heavy := func(d *ipvs.Destination) { d.Weight = 9 }
	from := ipvs.Table{
		{Service: service(web), Destinations: []ipvs.Destination{destination("10.0.0.2:80", heavy), destination("10.0.0.2:80")}},
		{Service: service(dns)}, {Service: service(dns)},
	}
	to := ipvs.Table{{Service: service(web), Destinations: []ipvs.Destination{
		destination("10.0.0.2:80"), destination("10.0.0.3:80"), destination("10.0.0.3:80"),
	}}}
	want := []ipvs.Change{
		ipvs.NewDestination(web, destination("10.0.0.3:80")), ipvs.NewDestination(web, destination("10.0.0.3:80")),
		ipvs.DelService(dns), ipvs.DelService(dns),
	}
	if got := ipvs.Diff(from, to); !slices.Equal(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// anyTable draws a table that some changes make.
func anyTable(t *rapid.T) ipvs.Table {
	model, err := newFake().Dial()
	if err != nil {
		t.Fatal(err)
	}
	model.Apply(rapid.SliceOfN(anyChange(), 1, 60).Draw(t, "changes"))
	table, err := model.Table()
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// makeTable gives the backend the table.
func makeTable(t *rapid.T, c *ipvs.Client, table ipvs.Table) {
	clean(t, c)
	for i, err := range c.Apply(ipvs.Diff(nil, table)) {
		if err != nil {
			t.Fatalf("change %d: %v", i, err)
		}
	}
}
