package ipvs

import (
	"fmt"
	"net/netip"
)

// Destinations lists the destinations of a service in the kernel's order. None
// that is there all the time is missing, and none is there twice, whatever is added
// or deleted meanwhile. The kernel answers with an empty list, not an error, if there
// is no such service.
func (c *Client) Destinations(id ServiceID) ([]Destination, error) {
	destinations, whole, err := c.dumpDestinations(id)
	if err != nil || whole {
		return destinations, err
	}
	destinations, err = c.allDestinations(id, destinations)
	return destinations, describe(err, id)
}

// dumpDestinations asks for the destinations of a service once. Whole tells that
// none can be missing, or there twice.
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
	if c.socket == nil {
		return distinct(a.objects), a.parts.whole(), nil
	}
	return a.objects, a.parts.whole(), nil
}

// manyDestinations are read more quickly in large parts.
const manyDestinations = 32

// allDestinations reads again until all destinations that /proc listed first, and
// lists still, have been read.
func (c *Client) allDestinations(id ServiceID, last []Destination) ([]Destination, error) {
	seen := map[DestinationID]Destination{}
	var first map[netip.AddrPort]bool
	for range readTries {
		for _, d := range last {
			seen[d.DestinationID] = d
		}
		listed, ok := c.listedDestinations(id)
		if !ok {
			return c.stableDestinations(id, last)
		}
		missing := false
		for _, addr := range listed {
			_, found := seen[DestinationID{addr}]
			missing = missing || !found && (first == nil || first[addr])
		}
		if !missing {
			return pickDestinations(seen, listed, last), nil
		}
		if first == nil {
			first = map[netip.AddrPort]bool{}
			for _, addr := range listed {
				first[addr] = true
			}
		}
		var whole bool
		var err error
		if last, whole, err = c.dumpDestinations(id); err != nil || whole {
			return last, err
		}
	}
	return nil, fmt.Errorf("ipvs: %w", errInterrupted)
}

// pickDestinations has what /proc lists and was seen, in that order, and then what
// else the last dump has. What is in neither is gone.
func pickDestinations(seen map[DestinationID]Destination, listed []netip.AddrPort, last []Destination) []Destination {
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

// stableDestinations reads until two readings have the same destinations, where
// /proc does not list the service.
func (c *Client) stableDestinations(id ServiceID, last []Destination) ([]Destination, error) {
	before := distinct(last)
	for range readTries {
		destinations, whole, err := c.dumpDestinations(id)
		if err != nil || whole {
			return destinations, err
		}
		now := distinct(destinations)
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

// distinct keeps one of each destination.
func distinct(destinations []Destination) []Destination {
	seen := make(map[DestinationID]Destination, len(destinations))
	for _, d := range destinations {
		seen[d.DestinationID] = d
	}
	return pickDestinations(seen, nil, destinations)
}
