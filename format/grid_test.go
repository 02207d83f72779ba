// SPDX-License-Identifier: Apache-2.0

package format

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/olekukonko/tablewriter"
	"pgregory.net/rapid"
)

// hostileText is text that a hostile kernel, client or name server might send.
var hostileText = rapid.OneOf(
	rapid.StringMatching(`[a-z0-9.:, -]{0,40}`),
	rapid.String(),
	rapid.SampledFrom([]string{"\x1b[2J", "\x1b]0;title\x07", "a\nb\r\tc", "\x9b31m", "\u009b31m", "\xff\xfe", "漢字漢字", "e\u0301", "\u202eabc", "🇩🇪", ""}),
)

// drawnNames has the same name for everything.
type drawnNames struct{ host, port string }

func (n drawnNames) Host(netip.Addr) (string, bool)            { return n.host, n.host != "" }
func (n drawnNames) Port(ipvs.Protocol, uint16) (string, bool) { return n.port, n.port != "" }

// drawNetmask draws a mask of either family.
func drawNetmask(t *rapid.T) ipvs.Netmask {
	if rapid.Bool().Draw(t, "prefix") {
		return ipvs.IPv6Prefix(rapid.IntRange(-1, 129).Draw(t, "bits"))
	}
	mask := [4]byte(rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "mask"))
	return ipvs.IPv4Mask(mask[0], mask[1], mask[2], mask[3])
}

// fits checks the properties of all listings.
func fits(t *rapid.T, listing string, width int) {
	if !strings.HasSuffix(listing, "\n") {
		t.Fatalf("no end of line: %q", listing)
	}
	for line := range strings.Lines(listing) {
		line = strings.TrimSuffix(line, "\n")
		if n := tablewriter.DisplayWidth(line); width > 0 && n > width {
			t.Fatalf("%d columns in %d: %q", n, width, line)
		}
		if strings.HasSuffix(line, " ") {
			t.Fatalf("blank at the end: %q", line)
		}
		if !utf8.ValidString(line) || strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Fatalf("not printable: %q", line)
		}
	}
}

func TestTableWidths(t *testing.T) {
	addresses := rapid.Custom(func(t *rapid.T) netip.AddrPort {
		if rapid.Bool().Draw(t, "v6") {
			return netip.AddrPortFrom(netip.AddrFrom16([16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "a"))), rapid.Uint16().Draw(t, "port"))
		}
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte(rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "a"))), rapid.Uint16().Draw(t, "port"))
	})
	stats := rapid.Custom(func(t *rapid.T) ipvs.Stats {
		n := rapid.Uint64()
		return ipvs.Stats{Conns: n.Draw(t, "n"), InPkts: n.Draw(t, "n"), OutBytes: n.Draw(t, "n"), CPS: n.Draw(t, "n"), InBPS: n.Draw(t, "n")}
	})
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Uint32()
		table := Table{
			View:  View(rapid.IntRange(int(Connections), int(Activity)).Draw(t, "view")),
			Exact: rapid.Bool().Draw(t, "exact"), Width: rapid.IntRange(0, 150).Draw(t, "width"),
			PersistenceData: true,
		}
		if rapid.Bool().Draw(t, "names") {
			table.Names = drawnNames{hostileText.Draw(t, "host"), hostileText.Draw(t, "port")}
		}
		var snapshot Snapshot
		for range rapid.IntRange(0, 3).Draw(t, "services") {
			id := ipvs.ServiceID{Protocol: ipvs.Protocol(rapid.Uint16().Draw(t, "protocol")), AddrPort: addresses.Draw(t, "vip")}
			if rapid.Bool().Draw(t, "mark") {
				id = ipvs.ServiceID{FWMark: n.Draw(t, "fwmark"), IPv6: true}
			}
			entry := ipvs.TableEntry{Service: ipvs.Service{
				ServiceID: id, Scheduler: hostileText.Draw(t, "scheduler"), PersistenceEngine: hostileText.Draw(t, "pe"),
				Flags: ipvs.ServiceFlags(n.Draw(t, "flags")), Timeout: n.Draw(t, "timeout"), Netmask: drawNetmask(t), Stats: stats.Draw(t, "stats"),
			}}
			for range rapid.IntRange(0, 3).Draw(t, "servers") {
				entry.Destinations = append(entry.Destinations, ipvs.Destination{
					DestinationID: ipvs.DestinationID{AddrPort: addresses.Draw(t, "rip")}, Forward: ipvs.ForwardingMethod(n.Draw(t, "forward")),
					Weight: n.Draw(t, "weight"), UpperThreshold: n.Draw(t, "upper"), ActiveConns: n.Draw(t, "active"), InactiveConns: n.Draw(t, "inactive"),
					TunnelType: ipvs.TunnelType(n.Draw(t, "type")), TunnelFlags: ipvs.TunnelFlags(n.Draw(t, "tunnel")), Stats: stats.Draw(t, "stats"),
				})
			}
			snapshot.Table = append(snapshot.Table, entry)
		}
		entry := rapid.Custom(func(t *rapid.T) ipvs.ConnEntry {
			return ipvs.ConnEntry{
				Protocol: hostileText.Draw(t, "protocol"), State: hostileText.Draw(t, "state"), Expires: time.Duration(n.Draw(t, "expires")) * time.Second,
				Client: addresses.Draw(t, "client"), Virtual: addresses.Draw(t, "virtual"), Destination: addresses.Draw(t, "destination"),
				PEName: hostileText.Draw(t, "pe"), PEData: hostileText.Draw(t, "data"),
			}
		})
		var b strings.Builder
		err := table.Table(&b, snapshot)
		fits(t, b.String(), table.Width)
		b.Reset()
		for range 2 { // a form prints more than one listing
			chunks := rapid.SliceOfN(rapid.SliceOfN(entry, 0, 3), 1, 3).Draw(t, "connections")
			err = errors.Join(err, table.Connections(&b, chunksOf(chunks...)))
		}
		counts := ipvs.ConnCounts{}
		for _, e := range rapid.SliceOfN(entry, 0, 3).Draw(t, "counted") {
			counts[ipvs.ByVirtual.Key(&e)]++
		}
		err = errors.Join(err, table.ConnCounts(&b, ipvs.ByVirtual, counts.Sorted()))
		err = errors.Join(err, table.Timeouts(&b, ipvs.Timeouts{TCP: n.Draw(t, "tcp")}))
		err = errors.Join(err, table.Daemons(&b, []ipvs.Daemon{{State: ipvs.Master, Interface: hostileText.Draw(t, "interface")}}))
		fits(t, b.String(), table.Width)
		if err != nil {
			t.Fatal(err)
		}
	})
}

