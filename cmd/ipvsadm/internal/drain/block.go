// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/format"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// Block is Progress that rewrites a block of lines at the bottom of a terminal. It ignores
// errors of W.
type Block struct {
	W io.Writer
	// Size returns the size of the terminal, which may change.
	Size  func() (width, height int)
	drawn int // lines on the terminal
}

// Begin draws the block.
func (b *Block) Begin(s Status) { b.draw(b.lines(s)) }

// Reading draws it again.
func (b *Block) Reading(s Status) { b.draw(b.lines(s)) }

// End leaves the last state of the block, and the summary below it.
func (b *Block) End(s Status, summary []string, _ error) {
	b.draw(b.lines(s))
	for _, line := range summary {
		_, _ = io.WriteString(b.W, line+"\r\n")
	}
}

// draw replaces the block. A line that is as wide as the terminal would wrap on some.
func (b *Block) draw(lines []string) {
	var text strings.Builder
	if b.drawn > 0 {
		fmt.Fprintf(&text, "\x1b[%dA", b.drawn)
	}
	text.WriteString("\r\x1b[J")
	for _, line := range lines {
		text.WriteString(line + "\r\n")
	}
	b.drawn = len(lines)
	_, _ = io.WriteString(b.W, text.String())
}

// lines lays the block out. If the terminal is not high enough, it leaves out servers that
// are done, and then the last ones.
func (b *Block) lines(s Status) []string {
	width, height := b.Size()
	width = max(width-1, 1)
	above := format.Wrap(heading(s), width, 0)
	below := []string{elapsed(s)}
	for _, note := range s.Notes {
		below = append(below, format.Wrap(note, width, 0)...)
	}
	room := max(height-len(above)-len(below)-2, 1)
	servers, left := s.Servers, ""
	if len(servers) > room {
		servers = slices.Clone(servers)
		slices.SortStableFunc(servers, func(a, b ServerStatus) int { return min(int(a.State), 1) - min(int(b.State), 1) })
		left = fmt.Sprintf("... and %d more", len(servers)-room)
		servers = servers[:room]
	}
	lines := append(above, grid(servers, width)...)
	if left != "" {
		lines = append(lines, left)
	}
	lines = append(lines, below...)
	if over := len(lines) - max(height-1, 1); over > 0 {
		lines = lines[:len(lines)-over] // else the cursor could not go back to the first
	}
	for i, line := range lines {
		lines[i] = line[:min(len(line), width)]
	}
	return lines
}

// gridColumn is a column of the block. A narrow terminal lacks the columns with the highest
// order.
type gridColumn struct {
	title string
	right bool
	order int
	cell  func(ServerStatus) string
	// needed tells whether the column says anything of these servers; nil if always.
	needed func([]ServerStatus) bool
}

var gridColumns = []gridColumn{
	{"SERVICE", false, 0, func(s ServerStatus) string { return s.Service.String() }, nil},
	{"SERVER", false, 3, func(s ServerStatus) string { return s.Server.String() }, severalServers},
	{"WEIGHT", true, 4, func(s ServerStatus) string { return fmt.Sprintf("%d->%d", s.Before, s.Weight) }, nil},
	{"ACTIVE", true, 0, func(s ServerStatus) string { return strconv.Itoa(int(s.Active)) }, nil},
	{"INACTIVE", true, 1, func(s ServerStatus) string { return strconv.Itoa(int(s.Inactive)) }, nil},
	{"TEMPLATES", true, 5, func(s ServerStatus) string { return blankZero(s.Persistents) }, anyTemplates},
	{"SILENT FOR", true, 6, func(s ServerStatus) string { return Clock(s.Silent) }, nil},
	{"STATE", false, 0, func(s ServerStatus) string { return s.Text }, nil},
}

// severalServers tells whether servers have different addresses, or are of the same service.
func severalServers(servers []ServerStatus) bool {
	services := map[ipvs.ServiceID]bool{}
	for _, s := range servers {
		if services[s.Service] || s.Server.AddrPort.Addr() != servers[0].Server.AddrPort.Addr() {
			return true
		}
		services[s.Service] = true
	}
	return false
}

func anyTemplates(servers []ServerStatus) bool {
	return slices.ContainsFunc(servers, func(s ServerStatus) bool { return s.Persistents > 0 })
}

func blankZero(n uint32) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(int(n))
}

// leastState is the width of the last column for which other columns are left out.
const leastState = 24

// grid lays out the servers in lines of at most width columns.
func grid(servers []ServerStatus, width int) []string {
	rows := [][]string{nil}
	for _, c := range gridColumns {
		rows[0] = append(rows[0], c.title)
	}
	for _, s := range servers {
		var row []string
		for _, c := range gridColumns {
			row = append(row, c.cell(s))
		}
		rows = append(rows, row)
	}
	widths := make([]int, len(gridColumns))
	for _, row := range rows {
		for i, text := range row {
			widths[i] = max(widths[i], len(text))
		}
	}
	last := len(gridColumns) - 1
	widths[last] = min(widths[last], leastState)
	shown := make([]bool, len(gridColumns))
	for i, c := range gridColumns {
		shown[i] = c.needed == nil || c.needed(servers)
	}
	total := func() (n int) {
		for i, w := range widths {
			if shown[i] {
				n += w + 2
			}
		}
		return n - 2
	}
	for order := 6; order > 0 && total() > width; order-- {
		for i, c := range gridColumns {
			shown[i] = shown[i] && c.order != order
		}
	}
	var lines []string
	for _, row := range rows {
		var line strings.Builder
		for i, text := range row {
			switch {
			case !shown[i]:
				continue
			case i == last:
			case gridColumns[i].right:
				text = fmt.Sprintf("%*s  ", widths[i], text)
			default:
				text = fmt.Sprintf("%-*s  ", widths[i], text)
			}
			line.WriteString(text)
		}
		text := strings.TrimRight(line.String(), " ")
		lines = append(lines, text[:min(len(text), width)])
	}
	return lines
}
