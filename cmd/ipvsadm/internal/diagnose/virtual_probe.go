// SPDX-License-Identifier: Apache-2.0

package diagnose

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

func vipElsewhere(v *view, a virtual) (*Finding, error) {
	if !v.options.Probe {
		return nil, errNotApplicable
	}
	all, err := v.whoHas(ipvs.FamilyOf(a.addr))
	if err != nil || len(all[a.addr]) == 0 {
		return nil, err
	}
	var answers []string
	for _, n := range all[a.addr] {
		text := n.MAC + " on " + n.Link
		names, err := v.serversAt(n)
		if err != nil {
			return nil, err
		}
		if len(names) > 0 {
			text += " (server " + someOf(names) + ")"
		}
		answers = append(answers, text)
	}
	verb := "answers"
	if len(answers) > 1 {
		verb = "answer"
	}
	return found("%s %s for %s.", strings.Join(answers, ", "), verb, a.addr), nil
}

// whoHas returns who else has virtual addresses of a family.
func (v *view) whoHas(f ipvs.Family) (map[netip.Addr][]Neighbour, error) {
	a := v.read.whoHas[f]
	all, err := a.get(func() (map[netip.Addr][]Neighbour, error) { return v.askForVirtuals(f) })
	v.read.whoHas[f] = a
	return all, err
}

// askForVirtuals asks for all virtual addresses of a family that this machine has, at once. One
// that it does not have may be that of another director.
func (v *view) askForVirtuals(f ipvs.Family) (map[netip.Addr][]Neighbour, error) {
	var places []Place
	for _, a := range v.virtuals() {
		if ipvs.FamilyOf(a.addr) != f {
			continue
		}
		local, err := v.isLocal(a.addr)
		if err != nil {
			return nil, err
		}
		if !local {
			continue
		}
		links, err := v.linksToAsk(a.addr)
		if err != nil {
			return nil, err
		}
		for _, link := range links {
			places = append(places, Place{a.addr, link})
		}
	}
	if len(places) == 0 {
		return nil, nil
	}
	answers, err := v.facts.WhoHas(places)
	if err != nil {
		return nil, err
	}
	all := map[netip.Addr][]Neighbour{}
	for _, n := range answers {
		all[n.Addr] = append(all[n.Addr], n)
	}
	return all, nil
}

// linksToAsk returns the interfaces with an address, and that on whose network it is.
func (v *view) linksToAsk(addr netip.Addr) (names []string, err error) {
	has, err := v.having(addr)
	if err != nil {
		return nil, err
	}
	candidates := []string{}
	for _, a := range has {
		candidates = append(candidates, a.Link)
	}
	near, err := v.near(addr)
	if err != nil {
		return nil, err
	}
	for _, name := range append(candidates, near) {
		link, err := v.byName(name)
		if err != nil {
			return nil, err
		}
		if link != nil && link.asksByARP() && link.Carrier && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names, nil
}

// serversAt returns the addresses, of the same family, of real servers that have the MAC address
// of an answer.
func (v *view) serversAt(answer Neighbour) (names []string, err error) {
	neighbours, err := v.neighbours()
	if err != nil {
		return nil, err
	}
	for _, n := range neighbours {
		isServer := func(b backend) bool { return b.addr == n.Addr }
		isSame := n.MAC == answer.MAC && n.Link == answer.Link && n.Addr.Is4() == answer.Addr.Is4()
		if isSame && slices.ContainsFunc(v.backends(), isServer) && !slices.Contains(names, n.Addr.String()) {
			names = append(names, n.Addr.String())
		}
	}
	slices.Sort(names)
	return names, nil
}