// Whatever the cells and the width, each line has blank gaps between columns, and each
// cell can be read below its title.
func TestGridColumnsLineUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		grid := grid{maxWidth: rapid.IntRange(0, 80).Draw(t, "max width")}
		count := rapid.IntRange(1, 5).Draw(t, "columns")
		for i := range count {
			grid.columns = append(grid.columns, column{
				title: "TITLE", dropOrder: i, right: rapid.Bool().Draw(t, "right"), minWidth: rapid.IntRange(0, 12).Draw(t, "min width"),
			})
		}
		for range rapid.IntRange(1, 3).Draw(t, "chunks") {
			rows := make([][]cell, rapid.IntRange(1, 4).Draw(t, "rows"))
			for i := range rows {
				for range count {
					word := strings.ReplaceAll(Sanitize(hostileText.Draw(t, "text")), " ", "_")
					rows[i] = append(rows[i], cell{text: word})
				}
			}
			titles := !grid.begun()
			var b strings.Builder
			if err := grid.print(allTo(&b), rows); err != nil {
				t.Fatal(err)
			}
			want := make([]string, count)
			for _, row := range rows {
				for i, c := range row {
					want[i] += c.text
				}
			}
			got := readColumns(t, &grid, b.String())
			for at, i := range grid.visible {
				if titles {
					want[i] = grid.columns[i].title + want[i]
				}
				// A rune that is wider than its column becomes a question mark.
				if grid.width[i] > 1 && got[at] != want[i] {
					t.Fatalf("column %d: got %q, want %q in\n%s", i, got[at], want[i], b.String())
				}
			}
		}
	})
}

// readColumns returns the text of each visible column of a listing, from top to bottom.
func readColumns(t *rapid.T, g *grid, listing string) []string {
	read := make([]string, len(g.visible))
	for line := range strings.Lines(listing) {
		rest := strings.TrimSuffix(line, "\n")
		for at, i := range g.visible {
			var inside string
			inside, rest = take(rest, g.width[i])
			read[at] += strings.Trim(inside, " ")
			inside, rest = take(rest, len(columnGap))
			if strings.Trim(inside, " ") != "" {
				t.Fatalf("%q between columns in\n%s", inside, listing)
			}
		}
		if rest != "" {
			t.Fatalf("%q after the columns in\n%s", rest, listing)
		}
	}
	return read
}

// take splits off the text in the next columns of a terminal.
func take(line string, width int) (inside, rest string) {
	for i, r := range line {
		if width -= tablewriter.DisplayWidth(string(r)); width < 0 {
			return line[:i], line[i:]
		}
	}
	return line, ""
}
