// SPDX-License-Identifier: Apache-2.0

package ipvs

import (
	"fmt"
	"net/netip"
)

// Destinations lists the destinations of a service in the kernel's order. Each
// destination that exists throughout the call is listed exactly once, whatever others
// add or delete at the same time. If there is no such service, the list is empty and
// the error nil, as the kernel does not tell. The error is ErrInterrupted if they
// keep changing while they are read.
func (c *Client) Destinations(id ServiceID) ([]Destination, error) {
	destinations, complete, err := c.dumpDestinations(id)
	if err != nil || complete {
		return destinations, err
	}
	table := Table{{Service{ServiceID: id}, destinations}}
	if err = c.verifyDestinations(table, []int{0}); err != nil {
		return nil, err
	}
	return table[0].Destinations, nil
}

// dumpDestinations dumps the destinations of a service once. If complete is set, the
// dump neither repeats nor omits any.
func (c *Client) dumpDestinations(id ServiceID) (destinations []Destination, complete bool, err error) {
	r := newRequest(CommandGetDestinations)
	r.Nest(attrService, id.encode)
	family := id.AddressFamily()
	a, err := dump(c, r, nested(attrDestination, func(d *Destination, b []byte) error {
		return d.decode(b, family)
	}))
	if err != nil {
		return nil, false, withSubject(err, id)
	}
	if c.conn.socket == nil {
		return distinctDestinations(a.objects), a.chunks.isComplete(), nil
	}
	return a.objects, a.chunks.isComplete(), nil
}

// destinationTries limits how often the destinations of one service are dumped. Each
// dump adds to those that are known, so few are missing after some of them, even if
// hundreds of others are deleted during each dump.
const destinationTries = 50

// rereadDestinations repeats the dump until it has read all destinations that /proc
// listed at first and still lists. If /proc lists one that no dump has, the dumps decide.
func (c *Client) rereadDestinations(id ServiceID, last []Destination) ([]Destination, error) {
	seen := map[DestinationID]Destination{}
	var first map[netip.AddrPort]bool
	for range destinationTries {
		for _, d := range last {
			seen[d.DestinationID] = d
		}
		listed, ok := c.procDestinations(id)
		if !ok {
			return c.consistentDestinations(id, last)
		}
		missing := false
		for _, addr := range listed {
			_, found := seen[DestinationID{addr}]
			missing = missing || !found && (first == nil || first[addr])
		}
		if !missing {
			return orderDestinations(seen, listed, last), nil
		}
		if first == nil {
			first = map[netip.AddrPort]bool{}
			for _, addr := range listed {
				first[addr] = true
			}
		}
		var complete bool
		var err error
		if last, complete, err = c.dumpDestinations(id); err != nil || complete {
			return last, err
		}
	}
	return c.consistentDestinations(id, last)
}

// orderDestinations returns the seen destinations that /proc lists, in its order, and
// then the others of the last dump. Destinations in neither are gone.
func orderDestinations(seen map[DestinationID]Destination, listed []netip.AddrPort, last []Destination) []Destination {
	picked := make([]Destination, 0, len(seen))
	pick := func(id DestinationID) {
		if d, ok := seen[id]; ok {
			picked = append(picked, d)
			delete(seen, id)
		}
	}
	for _, addr := range listed {
		pick(DestinationID{addr})
	}
	for _, d := range last {
		pick(d.DestinationID)
	}
	return picked
}

// consistentDestinations repeats the dump until two dumps in a row have the same
// destinations. It serves where /proc does not list the service.
func (c *Client) consistentDestinations(id ServiceID, last []Destination) ([]Destination, error) {
	before := distinctDestinations(last)
	for range readTries {
		destinations, complete, err := c.dumpDestinations(id)
		if err != nil || complete {
			return destinations, err
		}
		now := distinctDestinations(destinations)
		same := len(now) == len(before)
		for i := 0; same && i < len(now); i++ {
			same = now[i].DestinationID == before[i].DestinationID
		}
		if same {
			return now, nil
		}
		before = now
	}
	return nil, fmt.Errorf("ipvs: %w", errInterrupted)
}

// distinctDestinations keeps one of each destination.
func distinctDestinations(destinations []Destination) []Destination {
	seen := make(map[DestinationID]Destination, len(destinations))
	for _, d := range destinations {
		seen[d.DestinationID] = d
	}
	return orderDestinations(seen, nil, destinations)
}
