// SPDX-License-Identifier: Apache-2.0

package format

import (
	"io"
	"iter"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// endpointWidth is the narrowest column of addresses with ports. Any IPv4 address with
// a port fits into it.
const endpointWidth = 21

// Connections prints a line for each connection. The columns of a chunk are at least as
// wide as in the chunks before it.
func (t Table) Connections(w io.Writer, chunks iter.Seq2[[]ipvs.ConnEntry, error]) error {
	return t.connections(allTo(w), chunks)
}

// PageConnections is Connections for a screen.
func (t Table) PageConnections(entries []ipvs.ConnEntry) Page {
	return pageOf(func(out sections) error { return t.connections(out, oneChunk(entries)) })
}

func (t Table) connections(out sections, chunks iter.Seq2[[]ipvs.ConnEntry, error]) error {
	g := t.grid(
		column{title: "PROTO", dropOrder: 4}, column{title: "EXPIRES", right: true, dropOrder: 5},
		column{title: "STATE", dropOrder: 3, initialWidth: len("ESTABLISHED")},
		column{title: "CLIENT", minWidth: endpointWidth}, column{title: "VIRTUAL", minWidth: endpointWidth, dropOrder: 2},
		column{title: "DESTINATION", minWidth: endpointWidth, dropOrder: 1},
	)
	if t.PersistenceData {
		g.columns = append(g.columns, column{title: "PE", dropOrder: 7}, column{title: "PE DATA", minWidth: optionsWidth, dropOrder: 6, comment: true})
	}
	for entries, err := range chunks {
		if err != nil {
			return err
		}
		if len(entries) == 0 {
			continue
		}
		rows := make([][]cell, len(entries))
		for i := range entries {
			rows[i] = t.connection(&entries[i])
		}
		if err := g.print(out, rows); err != nil {
			return err
		}
	}
	if !g.begun() {
		return writeText(out.rows, t.Width, "no connections")
	}
	return g.printLeftOut(out)
}

func (t Table) connection(e *ipvs.ConnEntry) []cell {
	p := protocolNamed(e.Protocol)
	row := []cell{
		{text: Sanitize(e.Protocol)},
		{text: string(appendMinutes(nil, e.Expires))},
		{text: Sanitize(e.State)},
		{text: Sanitize(string(appendEndpoint(nil, t.Names, p, e.Client)))},
		{text: Sanitize(string(appendEndpoint(nil, t.Names, p, e.Virtual)))},
		{text: Sanitize(string(appendEndpoint(nil, t.Names, p, e.Destination)))},
	}
	if t.PersistenceData {
		row = append(row, cell{text: Sanitize(e.PEName)}, cell{text: Sanitize(e.PEData)})
	}
	return row
}

// ConnCounts prints the size of each group of connections, and their sum.
func (t Table) ConnCounts(w io.Writer, by ipvs.ConnGroup, counts []ipvs.ConnCount) error {
	if len(counts) == 0 {
		return writeText(w, t.Width, "no connections")
	}
	g, rows := t.connCounts(by, counts)
	sum := uint64(0)
	for _, c := range counts {
		sum += c.Entries
	}
	total := make([]cell, len(g.columns))
	total[0], total[len(total)-1] = t.number(count, sum), cell{text: "total"}
	return g.printAll(allTo(w), append(rows, total))
}

// PageConnCounts is ConnCounts for a screen. It has no sum, since a page may show only
// some of the groups.
func (t Table) PageConnCounts(by ipvs.ConnGroup, counts []ipvs.ConnCount) Page {
	return pageOf(func(out sections) error {
		if len(counts) == 0 {
			return writeText(out.rows, t.Width, "no connections")
		}
		g, rows := t.connCounts(by, counts)
		return g.printAll(out, rows)
	})
}

// connCounts makes a row for each group of connections.
func (t Table) connCounts(by ipvs.ConnGroup, counts []ipvs.ConnCount) (g *grid, rows [][]cell) {
	columns := []column{{title: "CONNECTIONS", right: true, dropOrder: 1}}
	if by != ipvs.ByClient {
		columns = append(columns, column{title: "PROTO", dropOrder: 2})
	}
	columns = append(columns, column{title: strings.ToUpper(by.String()), minWidth: endpointWidth})
	for _, c := range counts {
		row := []cell{t.number(count, c.Entries)}
		if by != ipvs.ByClient {
			row = append(row, cell{text: Sanitize(c.Protocol)})
		}
		rows = append(rows, append(row, cell{text: Sanitize(t.key(by, c.ConnKey))}))
	}
	return t.grid(columns...), rows
}

// key is what the connections of a group have in common, apart from the protocol.
func (t Table) key(by ipvs.ConnGroup, k ipvs.ConnKey) string {
	switch by {
	case ipvs.ByState:
		return k.State
	case ipvs.ByClient:
		return string(appendHost(nil, t.Names, k.Endpoint.Addr()))
	}
	return string(appendEndpoint(nil, t.Names, protocolNamed(k.Protocol), k.Endpoint))
}
