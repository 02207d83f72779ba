package main

import (
	"bytes"

	"github.com/ipvsadm-go/ipvsadm/format"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// fit finds the lines for so much room, and makes sure that no room is left at the
// end while there are rows above.
func (v *view) fit(room int) ([][]byte, error) {
	page, err := v.lastPage(room)
	if err != nil {
		return nil, err
	}
	v.above = max(0, min(v.above, page))
	head, rows, foot, err := v.render(room)
	if err != nil {
		return nil, err
	}
	space := max(1, room-len(head)-len(foot))
	v.more = len(rows) > space || v.above < page
	return append(append(head, part(rows, 0, space)...), foot...), nil
}

// lastPage is the number of rows above the last page. A row may take several
// lines, so it is tried.
func (v *view) lastPage(room int) (int, error) {
	last := *v
	for last.above = max(0, v.chosen.rows()-room); last.above < v.chosen.rows()-1; last.above++ {
		if v.above <= last.above {
			return last.above, nil // it is there or further down
		}
		head, rows, foot, err := last.render(room + 1) // with the row of a service that is repeated
		if err != nil || len(head)+len(rows)+len(foot) <= room {
			return last.above, err
		}
	}
	return last.above, nil
}

// render makes the lines of so many rows at most: those of titles, of rows, and
// what is said below them, which takes a sixth of the room at most.
func (v *view) render(rows int) (head, body, foot [][]byte, err error) {
	var b bytes.Buffer
	printer := v.printer()
	if tables, ok := printer.(*format.Tables); ok {
		tables.Servers = v.servers()
		tables.Colour = tables.Colour && v.failure == nil
	}
	if err := v.chosen.window(v.above, rows).print(&b, printer); err != nil {
		return nil, nil, nil, err
	}
	body = bytes.Split(bytes.TrimSuffix(b.Bytes(), []byte("\n")), []byte("\n"))
	titles := 1
	if v.command.listing.output == classic {
		titles = 2
		for i, line := range body {
			body[i] = []byte(format.Printable(string(line)))
		}
	}
	head, body = body[:min(titles, len(body))], part(body, titles, len(body))
	for i, line := range body {
		if bytes.HasPrefix(line, []byte(format.LeftOut)) {
			return head, body[:i], part(body[i:], 0, rows/6), nil
		}
	}
	return head, body, nil, nil
}

// servers are those of each service, since a screen may have room for some only.
func (v *view) servers() map[ipvs.ServiceID][]ipvs.Destination {
	if v.reading.table == nil {
		return nil
	}
	servers := make(map[ipvs.ServiceID][]ipvs.Destination, len(v.reading.table.Table))
	for _, entry := range v.reading.table.Table {
		servers[entry.Service.ServiceID] = entry.Destinations
	}
	return servers
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

// window is a part of the listing: so many rows from one on. Destinations keep
// their service's row above them.
func (r reading) window(from, rows int) reading {
	switch {
	case r.table != nil:
		s := *r.table
		s.Table = windowOf(s.Table, from, rows)
		return reading{table: &s}
	case r.counts != nil:
		return reading{counts: &connCounts{r.counts.by, part(r.counts.list, from, rows)}}
	case r.connections != nil:
		return reading{connections: part(r.connections, from, rows)}
	}
	return r
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
