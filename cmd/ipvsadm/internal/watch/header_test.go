// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/listing"
	"github.com/ipvsadm-go/ipvsadm/format"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"golang.org/x/sys/unix"
)

// The header has the most important items, even on a narrow or low screen. Only the first
// is ever cut off.
func TestHeaderOfTable(t *testing.T) {
	at := time.Date(2026, 11, 24, 17, 20, 5, 0, time.UTC)
	table := longTable()
	table[0].Service.Stats = ipvs.Stats{CPS: 1234, InBPS: 4500000, OutBPS: 30000000}
	table[0].Destinations[0].ActiveConns, table[1].Destinations[0].InactiveConns = 1250, 56
	const totals = "1.2k conns/s  4.5 MB/s in  30.0 MB/s out"
	for _, c := range []struct {
		width, height int
		failure       error
		want          string
	}{
		{200, 24, nil, "17:20:05  " + totals + "  1.3k active, 56 inactive  3 services, 21 servers\n" +
			"row 2 of 24  sorted by name  h help  q quit  every 2 s"},
		{120, 24, nil, "17:20:05  " + totals + "  1.3k active, 56 inactive  3 services, 21 servers\n" +
			"row 2 of 24  sorted by name  h help  q quit  every 2 s"},
		{80, 24, nil, "17:20:05  " + totals + "\n1.3k active, 56 inactive  3 services, 21 servers\n" +
			"row 2 of 24  sorted by name  h help  q quit  every 2 s"},
		{60, 24, nil, "17:20:05  " + totals + "\n1.3k active, 56 inactive  3 services, 21 servers\n" +
			"row 2 of 24  sorted by name  h help  q quit  every 2 s"},
		{120, 14, nil, "17:20:05  " + totals + "  1.3k active, 56 inactive  3 services, 21 servers\n" +
			"row 2 of 24  sorted by name  h help  q quit  every 2 s"},
		{80, 14, nil, "17:20:05  " + totals + "  row 2 of 24\n1.3k active, 56 inactive  3 services, 21 servers  h help  q quit"},
		{80, 10, nil, "17:20:05  " + totals + "  row 2 of 24\n1.3k active, 56 inactive  3 services, 21 servers  h help  q quit"},
		{60, 12, nil, "17:20:05  " + totals + "\nrow 2 of 24  1.3k active, 56 inactive  h help  q quit"},
		{120, 8, nil, "17:20:05  " + totals + "  row 2 of 24  1.3k active, 56 inactive  h help  q quit"},
		{80, 8, nil, "17:20:05  " + totals + "  row 2 of 24  h help"},
		{40, 24, nil, "17:20:05  1.2k conns/s  4.5 MB/s in\n30.0 MB/s out\n1.3k active, 56 inactive\nrow 2 of 24  sorted by name  h help"},
		{60, 8, nil, "17:20:05  row 2 of 24  h help  1.2k conns/s  4.5 MB/s in"},
		{60, 1, nil, "17:20:05  row 2 of 24  h help  1.2k conns/s  4.5 MB/s in"},
		{40, 8, nil, "17:20:05  row 2 of 24  h help  q quit"},
		{20, 5, nil, "row 2 of 24  h help"},
		{20, 24, nil, "17:20:05\n1.2k conns/s\n4.5 MB/s in\nrow 2 of 24  h help"},
		{3, 24, nil, "17:\nrow"},
		{60, 24, unix.ENOMEM, "old (17:20:05): cannot allocate memory\n" +
			"row 2 of 24  sorted by name  h help  q quit  every 2 s"},
		{20, 24, unix.ENOMEM, "old (17:20:05):\ncannot allocate\nmemory\nrow 2 of 24  h help"},
		{60, 12, unix.ENOMEM, "old (17:20:05): cannot allocate memory\n" +
			"row 2 of 24  sorted by name  h help  q quit  every 2 s"},
		{20, 5, unix.ENOMEM, "old (17:20:05): cann"},
	} {
		v := onScreen(t, uint16(c.width), "-L -n --watch", listing.TableResult{Snapshot: &format.Snapshot{Table: table}})
		v.at, v.above, v.failure = at, 1, c.failure
		t.Setenv("TERM", "")
		header := v.header(c.width, c.height)
		if got := string(bytes.Join(header, []byte("\n"))); got != c.want || len(header) != v.headerHeight(c.width, c.height) {
			t.Errorf("%dx%d:\n%s\nwant\n%s", c.width, c.height, got, c.want)
		}
	}
}

// Wherever rows are hidden, the header says where the others are.
func TestHeaderShowsPosition(t *testing.T) {
	v := onScreen(t, 80, "-L -n --watch", listing.TableResult{Snapshot: &format.Snapshot{Table: longTable()}})
	for _, filter := range []string{"", "2001:db8:1111"} {
		for _, paused := range []bool{false, true} {
			for width := 14; width < 200; width++ {
				for _, height := range []int{1, 3, 5, 8, 12, 14, 20} {
					v.above, v.paused, v.filter.text = 9, paused, filter
					if got := string(bytes.Join(v.header(width, height), []byte("\n"))); strings.Count(got, "row 10 of 24") != 1 {
						t.Errorf("%dx%d, paused %v, filter %q:\n%s", width, height, paused, filter, got)
					}
				}
			}
		}
	}
}

