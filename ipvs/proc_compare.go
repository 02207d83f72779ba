// SPDX-License-Identifier: Apache-2.0

package ipvs

import (
	"iter"
	"net/netip"
)

// eachProcRow calls do for each row of /proc/net/ip_vs, in the file's order.
func (c *Client) eachProcRow(do func(procRow)) error {
	file, err := c.openProcTable()
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	listing := newProcReader(file)
	for listing.next() {
		do(listing.row)
	}
	return listing.err
}

// procDestinations returns the destinations that /proc lists for a service. It is
// not ok if /proc does not list the service, or lists two services with the same
// firewall mark.
func (c *Client) procDestinations(id ServiceID) (addrs []netip.AddrPort, ok bool) {
	service, records := procServiceOf(id), 0
	err := c.eachProcRow(func(row procRow) {
		switch {
		case row.service != service:
		case row.destination.IsValid():
			addrs = append(addrs, row.destination)
		default:
			records++
		}
	})
	return addrs, err == nil && records == 1
}

// matchingProc tells which of some services of a table, given by their indices, have
// the same destinations in /proc, in the same order.
func (c *Client) matchingProc(table Table, some []int) (matching map[int]bool) {
	index := make(map[procService]int, len(some))
	for _, i := range some {
		index[procServiceOf(table[i].Service.ServiceID)] = i
	}
	matching = make(map[int]bool, len(some))
	listed := make(map[int]int, len(some)) // how many destinations /proc lists
	current := -1
	err := c.eachProcRow(func(row procRow) {
		if !row.destination.IsValid() {
			current = -1
			if i, ok := index[row.service]; ok {
				current = i
				_, again := listed[i]
				matching[i], listed[i] = !again, 0 // two services may share a firewall mark
			}
			return
		}
		if current < 0 {
			return
		}
		n, destinations := listed[current], table[current].Destinations
		if n >= len(destinations) || destinations[n].AddrPort != row.destination {
			matching[current] = false
		}
		listed[current]++
	})
	for i := range matching {
		matching[i] = matching[i] && err == nil && listed[i] == len(table[i].Destinations)
	}
	return matching
}

// procMatches reports whether /proc has exactly the rows of a table, in any order.
func (c *Client) procMatches(table Table) bool {
	left := map[procRow]int{}
	for row := range table.rows() {
		left[row]++
	}
	more := false
	err := c.eachProcRow(func(row procRow) {
		n, ok := left[row]
		switch {
		case !ok:
			more = true
		case n == 1:
			delete(left, row)
		default:
			left[row]--
		}
	})
	return err == nil && !more && len(left) == 0
}

// rows returns the rows that /proc has for the table.
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
