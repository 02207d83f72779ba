// SPDX-License-Identifier: Apache-2.0

package format

import (
	"io"
	"iter"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// Table prints listings for people, in columns with units.
type Table struct {
	View            View  // of services
	Exact           bool  // numbers with all digits, without units
	Names           Names // nil for numbers only
	Width           int   // the longest line, in columns of the terminal; 0 for no limit
	Colour          bool
	PersistenceData bool // connections with the columns of the persistence engine

	refreshed bool // whether the table is printed again with other numbers in its place
}

// Table prints services, each with its servers below it.
func (t Table) Table(w io.Writer, s Snapshot) error { return t.services(allTo(w), s) }

// PageTable is Table for a screen.
func (t Table) PageTable(s Snapshot) Page {
	t.refreshed = true
	return pageOf(func(out sections) error { return t.services(out, s) })
}

func (t Table) services(out sections, s Snapshot) error {
	for _, text := range headLines(&s) {
		if err := writeText(out.head, t.Width, text); err != nil {
			return err
		}
	}
	if len(s.Table) == 0 {
		return writeText(out.rows, t.Width, "no services")
	}
	if s.Partial {
		t.View = Connections
	}
	columns := serviceColumns(t.View, t.Exact)
	if t.refreshed {
		reserveWidths(columns)
	}
	g := t.grid()
	for i, c := range columns {
		if c.optional && !t.hasText(&s, c) {
			columns = columns[:i]
			break
		}
		g.columns = append(g.columns, c.column)
	}
	if err := g.printEach(out, t.rows(&s, columns)); err != nil {
		return err
	}
	for _, text := range t.footLines(&s) {
		if err := writeText(out.foot, t.Width, text); err != nil {
			return err
		}
	}
	return nil
}

// rows makes the row of each line, anew each time.
func (t *Table) rows(s *Snapshot, columns []serviceColumn) iter.Seq[[]cell] {
	return func(yield func([]cell) bool) {
		for l := range t.lines(s) {
			row := make([]cell, len(columns))
			for i, c := range columns {
				row[i] = c.cell(l)
			}
			if !yield(row) {
				return
			}
		}
	}
}

// lines yields each service and its servers.
func (t *Table) lines(s *Snapshot) iter.Seq[tableLine] {
	return func(yield func(tableLine) bool) {
		for i := range s.Table {
			entry := &s.Table[i]
			servers, some := s.Servers[entry.Service.ServiceID]
			if !some {
				servers = entry.Destinations
			}
			if !yield(tableLine{t: t, service: &entry.Service, servers: servers}) {
				return
			}
			for j := range entry.Destinations {
				if !yield(tableLine{t: t, service: &entry.Service, server: &entry.Destinations[j]}) {
					return
				}
			}
		}
	}
}

// hasText tells whether a column has a cell with text.
func (t *Table) hasText(s *Snapshot, c serviceColumn) bool {
	for l := range t.lines(s) {
		if c.cell(l).text != "" {
			return true
		}
	}
	return false
}

// Timeouts prints the timeouts of connections.
func (t Table) Timeouts(w io.Writer, timeouts ipvs.Timeouts) error {
	return t.timeouts(allTo(w), timeouts)
}

// PageTimeouts is Timeouts for a screen.
func (t Table) PageTimeouts(timeouts ipvs.Timeouts) Page {
	return pageOf(func(out sections) error { return t.timeouts(out, timeouts) })
}

func (t Table) timeouts(out sections, timeouts ipvs.Timeouts) error {
	var rows [][]cell
	for _, timeout := range []struct {
		of      string
		seconds uint32
	}{{"TCP", timeouts.TCP}, {"TCP FIN", timeouts.TCPFin}, {"UDP", timeouts.UDP}} {
		rows = append(rows, []cell{{text: timeout.of}, {text: timeText(timeout.seconds)}})
	}
	return t.grid(column{title: "CONNECTIONS"}, column{title: "TIMEOUT", dropOrder: 1}).printAll(out, rows)
}

// Daemons prints the sync daemons. A cell that an old kernel does not report is empty.
func (t Table) Daemons(w io.Writer, daemons []ipvs.Daemon) error {
	return t.daemons(allTo(w), daemons)
}

// PageDaemons is Daemons for a screen.
func (t Table) PageDaemons(daemons []ipvs.Daemon) Page {
	return pageOf(func(out sections) error { return t.daemons(out, daemons) })
}

func (t Table) daemons(out sections, daemons []ipvs.Daemon) error {
	if len(daemons) == 0 {
		return writeText(out.rows, t.Width, "no sync daemons")
	}
	var rows [][]cell
	for _, d := range daemons {
		o := daemonOptionsOf(&d)
		rows = append(rows, []cell{
			{text: Sanitize(d.State.String())}, {text: Sanitize(d.Interface)}, {text: decimal(d.SyncID)},
			{text: o.maxLen}, {text: Sanitize(o.group)}, {text: o.port}, {text: o.ttl},
		})
	}
	return t.grid(
		column{title: "STATE"}, column{title: "INTERFACE", dropOrder: 1}, column{title: "SYNCID", right: true, dropOrder: 2},
		column{title: "MAXLEN", right: true, dropOrder: 6}, column{title: "GROUP", dropOrder: 3, minWidth: 15},
		column{title: "PORT", right: true, dropOrder: 4}, column{title: "TTL", right: true, dropOrder: 5},
	).printAll(out, rows)
}

func (t Table) grid(columns ...column) *grid {
	return &grid{columns: columns, maxWidth: t.Width, colour: t.Colour}
}

// number is a number with its unit, or with all digits. A rate of zero is a dash, and all
// zeros are dim, so that the other numbers stand out.
func (t *Table) number(q quantity, n uint64) cell {
	switch {
	case n > 0 && t.Exact:
		return cell{text: decimal(n)}
	case n > 0:
		return cell{text: q.text(n)}
	case t.Exact:
		return cell{text: "0", style: dim}
	case q == countPerSec || q == bytesPerSec:
		return cell{text: "-", style: dim}
	}
	return cell{text: q.text(0), style: dim}
}
