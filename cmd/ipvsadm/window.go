package main

import (
	"bytes"
	"fmt"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// titles is how many lines of titles are above the rows.
func (v *view) titles() int {
	if v.command.listing.output == classic {
		return 2
	}
	return 1
}

// lines are those of a part of the listing, that of so many rows.
func (v *view) lines(rows int) ([][]byte, error) {
	var b bytes.Buffer
	if err := v.reading.window(v.above, rows).print(&b, v.printer()); err != nil {
		return nil, err
	}
	lines := bytes.Split(bytes.TrimSuffix(b.Bytes(), []byte("\n")), []byte("\n"))
	if v.reading.table != nil {
		return lines, nil
	}
	titles := min(v.titles(), len(lines))
	return append(lines[:titles:titles], part(lines[titles:], v.above, rows)...), nil
}

// status is the line above the listing.
func (v *view) status(room int) string {
	text := fmt.Sprintf("%s  every %v", v.now.Format("15:04:05"), v.command.listing.interval)
	if v.reading.table != nil && !v.command.has(nosortBit) {
		text += fmt.Sprintf("  by %s (< >)", columnNames[v.command.listing.sortBy])
	}
	if rows := v.reading.rows(); rows > room {
		text += fmt.Sprintf("  rows %d to %d of %d (arrows)", v.above+1, min(v.above+room, rows), rows)
	}
	return text + "  q quits"
}

// rows is how many rows a listing has, those of services among them.
func (r reading) rows() int {
	switch {
	case r.table != nil:
		n := len(r.table.Table)
		for _, entry := range r.table.Table {
			n += len(entry.Destinations)
		}
		return n
	case r.counts != nil:
		return len(r.counts.list)
	}
	return len(r.connections)
}

// window is a part of a table: so many rows from one on. Destinations keep their
// service's row above them. Other listings are short.
func (r reading) window(from, rows int) reading {
	if r.table == nil {
		return r
	}
	s := *r.table
	s.Table = windowOf(s.Table, from, rows)
	return reading{table: &s}
}

func windowOf(table ipvs.Table, from, rows int) ipvs.Table {
	var window ipvs.Table
	for _, entry := range table {
		if rows <= 0 {
			break
		}
		if from > len(entry.Destinations) {
			from -= 1 + len(entry.Destinations)
			continue
		}
		if from > 0 {
			from--
		}
		entry.Destinations = part(entry.Destinations, from, rows-1)
		rows -= 1 + len(entry.Destinations)
		from = 0
		window = append(window, entry)
	}
	return window
}

// part is at most n elements of a list, from one on.
func part[T any](list []T, from, n int) []T {
	from = min(from, len(list))
	return list[from:min(from+max(n, 0), len(list))]
}
