package ipvs

import (
	"errors"
	"iter"
	"net/netip"
)

var errNoProc = errors.New("no /proc of the client's network namespace")

// eachListed calls a function for each row of /proc/net/ip_vs, in its order.
func (c *Client) eachListed(do func(procRow)) error {
	if c.openProc == nil {
		return errNoProc
	}
	file, err := c.openProc()
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

// listedDestinations are the destinations that /proc lists for a service. It is not
// ok if it does not list the service, or two with the same firewall mark.
func (c *Client) listedDestinations(id ServiceID) (addrs []netip.AddrPort, ok bool) {
	service, records := procServiceOf(id), 0
	err := c.eachListed(func(row procRow) {
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

// listedAlike tells which of some services have the same destinations in /proc, in
// the same order.
func (c *Client) listedAlike(table Table, some []int) (alike map[int]bool) {
	index := make(map[procService]int, len(some))
	for _, i := range some {
		index[procServiceOf(table[i].Service.ServiceID)] = i
	}
	alike = make(map[int]bool, len(some))
	listed := make(map[int]int, len(some)) // destinations
	current := -1
	err := c.eachListed(func(row procRow) {
		if !row.destination.IsValid() {
			current = -1
			if i, ok := index[row.service]; ok {
				current = i
				_, again := listed[i]
				alike[i], listed[i] = !again, 0 // two may have the same firewall mark
			}
			return
		}
		if current < 0 {
			return
		}
		n, destinations := listed[current], table[current].Destinations
		if n >= len(destinations) || destinations[n].AddrPort != row.destination {
			alike[current] = false
		}
		listed[current]++
	})
	for i := range alike {
		alike[i] = alike[i] && err == nil && listed[i] == len(table[i].Destinations)
	}
	return alike
}

// listsJust tells whether /proc has the rows of a table and no others, in any order.
func (c *Client) listsJust(table Table) bool {
	left := map[procRow]int{}
	for row := range table.rows() {
		left[row]++
	}
	more := false
	err := c.eachListed(func(row procRow) {
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
