// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

func watchedTable() ipvs.Table {
	destination := func(address string, weight uint32, conns uint64) ipvs.Destination {
		d := ipvs.Destination{Weight: weight, Stats: ipvs.Stats{Conns: conns, InPkts: 10 * conns, CPS: 77}}
		d.AddrPort = netip.MustParseAddrPort(address)
		return d
	}
	service := func(mark uint32, conns uint64) ipvs.Service {
		return ipvs.Service{ServiceID: ipvs.ServiceID{FWMark: mark}, Stats: ipvs.Stats{Conns: conns, CPS: 77}}
	}
	return ipvs.Table{
		{Service: service(1, 10), Destinations: []ipvs.Destination{destination("10.0.0.1:80", 1, 4), destination("10.0.0.2:80", 9, 6)}},
		{Service: service(2, 100), Destinations: []ipvs.Destination{destination("10.0.0.3:80", 2, 100)}},
		{Service: service(3, 0)},
	}
}

func TestRatesUpdate(t *testing.T) {
	var r Rates
	start := time.Now()
	table := watchedTable()
	r.update(table, start)
	if table[0].Service.Stats.CPS != 77 {
		t.Error("the first rates are not the kernel's")
	}
	later := watchedTable()
	later[0].Service.Stats.Conns += 5
	later[0].Destinations[1].Stats.InPkts += 25
	later[1].Service.Stats.Conns = 8 // zeroed meanwhile
	later = append(later, ipvs.TableEntry{Service: ipvs.Service{ServiceID: ipvs.ServiceID{FWMark: 4}, Stats: ipvs.Stats{Conns: 20, CPS: 7}}})
	r.update(later, start.Add(2*time.Second))
	for what, got := range map[string][2]uint64{
		"rounded":     {later[0].Service.Stats.CPS, 3},
		"destination": {later[0].Destinations[1].Stats.InPPS, 13},
		"idle":        {later[0].Destinations[0].Stats.CPS, 0},
		"zeroed":      {later[1].Service.Stats.CPS, 4},
		"new":         {later[3].Service.Stats.CPS, 7},
	} {
		if got[0] != got[1] {
			t.Errorf("%s: %d a second, want %d", what, got[0], got[1])
		}
	}
}

// The kernel sums its counters every two seconds, and refreshes are more frequent.
func TestRatesUpdateFrequently(t *testing.T) {
	var r Rates
	start := time.Now()
	for n := range 60 {
		at := time.Duration(n) * 300 * time.Millisecond
		table := watchedTable()
		stats := &table[0].Service.Stats
		stats.Conns = 20 * uint64(at/(2*time.Second)) // the kernel adds 20 every two seconds
		r.update(table, start.Add(at))
		if at < ratesSpan {
			if stats.CPS != 77 {
				t.Errorf("after %v: %d a second, which is not the kernel's rate", at, stats.CPS)
			}
			continue
		}
		if stats.CPS < 6 || stats.CPS > 20 {
			t.Errorf("after %v: %d a second, want about 10", at, stats.CPS)
		}
		if len(r.readings) > 3 {
			t.Fatalf("%d readings are kept", len(r.readings))
		}
	}
}

func order(table ipvs.Table) string {
	var words []string
	for _, entry := range table {
		words = append(words, fmt.Sprint(entry.Service.FWMark))
		for _, d := range entry.Destinations {
			words = append(words, strings.TrimPrefix(d.AddrPort.Addr().String(), "10.0.0"))
		}
	}
	return strings.Join(words, " ")
}

func TestSortKeySort(t *testing.T) {
	for by, want := range map[SortKey]string{
		ByName:   "1 .1 .2 2 .3 3",
		ByWeight: "1 .2 .1 2 .3 3",
		ByConns:  "1 .1 .2 2 .3 3", // all rates are the same
		ByActive: "1 .1 .2 2 .3 3",
	} {
		table := watchedTable()
		by.Sort(table)
		if got := order(table); got != want {
			t.Errorf("%s: got %s, want %s", by, got, want)
		}
	}
	table := watchedTable()
	table[2].Service.Stats.CPS = 78
	table[0].Destinations[1].Stats.CPS = 78
	ByConns.Sort(table)
	if got := order(table); got != "3 1 .2 .1 2 .3" {
		t.Errorf("by rates: %s", got)
	}
}

func TestSliceTable(t *testing.T) {
	for _, c := range []struct {
		from, rows int
		want       string
	}{
		{0, 9, "1 .1 .2 2 .3 3"},
		{0, 2, "1 .1"},
		{1, 2, "1 .1"}, // the service stays above its destinations
		{2, 3, "1 .2 2"},
		{3, 3, "2 .3 3"},
		{5, 1, "3"},
		{6, 5, ""},
		{0, 0, ""},
	} {
		if got := order(sliceTable(watchedTable(), c.from, c.rows)); got != c.want {
			t.Errorf("%d rows from %d: %q, want %q", c.rows, c.from, got, c.want)
		}
	}
}