// The rows below the header do not jump when the numbers in it change.
func TestHeaderHeightStays(t *testing.T) {
	idle, busy := longTable(), longTable()
	busy[0].Service.Stats = ipvs.Stats{CPS: 999900, InBPS: 999900000, OutBPS: 999900000}
	busy[0].Destinations[0].ActiveConns, busy[1].Destinations[0].InactiveConns = 999900, 999900
	for _, height := range []int{50, 12, 8} {
		for width := 20; width < 200; width++ {
			of := func(table ipvs.Table) int {
				v := onScreen(t, uint16(width), "-L -n --watch", listing.TableResult{Snapshot: &format.Snapshot{Table: table}})
				v.at = time.Now()
				if lines := len(v.header(width, height)); lines != v.headerHeight(width, height) {
					t.Errorf("%dx%d: %d lines instead of %d", width, height, lines, v.headerHeight(width, height))
				}
				return v.headerHeight(width, height)
			}
			if of(idle) != of(busy) {
				t.Errorf("%dx%d: %d lines, and %d of a busy table", width, height, of(idle), of(busy))
			}
		}
	}
}

func TestHeaderOfOtherListings(t *testing.T) {
	at := time.Date(2026, 11, 24, 17, 20, 5, 0, time.UTC)
	for _, c := range []struct {
		line string
		r    listing.Result
		want string
	}{
		{"-L -n --watch 0.5 --timeout", listing.TimeoutResult{}, "17:20:05  h help  q quit  every 0.5 s"},
		{"-L -n --watch -c", listing.ConnResult{First: make([]ipvs.ConnEntry, 3), All: 3},
			"17:20:05  3 connections\nh help  q quit  every 2 s"},
		{"-L -n --watch -c", listing.ConnResult{First: make([]ipvs.ConnEntry, 3), All: 5},
			"17:20:05  5 connections\nfirst 3 of 5  h help  q quit  every 2 s"},
		{"-L -n --watch -c --count-by client", listing.CountResult{Counts: []ipvs.ConnCount{{Entries: 1}, {Entries: 6}}},
			"17:20:05  7 connections\nh help  q quit  every 2 s"},
	} {
		v := onScreen(t, 60, c.line, c.r)
		v.at = at
		if got := string(bytes.Join(v.header(60, 24), []byte("\n"))); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", c.line, got, c.want)
		}
	}
}

// On a low screen, the order has a place only if the user chose it.
func TestHeaderShowsOrderOnLowScreen(t *testing.T) {
	v := onScreen(t, 80, "-L -n --watch", listing.TableResult{Snapshot: &format.Snapshot{Table: longTable()}})
	for by, want := range map[listing.SortKey]string{
		listing.ByName:   "0 active, 0 inactive  3 services, 21 servers  h help  q quit",
		listing.ByActive: "0 active, 0 inactive  3 services, 21 servers  sorted by active",
	} {
		v.Listing.Options.SortBy = by
		if got := string(v.header(80, 12)[1]); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// A filter is shown with the way to clear it. Of a long one that is being typed, the end
// is shown.
func TestHeaderShowsFilter(t *testing.T) {
	v := onScreen(t, 60, "-L -n --watch", listing.TableResult{Snapshot: &format.Snapshot{Table: longTable()}})
	for _, c := range []struct {
		filter rowFilter
		paused bool
		width  int
		want   string
	}{
		{rowFilter{text: "10.0", typing: true}, false, 60, "/10.0_  Enter keeps it  Esc shows all"},
		{rowFilter{text: "10.0", typing: true}, false, 21, "/10.0_  Esc shows all"},
		{rowFilter{text: "backend-17.example", typing: true}, false, 12, "-17.example_"},
		{rowFilter{text: "10.0"}, false, 80, "only with 10.0  Esc shows all  sorted by name  h help  q quit  every 2 s"},
		{rowFilter{text: "10.0"}, true, 80, "only with 10.0  paused  Esc shows all  sorted by name  h help  q quit"},
		{rowFilter{text: "backend-17.rack-12.frankfurt.example.com"}, true, 60, "only with backend-17.rack-12.f  paused  Esc shows all"},
		{rowFilter{text: "10.0.0.17"}, false, 20, "only with 10.0.0.1"},
		{rowFilter{text: "10.0"}, false, 40, "only with 10.0  Esc shows all  h help"},
	} {
		v.filter, v.paused = c.filter, c.paused
		header := v.header(c.width, 24)
		if got := string(header[len(header)-1]); got != c.want {
			t.Errorf("%d columns: %q, want %q", c.width, got, c.want)
		}
	}
}

// On a low screen as well, the filter is there while the user is typing it, and after.
func TestHeaderShowsFilterOnLowScreen(t *testing.T) {
	v := onScreen(t, 60, "-L -n --watch", listing.TableResult{Snapshot: &format.Snapshot{Table: longTable()}})
	v.at = time.Date(2026, 11, 24, 17, 20, 5, 0, time.UTC)
	for _, c := range []struct {
		filter rowFilter
		height int
		want   string
	}{
		{rowFilter{text: "10.0", typing: true}, 12, "17:20:05  0 conns/s  0 B/s in  0 B/s out\n/10.0_  Enter keeps it  Esc shows all"},
		{rowFilter{text: "10.0", typing: true}, 8, "/10.0_  Enter keeps it  Esc shows all"},
		{rowFilter{text: "10.0"}, 12, "17:20:05  0 conns/s  0 B/s in  0 B/s out\nonly with 10.0  Esc shows all  sorted by name  h help"},
		{rowFilter{text: "10.0"}, 8, "17:20:05  only with 10.0  Esc shows all  0 conns/s"},
	} {
		v.filter = c.filter
		if got := string(bytes.Join(v.header(60, c.height), []byte("\n"))); got != c.want {
			t.Errorf("%d lines: %q, want %q", c.height, got, c.want)
		}
	}
}
