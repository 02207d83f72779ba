package main

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ipvsadm-go/ipvsadm/format"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"golang.org/x/sys/unix"
)

// onScreen is a repeated listing on a terminal of so many columns.
func onScreen(t *testing.T, columns uint16, line string, r reading) *view {
	t.Helper()
	c, err := parse(strings.Fields(line))
	if err != nil {
		t.Fatal(err)
	}
	if !c.has(outputBit) {
		c.listing.output = asTable
	}
	_, terminal := openTerminal(t, columns)
	return &view{lister: &lister{program: &program{below: terminal}, command: c, onScreen: true}, reading: r, chosen: r}
}

// longTable has services of several servers, with addresses that wrap.
func longTable() ipvs.Table {
	var table ipvs.Table
	for i := range 3 {
		entry := ipvs.TableEntry{Service: ipvs.Service{ServiceID: ipvs.ServiceID{FWMark: uint32(1000 + i), Family: ipvs.IPv6}}}
		for j := range 4 + 3*i {
			d := ipvs.Destination{}
			d.AddrPort = netip.MustParseAddrPort(fmt.Sprintf("[2001:db8:1111:2222:3333:4444:5555:%d%02d]:443", i+1, j))
			entry.Destinations = append(entry.Destinations, d)
		}
		table = append(table, entry)
	}
	return table
}

func shown(t *testing.T, v *view, room int) string {
	t.Helper()
	lines, err := v.fit(room)
	if err != nil {
		t.Fatal(err)
	}
	if len(lines) > max(room, 3) { // at least a title, a row and what was left out
		t.Fatalf("%d lines in a room of %d", len(lines), room)
	}
	return string(bytes.Join(lines, []byte("\n")))
}

// Every row can be scrolled to, from the first to the last one, whatever the size.
func TestAllRowsCanBeSeen(t *testing.T) {
	table := longTable()
	for _, columns := range []uint16{30, 60, 200} {
		for _, room := range []int{6, 9, 14, 40} {
			for _, line := range []string{"-L -n --watch", "-L -n --watch --output classic"} {
				v := onScreen(t, columns, line, reading{table: &format.Snapshot{Table: table}})
				var seen strings.Builder
				for range v.reading.rows() {
					seen.WriteString(shown(t, v, room))
					v.above++
				}
				for i := range table {
					for j := range table[i].Destinations {
						if end := fmt.Sprintf("%d%02d]", i+1, j); !strings.Contains(seen.String(), end) {
							t.Errorf("%d columns, %d lines, %s: never shows %s", columns, room, line, end)
						}
					}
				}
				v.above = v.reading.rows() // the key End
				if last := shown(t, v, room); !strings.Contains(last, "309]") || v.more {
					t.Errorf("%d columns, %d lines, %s: the last page is\n%s", columns, room, line, last)
				}
				v.above = 0
				if first := shown(t, v, room); !strings.Contains(first, "FWM") || v.more != (strings.Count(first, "]") < 21) {
					t.Errorf("%d columns, %d lines, %s: the first page is\n%s", columns, room, line, first)
				}
			}
		}
	}
}

// The sums of a service are those of all its servers, whichever are on the screen.
func TestSumsOfServersThatAreNotShown(t *testing.T) {
	table := longTable()
	for i := range table {
		for j := range table[i].Destinations {
			table[i].Destinations[j].ActiveConns = 1
		}
	}
	v := onScreen(t, 200, "-L -n --watch", reading{table: &format.Snapshot{Table: table}})
	for above := range v.reading.rows() {
		for room := 3; room < 12; room++ {
			v.above = above
			text := shown(t, v, room)
			for mark, sum := range map[string]string{"FWM 1000": "4", "FWM 1001": "7", "FWM 1002": "10"} {
				_, line, found := strings.Cut(text, mark)
				line, _, _ = strings.Cut(line, "\n")
				if words := strings.Fields(line); found && (len(words) < 2 || words[1] != sum || strings.Contains(line, "no servers")) {
					t.Fatalf("row %d, %d lines:\n%s", above, room, text)
				}
			}
		}
	}
}

func TestScreenSaysWhatIsLeftOut(t *testing.T) {
	v := onScreen(t, 40, "-L -n --watch", reading{table: &format.Snapshot{Table: longTable()}})
	if text := shown(t, v, 8); !strings.Contains(text, "\nleft out: ") {
		t.Errorf("got\n%s", text)
	}
}

