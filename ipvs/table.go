package ipvs

import (
	"cmp"
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
// or destinations meanwhile. So it is compared with /proc/net/ip_vs, and read
// again; or, where there is no such file, until two readings are the same. The error
// says that the table kept changing if that does not come to an end.
func (c *Client) Table() (Table, error) {
	r := tableReader{client: c, read: c.readTable, concerns: func(procRow) bool { return true }}
	return r.complete()
}

// Services lists all services, in the kernel's order, an empty slice if there are
// none. As with Table, none is missing and none is there twice.
func (c *Client) Services() ([]Service, error) {
	r := tableReader{client: c, read: c.readServices, concerns: func(row procRow) bool { return !row.destination.IsValid() }}
	table, err := r.complete()
	if err != nil {
		return nil, err
	}
	services := make([]Service, len(table))
	for i := range table {
		services[i] = table[i].Service
	}
	return services, nil
}

// Destinations lists the destinations of a service in the kernel's order. As with
// Table, none is missing and none is there twice. The kernel answers with an empty
// list, not an error, if there is no such service.
func (c *Client) Destinations(id ServiceID) ([]Destination, error) {
	destinations, whole, err := c.dumpDestinations(id)
	if err != nil || whole {
		return destinations, err
	}
	service := procServiceOf(id)
	r := tableReader{
		client:   c,
		read:     func() (Table, bool, error) { return c.readDestinations(service) },
		concerns: func(row procRow) bool { return row.destination.IsValid() && row.service == service },
	}
	table, err := r.complete()
	for i := range table {
		if table[i].Service.ServiceID.Compare(id) == 0 {
			return table[i].Destinations, nil
		}
	}
	return []Destination{}, err
}

// HasJust tells whether the kernel has the services of a table with their
// destinations, and no others. It does not compare their settings, and takes a
// fraction of the time of Table where there is a /proc/net/ip_vs.
func (c *Client) HasJust(table Table) (bool, error) {
	r := tableReader{client: c, concerns: func(procRow) bool { return true }}
	if same, err := r.asCounted(table); err == nil {
		return same, nil
	}
	now, err := c.Table()
	if err != nil {
		return false, err
	}
	has, want := readings{}, readings{}
	has.add(now)
	want.add(table)
	return has.sameRows(want), nil
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
