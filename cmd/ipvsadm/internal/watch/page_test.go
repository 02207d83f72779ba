// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"bytes"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/cmdline"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/listing"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/resolve"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/termtest"
	"github.com/ipvsadm-go/ipvsadm/format"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// onScreen returns a repeated listing on a terminal. r is its last reading.
func onScreen(t *testing.T, columns uint16, line string, r listing.Result) *view {
	t.Helper()
	c, err := cmdline.NewParser(resolve.New(nil)).Parse(strings.Fields(line))
	if err != nil {
		t.Fatal(err)
	}
	o := c.List.Options
	o.Form = c.List.ScreenForm
	_, terminal := termtest.Open(t, columns)
	style := func() listing.Style {
		found := TerminalOf(terminal, os.Getenv)
		return listing.Style{Width: found.Width, Colour: found.Colour, Sanitize: true}
	}
	w := &Watch{
		Listing: listing.New(listing.Source{}, o, style(), resolve.New(nil)), Interval: c.List.Interval, Style: style,
		Describe: func(err error) string { return err.Error() },
	}
	v := &view{Watch: w, result: r, chosen: r, at: time.Now()}
	if table, ok := r.(listing.TableResult); ok {
		v.servers = serversOf(table.Table)
	}
	return v
}

// longTable returns services with several servers, whose addresses are so long that they
// wrap.
func longTable() ipvs.Table {
	var table ipvs.Table
	for i := range 3 {
		entry := ipvs.TableEntry{Service: ipvs.Service{ServiceID: ipvs.ServiceID{FWMark: uint32(1000 + i), IPv6: true}}}
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
	lines := v.fit(room)
	if len(lines) > max(room, 3) { // at least a title, a row and what was left out
		t.Fatalf("%d lines in a room of %d", len(lines), room)
	}
	return string(bytes.Join(lines, []byte("\n")))
}

// The screen can scroll to every row, whatever its size.
func TestFitShowsEveryRow(t *testing.T) {
	table := longTable()
	for _, columns := range []uint16{30, 60, 200} {
		for _, room := range []int{6, 9, 14, 40} {
			for _, line := range []string{"-L -n --watch", "-L -n --watch --output classic"} {
				v := onScreen(t, columns, line, listing.TableResult{Snapshot: &format.Snapshot{Table: table}})
				var seen strings.Builder
				for range v.result.Rows() {
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
				v.above = v.result.Rows() // the key End
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

// Where there is room for one row, that of a service does not stand in the way of its
// servers.
func TestFitShowsEveryRowInOneLine(t *testing.T) {
	for _, room := range []int{1, 2, 3, 4} {
		for _, line := range []string{"-L -n --watch", "-L -n --watch --output classic"} {
			v := onScreen(t, 200, line, listing.TableResult{Snapshot: &format.Snapshot{Table: longTable()}})
			for i, entry := range longTable() {
				rows := []string{fmt.Sprintf(" %d ", 1000+i)}
				for j := range entry.Destinations {
					rows = append(rows, fmt.Sprintf("%d%02d]", i+1, j))
				}
				for _, row := range rows {
					if text := shown(t, v, room); !strings.Contains(text, row) {
						t.Fatalf("%d lines, %s, row %d: no %s in\n%s", room, line, v.above+1, row, text)
					}
					v.above++
				}
			}
		}
	}
}

// The sums of a service are those of all its servers, whichever are on the screen.
func TestFitSumsHiddenDestinations(t *testing.T) {
	table := longTable()
	for i := range table {
		for j := range table[i].Destinations {
			table[i].Destinations[j].ActiveConns = 1
		}
	}
	v := onScreen(t, 200, "-L -n --watch", listing.TableResult{Snapshot: &format.Snapshot{Table: table}})
	for above := range v.result.Rows() {
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

func TestFitNamesOmittedColumns(t *testing.T) {
	v := onScreen(t, 40, "-L -n --watch", listing.TableResult{Snapshot: &format.Snapshot{Table: longTable()}})
	if text := shown(t, v, 8); !strings.Contains(text, "\nleft out: ") {
		t.Errorf("got\n%s", text)
	}
}

// A list that is too long for its lines ends in dots.
func TestShortList(t *testing.T) {
	list := []string{"left out: METHOD, WEIGHT,", "PKTS IN, PKTS OUT"}
	for _, c := range []struct {
		n, width int
		want     string
	}{
		{2, 40, "left out: METHOD, WEIGHT,|PKTS IN, PKTS OUT"},
		{1, 40, "left out: METHOD, WEIGHT, ..."},
		{1, 29, "left out: METHOD, WEIGHT, ..."},
		{1, 28, "left out: METHOD, ..."},
		{1, 3, "lef"},
		{1, 0, "left out: METHOD, WEIGHT, ..."},
		{0, 40, ""},
	} {
		var lines [][]byte
		for _, line := range list {
			lines = append(lines, []byte(line))
		}
		if got := string(bytes.Join(shortList(lines, c.n, c.width), []byte("|"))); got != c.want {
			t.Errorf("%d lines of %d columns: %q, want %q", c.n, c.width, got, c.want)
		}
	}
}

func TestFitConnCounts(t *testing.T) {
	counts := listing.CountResult{By: ipvs.ByClient}
	for i := range 20 {
		end := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, byte(i)}), 0)
		counts.Counts = append(counts.Counts, ipvs.ConnCount{ConnKey: ipvs.ConnKey{Endpoint: end}, Entries: 1})
	}
	v := onScreen(t, 80, "-L -c -n --watch --count-by client", counts)
	v.above = 99
	if text := shown(t, v, 6); !strings.HasSuffix(text, "10.0.0.19") || strings.Count(text, "10.0.0.") != 5 {
		t.Errorf("got\n%s", text)
	}
}

// Text that clients choose must not control the terminal.
func TestFitEscapesControlCharacters(t *testing.T) {
	entry := ipvs.ConnEntry{Protocol: "UDP", PEName: "sip", PEData: "\x1b[2J\x1b]0;title\a"}
	for _, end := range []*netip.AddrPort{&entry.Client, &entry.Virtual, &entry.Destination} {
		*end = netip.MustParseAddrPort("10.0.0.1:5060")
	}
	for _, line := range []string{"-L -c -n --watch --persistent-conn", "-L -c -n --watch --persistent-conn --output classic"} {
		v := onScreen(t, 200, line, listing.ConnResult{First: slices.Repeat([]ipvs.ConnEntry{entry}, 3)})
		text := shown(t, v, 20)
		if strings.Contains(text, "\x1b[2J") || !strings.Contains(text, `\x1b[2J`) {
			t.Errorf("%s: got %q", line, text)
		}
	}
}

// The page keys show each row once on a page, or twice where the first page is shorter.
func TestPageKeysShowEveryRow(t *testing.T) {
	table := longTable()
	for _, columns := range []uint16{30, 200} {
		for _, room := range []int{6, 14, 40} {
			for _, line := range []string{"-L -n --watch", "-L -n --watch --output classic"} {
				v := onScreen(t, columns, line, listing.TableResult{Snapshot: &format.Snapshot{Table: table}})
				for _, key := range []key{keyPageDown, keyPageUp} {
					seen := shown(t, v, room)
					for pages := 0; ; pages++ {
						before := v.above
						v.room = room
						if _, err := v.handleKey(keystroke{key: key}); err != nil || pages > v.result.Rows() {
							t.Fatal(pages, err)
						}
						text := shown(t, v, room)
						if v.above == before {
							break
						}
						seen += text
					}
					for i := range table {
						for j := range table[i].Destinations {
							if end := fmt.Sprintf("%d%02d]", i+1, j); !strings.Contains(strings.ReplaceAll(seen, "\n    ", ""), end) {
								t.Errorf("%d columns, %d lines, %s, key %d: never shows %s:\n%s", columns, room, line, key, end, seen)
							}
						}
					}
				}
				if v.above != 0 {
					t.Errorf("%d columns, %d lines, %s: the first page begins with row %d", columns, room, line, v.above+1)
				}
			}
		}
	}
}

// Keys that come before the first reading, or faster than the screen is drawn, are safe.
func TestKeysBetweenDrawings(t *testing.T) {
	keys := []key{keyUp, keyPageDown, keyPageDown, keyPageUp, keyUp, keyEnd, keyDown, keyPageDown, keyPageUp, keyHome, keyUp, keyPageUp, keyFilter, keyLeft, keyRight}
	for _, c := range []struct {
		line string
		r    listing.Result // nil before the first reading
	}{
		{"-L -n --watch", nil},
		{"-L -n --watch", listing.TableResult{Snapshot: &format.Snapshot{Table: longTable()}}},
		{"-L -n --watch --output classic", listing.TableResult{Snapshot: &format.Snapshot{Table: longTable()}}},
		{"-L -n --watch --nosort", listing.TableResult{Snapshot: &format.Snapshot{}}},
		{"-L -n --watch -c", listing.ConnResult{First: make([]ipvs.ConnEntry, 30), All: 30}},
		{"-L -n --watch -c --count-by client", listing.CountResult{Counts: make([]ipvs.ConnCount, 30)}},
		{"-L -n --watch --timeout", listing.TimeoutResult{}},
		{"-L -n --watch --daemon", listing.DaemonResult{}},
	} {
		v := onScreen(t, 60, c.line, c.r)
		v.room = 10
		if c.r == nil {
			v.at = time.Time{}
		}
		for _, k := range keys {
			if quit, err := v.handleKey(keystroke{key: k}); quit || err != nil {
				t.Errorf("%s: key %d: %v, %v", c.line, k, quit, err)
			}
		}
		if c.r != nil {
			shown(t, v, 10)
		}
	}
}

func TestPageOfFilterWithoutMatch(t *testing.T) {
	v := onScreen(t, 20, "-L -n --watch", listing.TableResult{Snapshot: &format.Snapshot{Table: longTable()}})
	v.filter.text = "nowhere"
	v.applyFilter()
	if got := shown(t, v, 5); got != "no services or serve" {
		t.Errorf("got %q", got)
	}
}
