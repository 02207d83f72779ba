// SPDX-License-Identifier: Apache-2.0

package diagnose

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

func rARPIgnore(v *view) ([]Finding, error) {
	has, err := v.arpMatters()
	if err != nil {
		return nil, err
	}
	for _, a := range has {
		link, err := v.byName(a.Link)
		if err != nil {
			return nil, err
		}
		if link != nil && link.asksByARP() && !a.Duplicate {
			f := found("%s is on %s itself, which answers neighbour solicitations for it.", v.vip(), link.Name)
			if v.vip().Is4() {
				f.Facts = fmt.Sprintf("%s is on %s itself, which answers for it whatever arp_ignore says.", v.vip(), link.Name)
				f.setSysctl(1, "net", "ipv4", "conf", "all", "arp_ignore").setSysctl(2, "net", "ipv4", "conf", "all", "arp_announce")
			}
			f.mend("ip", "address", "delete", a.Prefix.String(), "dev", link.Name).mend("ip", "address", "add", hostPrefix(v.vip()), "dev", "lo")
			_, asked, err := v.networkOf(link)
			switch {
			case err != nil:
				return nil, err
			case asked:
				return v.unlessARPTables(f), nil
			}
			return v.whereNobodyAsks(f), nil
		}
	}
	hostScope := !slices.ContainsFunc(has, func(a Address) bool { return !a.HostScope })
	answers := func(value int) bool { return answersForOthers(value, hostScope) }
	return v.arpSetting("arp_ignore", 1, answers, "it answers ARP requests for addresses of other interfaces")
}

// answersForOthers tells whether an interface with a value of arp_ignore answers ARP requests
// for an address of another interface, which may have the scope host.
func answersForOthers(value int, hostScope bool) bool {
	switch value {
	case 1, 2, 8:
		return false
	case 3:
		return !hostScope
	}
	return true
}

func rARPAnnounce(v *view) ([]Finding, error) {
	if _, err := v.arpMatters(); err != nil {
		return nil, err
	}
	announces := func(value int) bool { return value != 2 } // the kernel takes larger ones for 0
	return v.arpSetting("arp_announce", 2, announces, "it puts addresses of other interfaces into ARP requests")
}

// arpMatters returns the virtual addresses of this server. It is not applicable to address
// translation, or without one.
func (v *view) arpMatters() ([]Address, error) {
	if !v.takesVIP() {
		return nil, errNotApplicable
	}
	has, err := v.having(v.vip())
	if err == nil && len(has) == 0 {
		err = errNotApplicable // r-vip tells
	}
	return has, err
}

// arpSetting finds an interface for which a setting is wrong, if possible one on whose network
// others ask for the virtual address. The command for all interfaces mends all but those with
// a larger value of their own. IPv6 has no such settings: there a machine answers only for
// addresses of the interface that is asked.
func (v *view) arpSetting(name string, right int, wrong func(value int) bool, effect string) ([]Finding, error) {
	links, err := v.links()
	if err != nil || v.vip().Is6() {
		return nil, err
	}
	var elsewhere *Finding
	for i := range links {
		link := &links[i]
		numbered, asked, err := v.networkOf(link)
		if err != nil {
			return nil, err
		}
		if !numbered || !link.asksByARP() {
			continue
		}
		value, err := v.largest(link.Name, name)
		if err != nil {
			return nil, err
		}
		if !wrong(value) {
			continue
		}
		f := found("%s is %d on %s: %s.", name, value, link.Name, effect).setSysctl(right, "net", "ipv4", "conf", "all", name)
		if own, err := v.number("net", "ipv4", "conf", link.Name, name); err != nil {
			return nil, err
		} else if own > right {
			f.setSysctl(right, "net", "ipv4", "conf", link.Name, name)
		}
		switch {
		case asked:
			return v.unlessARPTables(f), nil
		case elsewhere == nil:
			elsewhere = f
		}
	}
	return v.whereNobodyAsks(elsewhere), nil
}

// networkOf tells whether an interface has an address of a network, and whether others ask for
// the virtual address there, because it is one of that network.
func (v *view) networkOf(link *Link) (numbered, asked bool, err error) {
	networks, err := v.read.networks.get(v.networks)
	for _, prefix := range networks[link.Name] {
		numbered = numbered || prefix.Addr().Is6() == v.vip().Is6()
		asked = asked || prefix.Contains(v.vip())
	}
	return numbered, asked, err
}

// networks returns the networks of each interface.
func (v *view) networks() (map[string][]netip.Prefix, error) {
	addresses, err := v.addresses()
	networks := map[string][]netip.Prefix{}
	for _, a := range addresses {
		if !a.Prefix.IsSingleIP() {
			networks[a.Link] = append(networks[a.Link], a.Prefix)
		}
	}
	return networks, err
}

// whereNobodyAsks makes a finding about ARP a warning, because nobody may ask for the virtual
// address there. Packets of a tunnel come from other networks, and it finds nothing.
func (v *view) whereNobodyAsks(f *Finding) []Finding {
	if f == nil || v.options.Forward == ipvs.Tunnel {
		return nil
	}
	f.Severity = Warning
	return v.unlessARPTables(f)
}

// unlessARPTables makes a finding a warning if arptables may do what is missing. It does nothing
// with IPv6.
func (v *view) unlessARPTables(f *Finding) []Finding {
	if v.vip().Is6() {
		return one(f)
	}
	return v.unlessLoaded(f, arpTables[:], "arptables may drop such packets")
}
