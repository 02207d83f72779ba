package ipvs

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
)

// Table is a snapshot of all services with their destinations. It is not
// atomic: the kernel hands out one service's destinations at a time.
type Table []TableEntry

// TableEntry is a service and its destinations.
type TableEntry struct {
	Service      Service
	Destinations []Destination
}

// Table reads all services with their destinations, in the kernel's order. A
// service that is deleted meanwhile is left out.
func (c *Client) Table() (Table, error) {
	services, err := c.Services()
	if err != nil {
		return nil, err
	}
	table := make(Table, 0, len(services))
	for _, s := range services {
		destinations, err := c.Destinations(s.ServiceID)
		if err == nil && len(destinations) == 0 {
			// The kernel answers so for a service without destinations and for
			// one that is gone.
			_, err = c.Service(s.ServiceID)
		}
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		table = append(table, TableEntry{s, destinations})
	}
	return table, nil
}

// StableTable reads the table as Table does, and makes sure that no service is
// missing. The kernel hands out many services in parts and goes on by counting,
// those of all network namespaces together (ip_vs_genl_dump_services in
// ip_vs_ctl.c), so one that is added or deleted meanwhile can hide another. A
// table whose services are not the same before and after is read again, some
// times; then the error says that it kept changing.
func (c *Client) StableTable() (Table, error) {
	for range readTries {
		table, err := c.Table()
		if err != nil {
			return nil, err
		}
		services, err := c.Services()
		if err != nil {
			return nil, err
		}
		if table.hasJust(services) {
			return table, nil
		}
	}
	return nil, fmt.Errorf("ipvs: %w", errInterrupted)
}

// hasJust tells whether the services of the table are these.
func (t Table) hasJust(services []Service) bool {
	if len(t) != len(services) {
		return false
	}
	known := make(map[ServiceID]bool, len(t))
	for _, entry := range t {
		known[entry.Service.ServiceID] = true
	}
	for _, s := range services {
		if !known[s.ServiceID] {
			return false
		}
	}
	return len(known) == len(services)
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
