package format

import (
	"errors"
	"fmt"
	"io"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// Tables prints listings for people: in columns that line up, with units.
type Tables struct {
	View  View  // of services
	Exact bool  // numbers in full, without units
	Names Names // nil for numbers only
	// Width is how many columns the terminal has; no line is longer. 0 is no limit.
	Width  int
	Colour bool
	// PersistenceData is for connections with the columns of the persistence engine.
	PersistenceData bool
	// Servers are all those of a service of which the table has only some, so that
	// its sums are true. They may be missing for others.
	Servers map[ipvs.ServiceID][]ipvs.Destination
	// NoTotal leaves out the line below the counts of connections: they are a part.
	NoTotal bool

	connections *sheet // that is being printed
	any         bool   // whether it has rows
}

// Table prints services, each with its servers below it.
func (t *Tables) Table(w io.Writer, s Snapshot) error {
	if s.Info != nil {
		text := fmt.Sprintf("IP Virtual Server %s, connection table size %d", s.Info.VersionString(), s.Info.ConnTabSize)
		if err := errors.Join(writeText(w, t.Width, text), writeText(w, t.Width, "")); err != nil {
			return err
		}
	}
	if len(s.Table) == 0 {
		return writeText(w, t.Width, "no services")
	}
	columns := serviceColumns(t.View, t.Exact)
	var rows [][]cell
	for i := range s.Table {
		entry := &s.Table[i]
		servers, some := t.Servers[entry.Service.ServiceID]
		if !some {
			servers = entry.Destinations
		}
		rows = append(rows, t.row(columns, tableLine{t: t, service: &entry.Service, servers: servers}))
		for j := range entry.Destinations {
			rows = append(rows, t.row(columns, tableLine{t: t, service: &entry.Service, server: &entry.Destinations[j]}))
		}
	}
	sheet := t.sheet()
	for i, c := range columns {
		if c.optional && !anyText(rows, i) {
			rows = without(rows, i)
			continue
		}
		sheet.columns = append(sheet.columns, c.column)
	}
	return writeSheet(w, sheet, rows)
}

func (t *Tables) row(columns []serviceColumn, l tableLine) []cell {
	row := make([]cell, len(columns))
	for i, c := range columns {
		row[i] = c.cell(l)
	}
	return row
}

// anyText tells whether a column has any.
func anyText(rows [][]cell, column int) bool {
	for _, row := range rows {
		if row[column].text != "" {
			return true
		}
	}
	return false
}

// without takes the last column away.
func without(rows [][]cell, last int) [][]cell {
	for i := range rows {
		rows[i] = rows[i][:last]
	}
	return rows
}

// Timeouts prints the timeouts of connections.
func (t *Tables) Timeouts(w io.Writer, c ipvs.Config) error {
	var rows [][]cell
	for _, timeout := range []struct {
		of      string
		seconds uint32
	}{{"TCP", c.TCP}, {"TCP FIN", c.TCPFin}, {"UDP", c.UDP}} {
		rows = append(rows, []cell{{text: timeout.of}, {text: timeText(timeout.seconds)}})
	}
	return writeSheet(w, t.sheet(column{title: "CONNECTIONS"}, column{title: "TIMEOUT", rank: 1}), rows)
}

// Daemons prints the sync daemons. What an old kernel does not tell is empty.
func (t *Tables) Daemons(w io.Writer, daemons []ipvs.Daemon) error {
	if len(daemons) == 0 {
		return writeText(w, t.Width, "no sync daemons")
	}
	var rows [][]cell
	for _, d := range daemons {
		group := ""
		if d.Group.IsValid() {
			group = d.Group.String()
		}
		rows = append(rows, []cell{
			{text: Printable(d.State.String())}, {text: Printable(d.Interface)}, {text: decimal(d.SyncID)},
			{text: unlessZero(d.MaxLen)}, {text: Printable(group)}, {text: unlessZero(d.Port)}, {text: unlessZero(d.TTL)},
		})
	}
	return writeSheet(w, t.sheet(
		column{title: "STATE"}, column{title: "INTERFACE", rank: 1}, column{title: "SYNCID", right: true, rank: 2},
		column{title: "MAXLEN", right: true, rank: 6}, column{title: "GROUP", rank: 3, wraps: 15},
		column{title: "PORT", right: true, rank: 4}, column{title: "TTL", right: true, rank: 5},
	), rows)
}

func (t *Tables) sheet(columns ...column) *sheet {
	return &sheet{columns: columns, limit: t.Width, colour: t.Colour}
}

// writeSheet prints a sheet that has one part.
func writeSheet(w io.Writer, s *sheet, rows [][]cell) error {
	if err := s.write(w, rows); err != nil {
		return err
	}
	return s.leftOut(w)
}

// number is a number for the eye, or in full. Rates of nothing are dashes, so that
// it is seen what moves.
func (t *Tables) number(q quantity, n uint64) cell {
	if t.Exact {
		return cell{text: decimal(n)}
	}
	if n == 0 && (q == thingsASecond || q == octetsASecond) {
		return cell{text: "-"}
	}
	return cell{text: q.text(n)}
}
