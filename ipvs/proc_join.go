// SPDX-License-Identifier: Apache-2.0

package ipvs

import "slices"

// procListing is what /proc/net/ip_vs tells of the services of a table.
type procListing struct {
	table Table
	// known tells for each service whether the table has its destinations, as the file
	// lists them.
	known []bool
	// ordered is set if the file lists exactly the services of the table, in its order.
	// Then pages are the indices of the services at which a page begins.
	ordered bool
	pages   []int

	avoid []int               // services at which a page is not to begin
	page  int                 // of the last record
	next  int                 // the service after that of the last record
	seen  []bool              // the services of all records so far
	any   map[procService]int // finds services in another order
}

// joinProc adds the destinations that /proc/net/ip_vs lists to the services of a table.
// If it cannot read the whole file, no service is known. Where it can, it lets no page
// begin at the services with the indices avoid, which are in ascending order.
func (c *Client) joinProc(table Table, avoid []int) *procListing {
	l := newProcListing(table)
	l.avoid = avoid
	if err := c.eachProcRecord(l.limit, l.add); err != nil {
		clear(l.known)
		l.ordered = false
	}
	l.end()
	return l
}

func newProcListing(table Table) *procListing {
	return &procListing{table: table, known: make([]bool, len(table)), seen: make([]bool, len(table)), ordered: true, page: 1}
}

// end notes that there are no more records.
func (l *procListing) end() { l.ordered = l.ordered && l.next == len(l.table) }

// add adds a record of the file. A service of which there are two records is unknown, and
// so is a firewall mark: the file does not tell its family, so a mark of one family may
// have been deleted and one of the other added.
func (l *procListing) add(record *procRecord) {
	i, found := l.find(record.service)
	if !found {
		return
	}
	if record.page != l.page {
		l.page = record.page
		l.pages = append(l.pages, i)
	}
	l.known[i] = record.legible && record.service.fwmark == 0 && !l.seen[i]
	l.seen[i] = true
	if l.known[i] {
		l.table[i].Destinations = slices.Clone(record.destinations)
	}
}

// minPage is the smallest page less the kernel's own byte.
const minPage = 4095

// limit returns how much of the file to read at once, given how much has been read
// before. Records tend to have the same size. So if a whole page would end about where it
// is not to end, the read ends the page halfway.
func (l *procListing) limit(before int) int {
	next := l.next + 1 // the last record of the page before is not added yet
	for len(l.avoid) > 0 && l.avoid[0] <= next {
		l.avoid = l.avoid[1:]
	}
	if len(l.avoid) == 0 || l.next == 0 {
		return procBuffer
	}
	record := max(before/next, 1)
	records := minPage / record
	if left := l.avoid[0] - next; left > 3 && left-1 <= records && records <= left+1 {
		return left / 2 * record
	}
	return procBuffer
}

// find returns the index of a service in the table.
func (l *procListing) find(service procService) (i int, found bool) {
	i, found = l.next, l.next < len(l.table) && procServiceOf(l.table[l.next].Service.ServiceID) == service
	if !found {
		l.ordered = false
		i, found = l.indexOf(service)
	}
	if found {
		l.next = i + 1
	}
	return i, found
}

func (l *procListing) indexOf(service procService) (i int, found bool) {
	if l.any == nil {
		l.any = make(map[procService]int, len(l.table))
		for i := range l.table {
			l.any[procServiceOf(l.table[i].Service.ServiceID)] = i
		}
	}
	i, found = l.any[service]
	return i, found
}

// unknown returns the indices of the services of which the file does not tell the
// destinations.
func (l *procListing) unknown() []int {
	var unknown []int
	for i, known := range l.known {
		if !known {
			unknown = append(unknown, i)
		}
	}
	return unknown
}
