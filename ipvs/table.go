// SPDX-License-Identifier: Apache-2.0

package ipvs

import (
	"cmp"
	"errors"
	"slices"
)

// Table is a list of services with their destinations. Client.Table reads it one
// service at a time, so it is not an atomic snapshot.
type Table []TableEntry

// TableEntry is a service and its destinations.
type TableEntry struct {
	Service      Service       `json:"service"`
	Destinations []Destination `json:"destinations,omitzero"`
}

// Table reads all services with their destinations, in the kernel's order. Each
// service or destination that exists throughout the call is listed exactly once,
// whatever others add or delete at the same time, in this network namespace or
// another. Table leaves out a service that is deleted during the call.
//
// The kernel dumps services in chunks and resumes by index over all namespaces, so a
// concurrent add or delete can hide a service. Destinations are dumped in the same
// way. If an answer has several chunks, Table therefore dumps the services again in
// chunks of another size, and compares destinations with IP_VS_SO_GET_DESTS or
// /proc/net/ip_vs. Where that is impossible, it repeats the dump until two dumps are
// equal. The error is ErrInterrupted if the table keeps changing.
func (c *Client) Table() (Table, error) {
	services, err := c.Services()
	if err != nil {
		return nil, err
	}
	all := make([]int, len(services))
	for i := range all {
		all[i] = i
	}
	return c.readDestinations(tableOf(services), all)
}

// readDestinations reads the destinations of some services of a table, given by their
// indices. It returns the table without those of them that are deleted by now.
func (c *Client) readDestinations(table Table, some []int) (Table, error) {
	if len(some) == 0 {
		return table, nil
	}
	reader, closeReader := c.destinationReader()
	defer closeReader()
	unverified, err := reader.dumpEach(table, some)
	if err != nil {
		return nil, err
	}
	if err := c.verifyDestinations(table, unverified); err != nil {
		return nil, err
	}
	var deleted []int
	for _, i := range some {
		switch err := reader.checkExists(&table[i]); {
		case errors.Is(err, ErrNoService):
			deleted = append(deleted, i)
		case err != nil:
			return nil, err
		}
	}
	return table.without(deleted), nil
}

// without returns the table without the services at some indices in ascending order.
func (t Table) without(some []int) Table {
	kept := t[:0]
	for i := range t {
		if len(some) > 0 && some[0] == i {
			some = some[1:]
			continue
		}
		kept = append(kept, t[i])
	}
	return kept
}

// checkExists returns ErrNoService if a service that has been listed is deleted by now. The
// kernel gives the same answer for a service without destinations and for a deleted one.
func (c *Client) checkExists(entry *TableEntry) error {
	if len(entry.Destinations) > 0 {
		return nil
	}
	_, err := c.Service(entry.Service.ServiceID)
	return err
}

var errNoDestinationLister = errors.New("no socket option to list destinations with")

// verifyDestinations compares the destinations of unverified services with those that
// the kernel lists at once: by socket option, or else in /proc. It reads those that
// differ again.
func (c *Client) verifyDestinations(table Table, unverified []int) error {
	if len(unverified) == 0 {
		return nil
	}
	if err := c.await(func() { unverified = c.unlikeSockopt(table, unverified) }); err != nil {
		return prefixed(err)
	}
	if len(unverified) == 0 {
		return nil
	}
	same := c.matchingProc(table, unverified)
	for _, i := range unverified {
		if same[i] {
			continue
		}
		id := table[i].Service.ServiceID
		destinations, err := c.rereadDestinations(id, table[i].Destinations)
		if err != nil {
			return withSubject(err, id)
		}
		table[i].Destinations = destinations
	}
	return nil
}

// unlikeSockopt returns those of some services of a table, given by their indices, whose
// destinations the kernel lists differently by socket option.
func (c *Client) unlikeSockopt(table Table, some []int) []int {
	lister := c.newDestinationLister()
	defer lister.close()
	return slices.DeleteFunc(some, func(i int) bool {
		return lister.matches(table[i].Service.ServiceID, table[i].Destinations)
	})
}

// HasExactly reports whether the kernel has exactly the services and destinations of a
// table. It does not compare their settings, and is usually much faster than Table.
func (c *Client) HasExactly(table Table) (bool, error) {
	services, err := c.Services()
	if err != nil {
		return false, err
	}
	if len(services) != len(table) {
		return false, nil
	}
	left := make(map[ServiceID]bool, len(table))
	for _, entry := range table {
		left[entry.Service.ServiceID] = true
	}
	for _, s := range services {
		delete(left, s.ServiceID)
	}
	if len(left) > 0 {
		return false, nil
	}
	if c.procMatches(table) {
		return true, nil
	}
	now, err := c.Table()
	return err == nil && now.sameIDs(table), err
}

// sameIDs reports whether two tables have the same services with the same
// destinations, whatever their settings and order.
func (t Table) sameIDs(other Table) bool {
	same := make(map[procRow]int, len(t))
	for row := range t.rows() {
		same[row]++
	}
	for row := range other.rows() {
		same[row]--
	}
	for _, n := range same {
		if n != 0 {
			return false
		}
	}
	return true
}

// TableEntry reads one service with its destinations. The error is ErrNoService if
// there is no such service.
func (c *Client) TableEntry(id ServiceID) (TableEntry, error) {
	s, err := c.Service(id)
	if err != nil {
		return TableEntry{}, err
	}
	destinations, err := c.Destinations(id)
	if err != nil {
		return TableEntry{}, err
	}
	return TableEntry{s, destinations}, nil
}

// Sort sorts the services and their destinations in ascending order of their Compare
// methods.
func (t Table) Sort() {
	t.sortServices()
	for i := range t {
		sortDestinations(t[i].Destinations)
	}
}

// sortServices sorts indices, because an entry is large.
func (t Table) sortServices() {
	order := make([]int32, len(t))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int { return t[a].Service.ServiceID.Compare(t[b].Service.ServiceID) })
	// The entry at i is to be the one that was at order[i]. Each round moves the entries
	// of one cycle.
	for i := range order {
		first := t[i]
		at := int32(i)
		for order[at] != int32(i) && order[at] >= 0 {
			from := order[at]
			t[at], order[at] = t[from], -1
			at = from
		}
		if order[at] >= 0 {
			t[at], order[at] = first, -1
		}
	}
}

// sortDestinations reverses destinations in descending order instead of sorting them:
// the kernel lists them in this order if they were added in ascending order.
func sortDestinations(destinations []Destination) {
	descend := func(i int) bool { return destinations[i-1].Compare(destinations[i].DestinationID) > 0 }
	i := 1
	for i < len(destinations) && descend(i) {
		i++
	}
	if i == len(destinations) {
		slices.Reverse(destinations)
		return
	}
	slices.SortFunc(destinations, func(a, b Destination) int { return a.DestinationID.Compare(b.DestinationID) })
}

// Compare orders services, as cmp.Compare does: addresses before firewall marks;
// addresses by family, protocol number, address and port; marks by mark and family.
func (id ServiceID) Compare(other ServiceID) int {
	if c := cmp.Compare(id.FWMark, other.FWMark); c != 0 {
		return c
	}
	if c := cmp.Compare(id.AddressFamily(), other.AddressFamily()); c != 0 {
		return c
	}
	if c := cmp.Compare(id.Protocol, other.Protocol); c != 0 {
		return c
	}
	return id.AddrPort.Compare(other.AddrPort)
}

// Compare orders destinations by family, address and port.
func (id DestinationID) Compare(other DestinationID) int { return id.AddrPort.Compare(other.AddrPort) }