func TestCountsOnAScreen(t *testing.T) {
	counts := &connCounts{by: ipvs.ByClient}
	for i := range 20 {
		end := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, byte(i)}), 0)
		counts.list = append(counts.list, ipvs.ConnCount{ConnKey: ipvs.ConnKey{End: end}, Entries: 1})
	}
	v := onScreen(t, 80, "-L -c -n --watch --count-by client", reading{counts: counts})
	v.above = 99
	if text := shown(t, v, 6); !strings.HasSuffix(text, "10.0.0.19") || strings.Count(text, "10.0.0.") != 5 {
		t.Errorf("got\n%s", text)
	}
}

// What a client sent must not control the terminal.
func TestScreenShowsControlCharacters(t *testing.T) {
	entry := ipvs.ConnEntry{Protocol: "UDP", PEName: "sip", PEData: "\x1b[2J\x1b]0;title\a"}
	for _, end := range []*netip.AddrPort{&entry.Client, &entry.Virtual, &entry.Destination} {
		*end = netip.MustParseAddrPort("10.0.0.1:5060")
	}
	for _, line := range []string{"-L -c -n --watch --persistent-conn", "-L -c -n --watch --persistent-conn --output classic"} {
		v := onScreen(t, 200, line, reading{connections: slices.Repeat([]ipvs.ConnEntry{entry}, 3)})
		text := shown(t, v, 20)
		if strings.Contains(text, "\x1b[2J") || !strings.Contains(text, `\x1b[2J`) {
			t.Errorf("%s: got %q", line, text)
		}
	}
}

// What matters most is above the listing, however narrow the screen is, and no word
// of it is cut off.
func TestHeadOfAScreen(t *testing.T) {
	at := time.Date(2026, 11, 24, 17, 20, 5, 0, time.UTC)
	table := longTable()
	table[0].Service.Stats = ipvs.Stats{CPS: 1234, InBPS: 4500000, OutBPS: 30000000}
	for _, c := range []struct {
		width, height int
		failure       error
		want          string
	}{
		{100, 24, nil, "17:20:05  1.2k conns/s  4.5 MB/s in  30.0 MB/s out  3 services  21 servers\n" +
			"row 2 of 24  sorted by name  h help  q quit  every 2 s"},
		{60, 24, nil, "17:20:05  1.2k conns/s  4.5 MB/s in  30.0 MB/s out\n" +
			"row 2 of 24  sorted by name  h help  q quit  every 2 s"},
		{40, 24, nil, "17:20:05  1.2k conns/s  4.5 MB/s in\nrow 2 of 24  sorted by name  h help"},
		{60, 8, nil, "17:20:05  row 2 of 24  sorted by name  h help  q quit"},
		{20, 5, nil, "17:20:05"},
		{60, 24, unix.ENOMEM, "old (17:20:05): cannot allocate memory\n" +
			"row 2 of 24  sorted by name  h help  q quit  every 2 s"},
		{20, 24, unix.ENOMEM, "old (17:20:05): cann\nrow 2 of 24"},
	} {
		v := onScreen(t, uint16(c.width), "-L -n --watch", reading{table: &format.Snapshot{Table: table}})
		v.at, v.above, v.failure = at, 1, c.failure
		t.Setenv("TERM", "")
		height := v.headHeight(c.height)
		if got := string(bytes.Join(v.head(c.width, height), []byte("\n"))); got != c.want {
			t.Errorf("%dx%d:\n%s\nwant\n%s", c.width, c.height, got, c.want)
		}
	}
}

func TestHeadOfOtherListings(t *testing.T) {
	at := time.Date(2026, 11, 24, 17, 20, 5, 0, time.UTC)
	for _, c := range []struct {
		line string
		r    reading
		want string
	}{
		{"-L -n --watch 0.5 --timeout", reading{config: new(ipvs.Config)}, "17:20:05  h help  q quit  every 0.5 s"},
		{"-L -n --watch -c", reading{connections: make([]ipvs.ConnEntry, 3), all: 3},
			"17:20:05  3 connections\nh help  q quit  every 2 s"},
		{"-L -n --watch -c", reading{connections: make([]ipvs.ConnEntry, 3), all: 5},
			"17:20:05  5 connections\nfirst 3 of 5  h help  q quit  every 2 s"},
		{"-L -n --watch -c --count-by client", reading{counts: &connCounts{list: []ipvs.ConnCount{{Entries: 1}, {Entries: 6}}}},
			"17:20:05  7 connections\nh help  q quit  every 2 s"},
	} {
		v := onScreen(t, 60, c.line, c.r)
		v.at = at
		if got := string(bytes.Join(v.head(60, v.headHeight(24)), []byte("\n"))); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", c.line, got, c.want)
		}
	}
}
