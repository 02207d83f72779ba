package ipvs

import (
	"errors"
	"fmt"
	"iter"
)

// tableReader reads a table, or a part of one, until nothing is missing in it and
// nothing is there twice.
type tableReader struct {
	client *Client
	// read reads once. Whole tells that the kernel gave all at one moment, as it
	// does if it is not much.
	read func() (table Table, whole bool, err error)
	// concerns picks what is read of all rows in /proc.
	concerns func(procRow) bool
}

func (r *tableReader) complete() (Table, error) {
	table, whole, err := r.read()
	if err != nil || whole {
		return table, err
	}
	same, err := r.asInProc(table)
	switch {
	case err != nil:
		return r.untilStable(table)
	case same:
		return table, nil
	}
	return r.untilComplete(table)
}

// asInProc tells whether /proc has the same rows as the table, in the same order.
// They are if nothing has changed meanwhile.
func (r *tableReader) asInProc(table Table) (bool, error) {
	listing, done, err := r.openProc()
	if err != nil {
		return false, err
	}
	defer done()
	for row := range table.rows() {
		if r.concerns(row) && !(r.nextInProc(listing) && listing.row == row) {
			return false, listing.err
		}
	}
	return !r.nextInProc(listing), listing.err
}

// untilComplete reads again until all that was in /proc first, and is still there,
// has been read.
func (r *tableReader) untilComplete(table Table) (Table, error) {
	seen := readings{}
	var first map[procRow]int
	for range readTries {
		seen.add(table)
		rows, err := r.listProc()
		if err != nil {
			return nil, fmt.Errorf("ipvs: %s: %w", procTablePath, err)
		}
		now := countRows(rows)
		if first == nil {
			first = now
		}
		if !seen.lack(first, now) {
			return seen.table(rows, table), nil
		}
		var whole bool
		if table, whole, err = r.read(); err != nil || whole {
			return table, err
		}
	}
	return nil, fmt.Errorf("ipvs: %w", errInterrupted)
}

// untilStable reads again until two readings have the same rows, where there is no
// /proc to compare with.
func (r *tableReader) untilStable(table Table) (Table, error) {
	for range readTries {
		again, whole, err := r.read()
		if err != nil || whole {
			return again, err
		}
		last, now := readings{}, readings{}
		last.add(table)
		now.add(again)
		if now.sameRows(last) {
			return now.table(nil, again), nil
		}
		table = again
	}
	return nil, fmt.Errorf("ipvs: %w", errInterrupted)
}

var errNoProc = errors.New("no /proc of the client's network namespace")

func (r *tableReader) openProc() (listing *procReader, done func(), err error) {
	if r.client.openProc == nil {
		return nil, nil, errNoProc
	}
	file, err := r.client.openProc()
	if err != nil {
		return nil, nil, err
	}
	return newProcReader(file), func() { _ = file.Close() }, nil
}

// nextInProc goes on to the next row that concerns the table.
func (r *tableReader) nextInProc(listing *procReader) bool {
	for listing.next() {
		if r.concerns(listing.row) {
			return true
		}
	}
	return false
}

// listProc lists the rows that concern the table.
func (r *tableReader) listProc() (rows []procRow, err error) {
	listing, done, err := r.openProc()
	if err != nil {
		return nil, err
	}
	defer done()
	for r.nextInProc(listing) {
		rows = append(rows, listing.row)
	}
	return rows, listing.err
}

func countRows(rows []procRow) map[procRow]int {
	counts := make(map[procRow]int, len(rows))
	for _, row := range rows {
		counts[row]++
	}
	return counts
}

// rows are those that /proc has for the table.
func (t Table) rows() iter.Seq[procRow] {
	return func(yield func(procRow) bool) {
		for i := range t {
			row := procRow{service: procServiceOf(t[i].Service.ServiceID)}
			if !yield(row) {
				return
			}
			for j := range t[i].Destinations {
				row.destination = t[i].Destinations[j].AddrPort
				if !yield(row) {
					return
				}
			}
		}
	}
}

// asCounted tells whether /proc has the same rows as the table, in any order.
func (r *tableReader) asCounted(table Table) (bool, error) {
	listing, done, err := r.openProc()
	if err != nil {
		return false, err
	}
	defer done()
	left := map[procRow]int{}
	for row := range table.rows() {
		left[row]++
	}
	for r.nextInProc(listing) {
		if left[listing.row] == 0 {
			return false, nil
		}
		if left[listing.row]--; left[listing.row] == 0 {
			delete(left, listing.row)
		}
	}
	return len(left) == 0, listing.err
}
