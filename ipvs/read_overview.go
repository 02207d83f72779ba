// SPDX-License-Identifier: Apache-2.0

package ipvs

import "slices"

// Overview reads the table as Table does, with the same promise, but of each destination
// only what a plain listing shows: DestinationID, Forward, Weight, ActiveConns and
// InactiveConns. Other fields of destinations may be zero although the kernel has a value,
// so the result does not serve to save, compare or restore a table. Services are complete.
//
// Overview is faster than Table, because it reads the destinations from /proc/net/ip_vs of
// the client's network namespace. Where that file cannot tell, or is missing, Overview asks
// as Table does.
func (c *Client) Overview() (Table, error) {
	return c.readProcFirst(func(lister *destinationLister, entry *TableEntry) (known bool) {
		return !entry.has(Masquerade) || lister.tell(entry.Service.ServiceID, entry.Destinations)
	})
}

// Settings reads the table as Table does, with the same promise, but leaves out what does
// not change how packets are forwarded: the counters and rates of destinations, and the
// tunnel type, port and flags of those whose method is another than Tunnel. They may be zero
// although the kernel has a value.
//
// Settings is faster than Table for IPv4 services without tunnels: it reads the list of
// their destinations from /proc/net/ip_vs, and the rest by socket option.
func (c *Client) Settings() (Table, error) {
	return c.readProcFirst(func(lister *destinationLister, entry *TableEntry) (known bool) {
		if len(entry.Destinations) == 0 {
			return true
		}
		// One may have become a tunnel after the file was read.
		return !entry.has(Tunnel) && lister.tell(entry.Service.ServiceID, entry.Destinations) && !entry.has(Tunnel)
	})
}

// has reports whether a destination has a forwarding method.
func (entry *TableEntry) has(method ForwardingMethod) bool {
	return slices.ContainsFunc(entry.Destinations, func(d Destination) bool { return d.Forward == method })
}

// readProcFirst reads the table from /proc/net/ip_vs where that lists its destinations,
// and where tell reports that all is known then that the caller wants. It dumps the
// destinations of other services.
func (c *Client) readProcFirst(tell func(*destinationLister, *TableEntry) (known bool)) (Table, error) {
	large := c.usesLargeChunks()
	a, err := c.dumpServices()
	if err != nil {
		return nil, err
	}
	table := tableOf(a.objects)
	if len(table) == 0 && a.chunks.isComplete() {
		return table, nil
	}
	listing := c.joinProc(table, a.chunks.boundaries())
	if !a.chunks.isComplete() && !listing.confirms(a) {
		services, err := c.completeServices(a, large)
		if err != nil {
			return nil, err
		}
		if !listing.lists(services) {
			table = tableOf(services)
			listing = c.joinProc(table, nil)
		}
	}
	if err := c.await(func() { c.tellMore(listing, tell) }); err != nil {
		return nil, prefixed(err)
	}
	return c.readDestinations(table, listing.unknown())
}

// tableOf returns a table of services without their destinations.
func tableOf(services []Service) Table {
	table := make(Table, len(services))
	for i := range services {
		table[i].Service = services[i]
	}
	return table
}

// confirms reports whether the file proves that a dump is complete: both list the same
// services in the same order, each once, the dump reached the end, and no page of the
// file begins where a chunk of the dump does. As in a chunk, nothing is missing between
// two services of a page. See serviceOrder.
func (l *procListing) confirms(a *answer[Service]) bool {
	boundaries := a.chunks.boundaries()
	atChunk := func(page int) bool {
		_, found := slices.BinarySearch(boundaries, page)
		return found
	}
	return l.ordered && a.chunks.reachedEnd() && !slices.ContainsFunc(l.pages, atChunk) && areDistinct(a.objects)
}

// lists reports whether the file lists exactly some services, in their order.
func (l *procListing) lists(services []Service) bool {
	return l.ordered && slices.EqualFunc(l.table, services, func(entry TableEntry, s Service) bool {
		return entry.Service.ServiceID == s.ServiceID
	})
}

// tellMore calls tell for each known service.
func (c *Client) tellMore(l *procListing, tell func(*destinationLister, *TableEntry) (known bool)) {
	lister := c.newDestinationLister()
	defer lister.close()
	for i := range l.table {
		l.known[i] = l.known[i] && tell(lister, &l.table[i])
	}
}

func areDistinct(services []Service) bool {
	seen := make(map[ServiceID]struct{}, len(services))
	for i := range services {
		seen[services[i].ServiceID] = struct{}{}
	}
	return len(seen) == len(services)
}
