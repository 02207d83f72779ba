package ipvs

import (
	"cmp"
	"errors"
	"io/fs"
	"slices"
)

// Table is a snapshot of all services with their destinations. It is not
// atomic: the kernel lists one service's destinations at a time.
type Table []TableEntry

// TableEntry is a service and its destinations.
type TableEntry struct {
	Service      Service
	Destinations []Destination
}

// Table reads all services with their destinations, in the kernel's order. No
// service or destination that is there all the time is missing, and none is there
// twice, whatever is added or deleted meanwhile, here or in other network
// namespaces. A service that is deleted meanwhile is left out.
//
// The kernel's answer may lack something if it is large and others change services
// or destinations meanwhile. So services are read again in other parts, and
// destinations compared with /proc/net/ip_vs; where neither can be done, two
// readings must be the same. The error says that the table kept changing if that
// does not come to an end.
func (c *Client) Table() (Table, error) {
	services, err := c.Services()
	if err != nil {
		return nil, err
	}
	table := make(Table, 0, len(services))
	var unsure []int
	for _, s := range services {
		destinations, whole, err := c.dumpDestinations(s.ServiceID)
		if err == nil && len(destinations) == 0 {
			// The kernel answers so for a service without destinations and for
			// one that is gone.
			_, err = c.Service(s.ServiceID)
		}
		if errors.Is(err, fs.ErrNotExist) && !errors.Is(err, ErrNoIPVS) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if !whole {
			unsure = append(unsure, len(table))
		}
		table = append(table, TableEntry{s, destinations})
	}
	return table, c.checkDestinations(table, unsure)
}

// checkDestinations compares the destinations of some services with /proc, and
// reads those again that are not the same there.
func (c *Client) checkDestinations(table Table, unsure []int) error {
	if len(unsure) == 0 {
		return nil
	}
	same := c.listedAlike(table, unsure)
	for _, i := range unsure {
		if same[i] {
			continue
		}
		id := table[i].Service.ServiceID
		destinations, err := c.allDestinations(id, table[i].Destinations)
		if err != nil {
			return describe(err, id)
		}
		table[i].Destinations = destinations
	}
	return nil
}

// HasJust tells whether the kernel has the services of a table with their
// destinations, and no others. It does not compare their settings, and usually
// takes a fraction of the time of Table.
func (c *Client) HasJust(table Table) (bool, error) {
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
	if c.listsJust(table) {
		return true, nil
	}
	now, err := c.Table()
	return err == nil && now.sameIDs(table), err
}

// sameIDs tells whether two tables have the same services with the same destinations.
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

// TableEntry reads one service with its destinations. If there is none, the
// error is an fs.ErrNotExist.
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

// Sort puts the services and their destinations in ascending order.
func (t Table) Sort() {
	slices.SortFunc(t, func(a, b TableEntry) int { return a.Service.ServiceID.Compare(b.Service.ServiceID) })
	for i := range t {
		sortDestinations(t[i].Destinations)
	}
}

// sortDestinations is quicker where the kernel hands out the destinations from the
// last one to the first, as it does if they were added in order: sorting them was
// an eighth of a listing.
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

// Compare orders services: addresses before firewall marks, then by family,
// protocol number, address and port, or by mark and family.
func (id ServiceID) Compare(other ServiceID) int {
	return cmp.Or(
		cmp.Compare(id.FWMark, other.FWMark),
		cmp.Compare(id.AddressFamily(), other.AddressFamily()),
		cmp.Compare(id.Protocol, other.Protocol),
		id.AddrPort.Compare(other.AddrPort),
	)
}

// Compare orders destinations by family, address and port.
func (id DestinationID) Compare(other DestinationID) int { return id.AddrPort.Compare(other.AddrPort) }
