package format

import (
	"io"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// endWidth is the narrowest column of addresses with ports: an IPv4 address stays
// in one piece.
const endWidth = 21

// ConnTitles begins a listing of connections. Titles come with the first
// connections, which tell how wide columns are.
func (t *Tables) ConnTitles(io.Writer) error {
	t.connections, t.any = t.sheet(
		column{title: "PROTO", rank: 4}, column{title: "EXPIRES", right: true, rank: 5}, column{title: "STATE", rank: 3, least: len("ESTABLISHED")},
		column{title: "CLIENT", wraps: endWidth}, column{title: "VIRTUAL", wraps: endWidth, rank: 2},
		column{title: "DESTINATION", wraps: endWidth, rank: 1},
	), false
	if t.PersistenceData {
		t.connections.columns = append(t.connections.columns,
			column{title: "PE", rank: 7}, column{title: "PE DATA", wraps: optionsWidth, rank: 6})
	}
	return nil
}

// Connections prints a line for each connection, in columns as wide as those of
// the connections before them, or wider. The first ones begin a listing if
// ConnTitles has not.
func (t *Tables) Connections(w io.Writer, entries []ipvs.ConnEntry) error {
	if len(entries) == 0 {
		return nil
	}
	if t.connections == nil {
		if err := t.ConnTitles(w); err != nil {
			return err
		}
	}
	t.any = true
	rows := make([][]cell, len(entries))
	for i := range entries {
		rows[i] = t.connection(&entries[i])
	}
	return t.connections.write(w, rows)
}

// ConnEnd ends a listing of connections.
func (t *Tables) ConnEnd(w io.Writer) error {
	if !t.any {
		return writeText(w, t.Width, "no connections")
	}
	return t.connections.leftOut(w)
}

func (t *Tables) connection(e *ipvs.ConnEntry) []cell {
	p := protocolOfName[e.Protocol]
	row := []cell{
		{text: Printable(e.Protocol)},
		{text: string(appendMinutes(nil, e.Expires))},
		{text: Printable(e.State)},
		{text: Printable(string(appendEndpoint(nil, t.Names, p, e.Client)))},
		{text: Printable(string(appendEndpoint(nil, t.Names, p, e.Virtual)))},
		{text: Printable(string(appendEndpoint(nil, t.Names, p, e.Destination)))},
	}
	if t.PersistenceData {
		row = append(row, cell{text: Printable(e.PEName)}, cell{text: Printable(e.PEData)})
	}
	return row
}

// ConnCounts prints how many connections there are of each kind, and of all kinds
// together.
func (t *Tables) ConnCounts(w io.Writer, by ipvs.ConnGroup, counts []ipvs.ConnCount) error {
	if len(counts) == 0 {
		return writeText(w, t.Width, "no connections")
	}
	columns := []column{{title: "CONNECTIONS", right: true, rank: 1}}
	if by != ipvs.ByClient {
		columns = append(columns, column{title: "PROTO", rank: 2})
	}
	columns = append(columns, column{title: strings.ToUpper(by.String()), wraps: endWidth})
	var rows [][]cell
	sum := uint64(0)
	for _, c := range counts {
		sum += c.Entries
		row := []cell{t.number(things, c.Entries)}
		if by != ipvs.ByClient {
			row = append(row, cell{text: Printable(c.Protocol)})
		}
		rows = append(rows, append(row, cell{text: Printable(t.key(by, c.ConnKey))}))
	}
	if t.NoTotal {
		return writeSheet(w, t.sheet(columns...), rows)
	}
	total := make([]cell, len(columns))
	total[0], total[len(total)-1] = t.number(things, sum), cell{text: "total"}
	return writeSheet(w, t.sheet(columns...), append(rows, total))
}

// key is what the connections of a group have in common, without the protocol.
func (t *Tables) key(by ipvs.ConnGroup, k ipvs.ConnKey) string {
	switch by {
	case ipvs.ByState:
		return k.State
	case ipvs.ByClient:
		return string(appendHost(nil, t.Names, k.End.Addr()))
	}
	return string(appendEndpoint(nil, t.Names, protocolOfName[k.Protocol], k.End))
}
