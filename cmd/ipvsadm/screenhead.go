package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/format"
	"github.com/mattn/go-runewidth"
)

// headHeight is how many lines the screen has above the listing: one for the time
// and the totals, one for the rows that are shown and how to go on. A low screen,
// or a listing without totals, has it all in one.
func (v *view) headHeight(height int) int {
	if height < 10 || len(v.totals()) == 0 {
		return 1
	}
	return 2
}

// head are the lines above the listing. What matters most comes first, and what has
// no room is left out.
func (v *view) head(width, height int) [][]byte {
	var text []string
	place := v.place()
	if v.filter.typing {
		place = []string{"/" + v.filter.text + "_", "Enter keeps it", "Esc ends it"}
	}
	switch {
	case height == 1 && v.filter.typing:
		text = []string{words(width, place)}
	case height == 1:
		text = []string{words(width, append([]string{v.moment()}, place...))}
	case v.failure != nil:
		text = []string{words(width, []string{v.moment()}), words(width, place)}
	default:
		text = []string{words(width, append([]string{v.moment()}, v.totals()...)), words(width, place)}
	}
	lines := make([][]byte, len(text))
	for i, line := range text {
		lines[i] = []byte(line)
	}
	if v.failure != nil && v.coloured() {
		lines[0] = fmt.Appendf(nil, "\x1b[31m%s\x1b[0m", lines[0])
	}
	return lines
}

// moment is when the rows were read, and why they are not newer.
func (v *view) moment() string {
	at := v.at.Format("15:04:05")
	if v.failure == nil {
		return at
	}
	return "old (" + at + "): " + format.Printable(strings.TrimSpace(sentence(v.failure)))
}

// totals are the numbers of all services or connections together.
func (v *view) totals() []string {
	switch r := v.reading; {
	case r.table != nil:
		return format.Totals(r.table.Table, v.command.has(exactBit))
	case r.connections != nil:
		return []string{format.Count(r.all, "connection")}
	case r.counts != nil:
		sum := uint64(0)
		for _, c := range r.counts.list {
			sum += c.Entries
		}
		return []string{format.Count(sum, "connection")}
	}
	return nil
}

// place is which rows are shown, and what keys there are.
func (v *view) place() []string {
	var place []string
	if v.filter.text != "" {
		place = append(place, "only with "+v.filter.text)
	}
	if v.paused {
		place = append(place, "paused")
	}
	rows, all := v.chosen.rows(), v.reading.all
	switch scrolls := v.more || v.above > 0; {
	case all > uint64(rows) && scrolls:
		place = append(place, fmt.Sprintf("row %d of the first %d of %d", v.above+1, rows, all))
	case all > uint64(rows):
		place = append(place, fmt.Sprintf("first %d of %d", rows, all))
	case scrolls:
		place = append(place, fmt.Sprintf("row %d of %d", v.above+1, rows))
	}
	if v.reading.table != nil && !v.command.has(nosortBit) {
		place = append(place, "sorted by "+columnNames[v.command.listing.sortBy])
	}
	place = append(place, "h help", "q quit")
	if v.paused {
		return place
	}
	seconds := strconv.FormatFloat(v.command.listing.interval.Seconds(), 'g', -1, 64)
	return append(place, "every "+seconds+" s")
}

// words are those that have room side by side. The first one is cut off if it must.
func words(width int, all []string) string {
	line := runewidth.Truncate(all[0], width, "")
	for _, word := range all[1:] {
		if runewidth.StringWidth(line)+2+runewidth.StringWidth(word) > width {
			break
		}
		line += "  " + word
	}
	return line
}

// coloured tells whether the screen may have colours.
func (v *view) coloured() bool { return terminalOf(v.below, os.Getenv).colour }

// helpLines tell what keys there are.
func helpLines(width int) [][]byte {
	lines := [][]byte{[]byte(runewidth.Truncate("Keys of ipvsadm --watch; any one goes back to the listing", width, "")), nil}
	for _, help := range [][2]string{
		{"q ^C", "quit"},
		{"h ?", "show this"},
		{"Space", "read now"},
		{"p", "pause: read only at Space, until p again"},
		{"< >", "sort by another column: " + strings.Join(columnNames[:], ", ")},
		{"Left Right", "as < >"},
		{"Up Down", "scroll by a row, as k and j"},
		{"PgUp PgDn", "scroll by half a screen"},
		{"Home End", "go to the first or the last row, as g and G"},
		{"/", "only the services and servers with some text"},
		{"^Z", "stop; fg goes on"},
	} {
		line := fmt.Sprintf("  %-12s%s", help[0], help[1])
		lines = append(lines, []byte(runewidth.Truncate(line, width, "")))
	}
	return lines
}
