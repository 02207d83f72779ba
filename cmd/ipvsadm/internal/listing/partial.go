// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/kernel"
	"github.com/ipvsadm-go/ipvsadm/format"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"golang.org/x/sys/unix"
)

// canBePartial tells whether the listing has anything to show, and a way to mark as
// incomplete, of what /proc tells without CAP_NET_ADMIN. The classic form has none: any service
// may have scheduler flags, and any persistent one a persistence engine.
func (l *Listing) canBePartial() bool {
	o := l.Options
	return (o.Form == format.JSONForm || o.Form == format.TableForm) &&
		(o.View == format.Connections || o.View == format.Activity) && o.SortBy < ByConns
}

// partialSnapshot reads what /proc tells of the table, or of one service of it.
func (l *Listing) partialSnapshot() (*format.Snapshot, error) {
	ticks, err := kernel.TicksPerSecond()
	if err != nil {
		return nil, err
	}
	file, err := l.Source.Open(TablePath)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	partial, err := ipvs.ReadPartialTable(file, ticks)
	if err != nil {
		return nil, err
	}
	s := &format.Snapshot{Table: partial.Table, Partial: true, UnknownFamily: partial.UnknownFamily}
	if id := l.Options.Service; id != (ipvs.ServiceID{}) {
		if s.Table = servicesLike(partial, id); len(s.Table) == 0 {
			return nil, &ipvs.Error{Command: ipvs.CommandGetService, Errno: unix.ESRCH, Subject: id.String()}
		}
		l.readState(s)
		return s, nil
	}
	s.Info = &partial.Info
	if l.Options.Form == format.JSONForm {
		s.Totals, _ = readFile(l, TotalsPath, ipvs.ReadTotals)
	}
	l.readState(s)
	return s, nil
}

// servicesLike returns the service with an identity. If the family of its mark is not known,
// there may be two.
func servicesLike(partial ipvs.PartialTable, id ipvs.ServiceID) (table ipvs.Table) {
	if partial.UnknownFamily[id.FWMark] {
		id.IPv6 = false // as ReadPartialTable has it
	}
	for _, entry := range partial.Table {
		if entry.Service.ServiceID == id {
			table = append(table, entry)
		}
	}
	return table
}
