package ipvs

import (
	"errors"
	"io/fs"
	"slices"
)

// readTable reads the table once. Whole tells that nothing can be missing or there
// twice.
func (c *Client) readTable() (table Table, whole bool, err error) {
	services, whole, err := c.dumpServices()
	if err != nil {
		return nil, false, err
	}
	table = make(Table, 0, len(services))
	for _, s := range services {
		destinations, allOfThem, err := c.dumpDestinations(s.ServiceID)
		if err == nil && len(destinations) == 0 {
			// The kernel answers so for a service without destinations and for
			// one that is gone.
			_, err = c.Service(s.ServiceID)
		}
		if errors.Is(err, fs.ErrNotExist) && !errors.Is(err, ErrNoIPVS) {
			continue
		}
		if err != nil {
			return nil, false, err
		}
		whole = whole && allOfThem
		table = append(table, TableEntry{s, destinations})
	}
	return table, whole, nil
}

// readServices reads the services once, without their destinations.
func (c *Client) readServices() (table Table, whole bool, err error) {
	services, whole, err := c.dumpServices()
	if err != nil {
		return nil, false, err
	}
	table = make(Table, len(services))
	for i := range services {
		table[i].Service = services[i]
	}
	return table, whole, nil
}

// readDestinations reads the destinations of a service once. With a firewall mark
// it reads those of both families, which /proc does not tell apart.
func (c *Client) readDestinations(service procService) (table Table, whole bool, err error) {
	whole = true
	for _, id := range service.ids() {
		destinations, allOfThem, err := c.dumpDestinations(id)
		if err != nil {
			return nil, false, err
		}
		whole = whole && allOfThem
		table = append(table, TableEntry{Service{ServiceID: id}, destinations})
	}
	return table, whole, nil
}

// dumpServices asks for all services.
func (c *Client) dumpServices() (services []Service, whole bool, err error) {
	a, err := dump(c, newRequest(CommandGetService), inside(attrService, (*Service).decode))
	if err != nil {
		return nil, false, err
	}
	if !a.parts.firstIsWhole() {
		return a.objects, false, nil
	}
	// The kernel always looks once more from where it stopped, and gives services
	// again if other namespaces have more of them now.
	services = make([]Service, 0, len(a.objects))
	for i, s := range a.objects {
		if slices.ContainsFunc(services, func(other Service) bool { return other.ServiceID == s.ServiceID }) {
			continue
		}
		if i >= a.parts.first {
			return a.objects, false, nil
		}
		services = append(services, s)
	}
	return services, true, nil
}

// dumpDestinations asks for the destinations of a service.
func (c *Client) dumpDestinations(id ServiceID) (destinations []Destination, whole bool, err error) {
	r := newRequest(CommandGetDestinations)
	r.nest(attrService, id.encode)
	family := id.AddressFamily()
	a, err := dump(c, r, inside(attrDestination, func(d *Destination, b []byte) error {
		return d.decode(b, family)
	}))
	if err != nil {
		return nil, false, describe(err, id)
	}
	if len(a.objects) >= manyDestinations && c.socket != nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.socket.widen()
	}
	return a.objects, a.parts.firstIsWhole() && a.parts.first == len(a.objects), nil
}

// manyDestinations are read more quickly in large parts.
const manyDestinations = 32
