package main

import (
	"errors"
	"io"
	"net/netip"

	"github.com/ipvsadm-go/ipvsadm/format"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// reading is what the kernel told for a listing, of one kind.
type reading struct {
	config      *ipvs.Config
	daemons     []ipvs.Daemon
	counts      *connCounts
	connections []ipvs.ConnEntry // for a screen only, the first ones; a listing prints them as they come
	all         uint64           // how many connections there are, shown or not
	table       *format.Snapshot
}

type connCounts struct {
	by   ipvs.ConnGroup
	list []ipvs.ConnCount
}

// listsConnections tells whether the listing is one of connections, not of their
// numbers. Metrics are always numbers.
func (c *command) listsConnections() bool {
	return c.has(connectionBit) && !c.has(countByBit) && c.listing.output != asPrometheus
}

// read reads what the command lists.
func (l *lister) read() (r reading, err error) {
	c := l.command
	switch {
	case c.has(timeoutBit):
		config, err := l.client.Config()
		return reading{config: &config}, err
	case c.has(daemonBit):
		r.daemons, err = l.client.Daemons()
	case c.listsConnections():
		r.connections, r.all, err = l.someConnections()
	case c.has(connectionBit):
		list, err := l.countConnections()
		return reading{counts: &connCounts{c.listing.countBy, list}}, err
	default:
		r.table, err = l.readTable()
	}
	return r, err
}

// readTable reads one service, or all.
func (l *lister) readTable() (*format.Snapshot, error) {
	keepGarbage()
	s, err := l.snapshot()
	if err != nil {
		return nil, err
	}
	if l.meter != nil {
		l.meter.measure(s.Table, l.now)
	}
	if !l.command.has(nosortBit) {
		s.Table.Sort()
	}
	l.command.listing.sortBy.sort(s.Table)
	return s, nil
}

func (l *lister) snapshot() (*format.Snapshot, error) {
	if l.command.has(serviceBit) {
		entry, err := l.client.TableEntry(l.command.service.ServiceID)
		return &format.Snapshot{Table: ipvs.Table{entry}}, err
	}
	info, err := l.client.Info()
	if err != nil {
		return nil, err
	}
	s := &format.Snapshot{Info: &info}
	switch l.command.listing.output {
	case asPrometheus:
		if s.Totals, err = l.totals(); err != nil {
			return nil, err
		}
	case asJSON:
		s.Totals, _ = l.totals() // left out where there is no /proc
	}
	s.Table, err = l.client.Table()
	return s, err
}

// totals reads the counters of all services together.
func (p *program) totals() (*ipvs.Stats, error) {
	file, err := p.openProc(ipvs.StatsPath)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	totals, err := ipvs.ReadTotals(file)
	if err != nil {
		return nil, err
	}
	return &totals, nil
}

// addrs lists the addresses that may have names.
func (r reading) addrs() []netip.Addr {
	switch {
	case r.table != nil:
		return addrsOf(r.table.Table)
	case r.connections != nil:
		return endsOf(r.connections)
	case r.counts != nil && r.counts.by != ipvs.ByState:
		addrs := make([]netip.Addr, 0, len(r.counts.list))
		for _, count := range r.counts.list {
			addrs = append(addrs, count.End.Addr())
		}
		return addrs
	}
	return nil
}

func (r reading) print(w io.Writer, p printer) error {
	switch {
	case r.config != nil:
		return p.Timeouts(w, *r.config)
	case r.connections != nil:
		if err := errors.Join(p.ConnTitles(w), p.Connections(w, r.connections)); err != nil {
			return err
		}
		return p.ConnEnd(w)
	case r.counts != nil:
		return p.ConnCounts(w, r.counts.by, r.counts.list)
	case r.table != nil:
		return p.Table(w, *r.table)
	}
	return p.Daemons(w, r.daemons)
}
