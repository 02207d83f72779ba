// SPDX-License-Identifier: Apache-2.0

package diagnose

import (
	"errors"
	"net/netip"
	"slices"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// isLocal tells whether packets to an address are for this machine: it has the address, or
// a local route for it, if only for packets with a mark.
func (v *view) isLocal(addr netip.Addr) (bool, error) {
	rules, err := v.policyRules()
	if err != nil {
		return false, err
	}
	marks := []uint32{0}
	for _, r := range rules {
		if r.Mark != 0 && r.IPv6 == addr.Is6() && !slices.Contains(marks, r.Mark) {
			marks = append(marks, r.Mark)
		}
	}
	for _, mark := range marks {
		route, err := v.route(Query{Dst: addr, Mark: mark})
		if err != nil || route.Kind == LocalPath {
			return err == nil, err
		}
	}
	return false, nil
}

// mayBeLocal tells whether policy rules, which nobody can try for all packets, may make an
// address local.
func (v *view) mayBeLocal(addr netip.Addr) (bool, error) {
	rules, err := v.policyRules()
	return slices.ContainsFunc(rules, func(r PolicyRule) bool { return r.Selective && r.IPv6 == addr.Is6() }), err
}

// unlessSelected makes a finding about an address that is not local a warning if policy rules
// may make it local.
func (v *view) unlessSelected(f *Finding, addr netip.Addr) error {
	maybe, err := v.mayBeLocal(addr)
	if maybe {
		f.Severity = Warning
		f.Facts += " But policy rules go by more than the destination, and may make it local for packets that come in."
	}
	return err
}

// having returns the addresses that are addr.
func (v *view) having(addr netip.Addr) ([]Address, error) {
	all, err := v.read.byAddr.get(func() (map[netip.Addr][]Address, error) {
		addresses, err := v.addresses()
		all := map[netip.Addr][]Address{}
		for _, a := range addresses {
			all[a.Prefix.Addr()] = append(all[a.Prefix.Addr()], a)
		}
		return all, err
	})
	return all[addr], err
}

// near returns the interface on whose network an address is, other than with the address
// itself. It is "" if there is none.
func (v *view) near(addr netip.Addr) (link string, err error) {
	addresses, err := v.addresses()
	for _, a := range addresses {
		if a.Prefix.Addr() != addr && !a.Prefix.IsSingleIP() && a.Prefix.Contains(addr) {
			return a.Link, err
		}
	}
	return "", err
}

// byName returns an interface, or nil.
func (v *view) byName(name string) (*Link, error) {
	all, err := v.read.linkOf.get(func() (map[string]*Link, error) {
		links, err := v.links()
		all := map[string]*Link{}
		for i := range links {
			all[links[i].Name] = &links[i]
		}
		return all, err
	})
	return all[name], err
}

// location is an address on the network of an interface.
type location struct {
	addr netip.Addr
	link string
}

// neighbourAt returns what the kernel knows of a machine on a network of this one, or nil.
func (v *view) neighbourAt(addr netip.Addr, link string) (*Neighbour, error) {
	all, err := v.read.seenAt.get(func() (map[location]*Neighbour, error) {
		neighbours, err := v.neighbours()
		all := map[location]*Neighbour{}
		for i := range neighbours {
			all[location{neighbours[i].Addr, neighbours[i].Link}] = &neighbours[i]
		}
		return all, err
	})
	return all[location{addr, link}], err
}

// defaultRoute returns the route to machines that no other route is for.
func (v *view) defaultRoute(f ipvs.Family) (Route, error) {
	if f == ipvs.IPv6 {
		return v.route(Query{Dst: netip.IPv6Unspecified()})
	}
	return v.route(Query{Dst: netip.IPv4Unspecified()})
}

// errNoDefault says that nobody knows where clients are.
var errNoDefault = errors.New("there is no default route: name a client with --client")

// toClients returns the route to the client of the options, or else the default route.
func (v *view) toClients(f ipvs.Family) (Route, error) {
	if v.options.Client.IsValid() && ipvs.FamilyOf(v.options.Client) == f {
		return v.route(Query{Dst: v.options.Client})
	}
	route, err := v.defaultRoute(f)
	if err == nil && route.Kind == NoRoute {
		err = errNoDefault
	}
	return route, err
}

// hostPrefix is an address as a network of its own, as ip(8) writes it.
func hostPrefix(addr netip.Addr) string { return netip.PrefixFrom(addr, addr.BitLen()).String() }
