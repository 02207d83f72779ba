// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"io"
	"net/netip"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/resolve"
	"github.com/ipvsadm-go/ipvsadm/format"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// Result is what was read for a listing. There is one type for each Kind.
type Result interface {
	// Addrs returns the addresses that may have names.
	Addrs() []netip.Addr
	Print(w io.Writer, p format.Printer) error
	// Page formats the result, or a slice of it, for a screen.
	Page(p format.Pager) format.Page
	// Rows returns the number of rows that a screen can scroll through.
	Rows() int
	// Slice returns up to n rows from the row with the index from, which counts from 0.
	Slice(from, n int) Result
	// Totals returns the sums over all rows, for the header of a screen.
	Totals(exact bool) []format.Total
}

// TableResult is the result of a Table: all services, or one.
type TableResult struct{ *format.Snapshot }

func (r TableResult) Addrs() []netip.Addr                       { return resolve.TableAddrs(r.Table) }
func (r TableResult) Print(w io.Writer, p format.Printer) error { return p.Table(w, *r.Snapshot) }
func (r TableResult) Page(p format.Pager) format.Page           { return p.PageTable(*r.Snapshot) }
func (r TableResult) Totals(exact bool) []format.Total          { return format.Totals(r.Table, exact) }

// Rows returns the number of services and destinations.
func (r TableResult) Rows() int {
	n := len(r.Table)
	for _, entry := range r.Table {
		n += len(entry.Destinations)
	}
	return n
}

// Slice adds the row of a service above its destinations if the slice starts with them.
func (r TableResult) Slice(from, n int) Result {
	s := *r.Snapshot
	s.Table = sliceTable(s.Table, from, n)
	return TableResult{&s}
}

func sliceTable(table ipvs.Table, from, n int) ipvs.Table {
	var slice ipvs.Table
	for _, entry := range table {
		if n <= 0 {
			break
		}
		if from > len(entry.Destinations) {
			from -= 1 + len(entry.Destinations)
			continue
		}
		if from > 0 {
			from--
		}
		entry.Destinations = sliceRows(entry.Destinations, from, n-1)
		n -= 1 + len(entry.Destinations)
		from = 0
		slice = append(slice, entry)
	}
	return slice
}

// ConnResult is the result of Connections.
type ConnResult struct {
	First []ipvs.ConnEntry // the first maxScreenConns that the filter selects
	All   uint64           // the number of all that it selects
}

func (r ConnResult) Addrs() []netip.Addr             { return resolve.ConnAddrs(r.First) }
func (r ConnResult) Page(p format.Pager) format.Page { return p.PageConnections(r.First) }
func (r ConnResult) Rows() int                       { return len(r.First) }
func (r ConnResult) Totals(bool) []format.Total      { return format.ConnTotals(r.All) }

func (r ConnResult) Slice(from, n int) Result {
	return ConnResult{sliceRows(r.First, from, n), r.All}
}

func (r ConnResult) Print(w io.Writer, p format.Printer) error {
	return p.Connections(w, func(yield func([]ipvs.ConnEntry, error) bool) { yield(r.First, nil) })
}

// CountResult is the result of ConnCounts.
type CountResult struct {
	By     ipvs.ConnGroup
	Counts []ipvs.ConnCount
	// Resized tells that the kernel resized the table of connections during each reading.
	Resized bool
}

func (r CountResult) Page(p format.Pager) format.Page { return p.PageConnCounts(r.By, r.Counts) }
func (r CountResult) Rows() int                       { return len(r.Counts) }
func (r CountResult) Print(w io.Writer, p format.Printer) error {
	return p.ConnCounts(w, r.By, r.Counts)
}

func (r CountResult) Addrs() []netip.Addr {
	if r.By == ipvs.ByState {
		return nil
	}
	addrs := make([]netip.Addr, 0, len(r.Counts))
	for _, count := range r.Counts {
		addrs = append(addrs, count.Endpoint.Addr())
	}
	return addrs
}

func (r CountResult) Slice(from, n int) Result {
	r.Counts = sliceRows(r.Counts, from, n)
	return r
}

func (r CountResult) Totals(bool) []format.Total {
	sum := uint64(0)
	for _, c := range r.Counts {
		sum += c.Entries
	}
	return format.ConnTotals(sum)
}

// TimeoutResult is the result of Timeouts.
type TimeoutResult struct{ Timeouts ipvs.Timeouts }

func (r TimeoutResult) Addrs() []netip.Addr                       { return nil }
func (r TimeoutResult) Rows() int                                 { return 0 }
func (r TimeoutResult) Slice(int, int) Result                     { return r }
func (r TimeoutResult) Totals(bool) []format.Total                { return nil }
func (r TimeoutResult) Page(p format.Pager) format.Page           { return p.PageTimeouts(r.Timeouts) }
func (r TimeoutResult) Print(w io.Writer, p format.Printer) error { return p.Timeouts(w, r.Timeouts) }

// DaemonResult is the result of Daemons.
type DaemonResult struct{ Daemons []ipvs.Daemon }

func (r DaemonResult) Addrs() []netip.Addr                       { return nil }
func (r DaemonResult) Rows() int                                 { return 0 }
func (r DaemonResult) Slice(int, int) Result                     { return r }
func (r DaemonResult) Totals(bool) []format.Total                { return nil }
func (r DaemonResult) Page(p format.Pager) format.Page           { return p.PageDaemons(r.Daemons) }
func (r DaemonResult) Print(w io.Writer, p format.Printer) error { return p.Daemons(w, r.Daemons) }

// sliceRows returns up to n elements of list from the index from.
func sliceRows[T any](list []T, from, n int) []T {
	from = min(from, len(list))
	return list[from:min(from+max(n, 0), len(list))]
}
