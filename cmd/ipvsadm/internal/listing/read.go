// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"errors"
	"io"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/kernel"
	"github.com/ipvsadm-go/ipvsadm/format"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// Read reads the listing from the kernel. It is for screens: of Connections it only keeps
// the first ones.
func (l *Listing) Read() (Result, error) {
	switch l.Options.Kind {
	case Timeouts:
		timeouts, err := l.Source.Client.Timeouts()
		return TimeoutResult{timeouts}, err
	case Daemons:
		daemons, err := l.Source.Client.Daemons()
		return DaemonResult{daemons}, err
	case Connections:
		return l.firstConnections()
	case ConnCounts:
		return l.countConnections()
	}
	snapshot, err := l.readTable()
	return TableResult{snapshot}, err
}

// readTable reads the table, or one service of it, and sorts it.
func (l *Listing) readTable() (*format.Snapshot, error) {
	kernel.RelaxGC()
	s, err := l.snapshot()
	if errors.Is(err, kernel.ErrNotPermitted) && l.canBePartial() {
		refused := err
		var missing *ipvs.Error
		if s, err = l.partialSnapshot(); err != nil && !errors.As(err, &missing) {
			err = refused
		}
	}
	if err != nil {
		return nil, err
	}
	if l.Source.Rates != nil {
		l.Source.Rates.update(s.Table, l.Time)
	}
	if !l.Options.Unsorted {
		s.Table.Sort()
	}
	l.Options.SortBy.Sort(s.Table)
	return s, nil
}

func (l *Listing) snapshot() (*format.Snapshot, error) {
	if id := l.Options.Service; id != (ipvs.ServiceID{}) {
		entry, err := l.Source.Client.TableEntry(id)
		s := &format.Snapshot{Table: ipvs.Table{entry}}
		l.readState(s)
		return s, err
	}
	info, err := l.Source.Client.Info()
	if err != nil {
		return nil, err
	}
	s := &format.Snapshot{Info: &info}
	switch l.Options.Form {
	case format.PrometheusForm:
		if s.Totals, err = readFile(l, TotalsPath, ipvs.ReadTotals); err != nil {
			return nil, err
		}
	case format.JSONForm:
		s.Totals, _ = readFile(l, TotalsPath, ipvs.ReadTotals) // omitted if there is no /proc
	}
	l.readState(s)
	if l.isPlain() {
		s.Table, err = l.Source.Client.Overview()
	} else {
		s.Table, err = l.Source.Client.Table()
	}
	return s, err
}

// isPlain reports whether the listing shows of a destination only what ipvs.Overview
// reads.
func (l *Listing) isPlain() bool {
	o := l.Options
	return o.Form == format.ClassicForm && o.View == format.Connections && o.SortBy < ByConns && l.Source.Rates == nil
}

// readFile reads what a file of /proc tells.
func readFile[T any](l *Listing, path string, read func(io.Reader) (T, error)) (*T, error) {
	file, err := l.Source.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	told, err := read(file)
	if err != nil {
		return nil, err
	}
	return &told, nil
}
