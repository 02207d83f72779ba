// SPDX-License-Identifier: Apache-2.0

package listing

import "github.com/ipvsadm-go/ipvsadm/format"

// Printer returns the printer of the listing's form.
func (l *Listing) Printer() format.Printer {
	switch l.Options.Form {
	case format.JSONForm:
		return format.JSON{Names: l.names(), Time: l.Time}
	case format.TableForm:
		return l.table()
	case format.PrometheusForm:
		return format.Prometheus{}
	}
	return l.classic()
}

// Pager returns the form of the listing on a screen, which is the classic form or a
// table.
func (l *Listing) Pager() format.Pager {
	if l.Options.Form == format.TableForm {
		return l.table()
	}
	return l.classic()
}

func (l *Listing) classic() format.Classic {
	o := l.Options
	return format.Classic{View: o.View, Exact: o.Exact, Names: l.names(), PersistenceData: o.PersistenceData, Sanitize: l.Style.Sanitize}
}

func (l *Listing) table() format.Table {
	o := l.Options
	return format.Table{
		View: o.View, Exact: o.Exact, Names: l.names(), Width: l.Style.Width, Colour: l.Style.Colour,
		PersistenceData: o.PersistenceData,
	}
}

// names returns l.Names, or a nil interface if that is nil.
func (l *Listing) names() format.Names {
	if l.Names == nil {
		return nil
	}
	return l.Names
}
