package ipvs_test

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"pgregory.net/rapid"
)

// Applying Diff(A, B) to A gives B, for any two tables, and then there is
// nothing left to do.
func TestDiffMakesTheOtherTable(t *testing.T) {
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

// No step leaves a service without a destination that has some before and after.
func TestDiffNeverLeavesAServiceEmpty(t *testing.T) {
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

// What is alike is not touched.
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
		return ipvs.Service{ServiceID: id, Scheduler: scheduler, Netmask: 0xffffffff}
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
	both := ipvs.Table{{Service: service(ipvs.ServiceID{FWMark: 1, Family: ipvs.IPv4}, "wlc"), Destinations: to[0].Destinations}}
	if got := ipvs.Diff(both, to[:1]); len(got) != 0 {
		t.Errorf("two ways to write a mark: %+v", got)
	}
}

// anyTable is a table that some changes make.
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

// makeTable makes the backend's table the same.
func makeTable(t *rapid.T, c *ipvs.Client, table ipvs.Table) {
	clean(t, c)
	for i, err := range c.Apply(ipvs.Diff(nil, table)) {
		if err != nil {
			t.Fatalf("change %d: %v", i, err)
		}
	}
}
