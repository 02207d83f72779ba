// SPDX-License-Identifier: Apache-2.0

package diagnose

import (
	"cmp"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// virtualChecks are of the addresses of services, on the director.
var virtualChecks = []check{
	{
		id: "vip-missing", severity: Fault, reads: TheTable | TheAddresses | TheRoutes | ThePolicyRules,
		holds:   "The virtual address of a service is on no interface, and no route makes it local.",
		symptom: `Clients see a timeout or "no route to host": packets to the address never reach IPVS.`,
		advice:  "Add the address; keepalived or the network configuration of the system does that at boot.",
		virtual: vipMissing,
	},
	{
		id: "vip-down", severity: Fault, reads: TheTable | TheAddresses | TheRoutes | ThePolicyRules | TheLinks,
		holds:   "The virtual address is only on interfaces that are down, or that have no carrier.",
		symptom: "Clients see a timeout.",
		advice:  "Set the interface up, or connect its cable.",
		virtual: vipDown,
	},
	{
		id: "vip-noarp", severity: Warning, reads: TheTable | TheAddresses | TheLinks | TheSettings,
		holds: "The virtual address is only on interfaces that do no ARP, such as lo or a dummy, and no other interface answers for it, " +
			"because of arp_ignore.",
		symptom: "The router of the clients finds no machine that has the address. That is right if a routing daemon announces it, by BGP or OSPF.",
		advice:  "Without a routing daemon, put the address on the interface towards the clients.",
		virtual: vipNoARP,
	},
	{
		id: "vip-duplicate", severity: Fault, reads: TheTable | TheAddresses,
		holds:   "The kernel does not use an IPv6 virtual address, because another machine has it, or because it still asks (a warning).",
		symptom: "Clients see a timeout with IPv6, while IPv4 works.",
		advice: "Find the other machine. On a real server of direct routing the address belongs on lo; " +
			"on a director it may have the option nodad.",
		virtual: vipDuplicate,
	},
}

func vipMissing(v *view, a virtual) (*Finding, error) {
	local, err := v.isLocal(a.addr)
	if err != nil || local {
		return nil, err
	}
	if has, err := v.having(a.addr); err != nil || len(has) > 0 {
		return nil, err // vip-down or vip-duplicate tells
	}
	link, err := v.near(a.addr)
	if err != nil {
		return nil, err
	}
	if link == "" {
		route, err := v.defaultRoute(ipvs.FamilyOf(a.addr))
		if err != nil {
			return nil, err
		}
		link = cmp.Or(route.Link, "eth0")
	}
	return found("No interface has %s, and no local route.", a.addr).
		mend("ip", "address", "add", hostPrefix(a.addr), "dev", link), nil
}

func vipDown(v *view, a virtual) (*Finding, error) {
	has, err := v.having(a.addr)
	if err != nil || len(has) == 0 {
		return nil, err
	}
	local, err := v.isLocal(a.addr)
	if err != nil {
		return nil, err
	}
	var down, dead []string
	for _, address := range has {
		link, err := v.byName(address.Link)
		switch {
		case err != nil:
			return nil, err
		case link == nil:
		case !link.Up:
			down = append(down, link.Name)
		case !link.Carrier && !link.Loopback:
			dead = append(dead, link.Name)
		default:
			return nil, nil
		}
	}
	switch {
	case !local && len(down) > 0:
		return found("%s is on %s, which is down.", a.addr, down[0]).mend("ip", "link", "set", down[0], "up"), nil
	case local && len(dead) > 0:
		f := found("%s is on %s, which has no carrier.", a.addr, strings.Join(dead, ", "))
		f.Severity, f.Symptom = Warning, "Clients behind that interface see a timeout."
		return f, nil
	}
	return nil, nil
}

func vipNoARP(v *view, a virtual) (*Finding, error) {
	has, err := v.having(a.addr)
	if err != nil || len(has) == 0 || a.addr.Is6() {
		return nil, err
	}
	for _, address := range has {
		link, err := v.byName(address.Link)
		if err != nil || link == nil || link.ARP && !link.Loopback {
			return nil, err
		}
	}
	links, err := v.links()
	if err != nil {
		return nil, err
	}
	var silent []string
	for _, link := range links {
		if !link.Up || !link.ARP || link.Loopback {
			continue
		}
		ignore, err := v.largest(link.Name, "arp_ignore")
		if err != nil || ignore == 0 {
			return nil, err
		}
		silent = append(silent, link.Name)
	}
	if len(silent) == 0 {
		return nil, nil
	}
	f := found("%s is only on %s, and %s: arp_ignore is set.", a.addr, has[0].Link, answersFor(silent))
	if near, err := v.near(a.addr); err != nil || near != "" {
		f.mend("ip", "address", "add", hostPrefix(a.addr), "dev", near)
	}
	return f, nil
}

// answersFor says that interfaces do not answer ARP requests for the address.
func answersFor(links []string) string {
	if len(links) == 1 {
		return links[0] + " does not answer ARP requests for it"
	}
	return strings.Join(links, ", ") + " do not answer ARP requests for it"
}

func vipDuplicate(v *view, a virtual) (*Finding, error) {
	has, err := v.having(a.addr)
	if err != nil {
		return nil, err
	}
	var tentative *Finding
	for _, address := range has {
		switch {
		case address.Duplicate:
			return found("Another machine has %s: the kernel has found that when the address was added to %s.", a.addr, address.Link), nil
		case address.Tentative:
			tentative = found("%s is tentative on %s: the kernel still asks whether another machine has it.", a.addr, address.Link)
			tentative.Severity, tentative.Symptom = Warning, "Clients see a timeout with IPv6 until that is over, usually for a second."
		default:
			return nil, nil
		}
	}
	return tentative, nil
}
