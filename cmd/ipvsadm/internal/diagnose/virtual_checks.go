// SPDX-License-Identifier: Apache-2.0

package diagnose

import (
	"net/netip"
	"slices"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// virtualChecks are of the addresses of services, on the director.
var virtualChecks = []check{
	{
		id: "vip-missing", severity: Fault, reads: TheTable | TheAddresses | TheRoutes | ThePolicyRules | TheLinks | TheDaemons | TheManagers,
		holds: "The virtual address of a service is on no interface, and no route makes it local. " +
			"Where a backup sync daemon or keepalived runs, it is a warning: a director that waits for another one to fail does not have the address.",
		symptom: `Clients see a timeout or "no route to host": packets to the address never reach IPVS.`,
		advice:  "Add the address; keepalived or the network configuration of the system does that at boot.",
		virtual: vipMissing,
	},
	{
		id: "vip-down", severity: Warning, reads: TheTable | TheAddresses | TheRoutes | ThePolicyRules | TheLinks,
		holds: "The virtual address is only on interfaces that are down, or that have no carrier. An address of IPv4 stays local, and other " +
			"interfaces answer for it; one of IPv6 does not, which is a fault.",
		symptom: "Clients behind that interface see a timeout.",
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
		id: "vip-duplicate", severity: Fault, reads: TheTable | TheAddresses | TheLinks,
		holds:   "The kernel does not use an IPv6 virtual address, because another machine has it, or because it still asks (a warning).",
		symptom: "Clients see a timeout with IPv6, while IPv4 works.",
		advice: "Find the other machine. On a real server of direct routing the address belongs on lo; " +
			"on a director it may have the option nodad.",
		virtual: vipDuplicate,
	},
	{
		id: "vip-elsewhere", severity: Fault, reads: TheTable | TheAddresses | TheLinks | TheRoutes | ThePolicyRules | TheNeighbours | TheAnswers,
		holds: "With --probe: another machine answers ARP requests or neighbour solicitations for a virtual address that this machine has, too. " +
			"Two packets are sent for each address, and the answers of a second count.",
		symptom: "It works for some clients and for some time. Others take that machine for the director, and it gets all that they send.",
		advice: "If it is a real server, run on it the line below. Of several directors only one may have the address; " +
			"if it waits for this one to fail, look why it has the address.",
		virtual: vipElsewhere,
	},
	{
		id: "rp-filter", severity: Warning, reads: TheTable | TheAddresses | TheLinks | TheRoutes | TheSettings | ThePackets,
		holds: "The route to the client of --client leaves by another interface than the one with the virtual address, where rp_filter is 1. " +
			"If that is lo or a dummy, the interface on the network of the client counts. " +
			"The kernel goes by the larger one of rp_filter for all interfaces and for this one.",
		symptom: "Clients that come by the interface with the address see a timeout. The counter IPReversePathFilter in /proc/net/netstat grows.",
		advice:  "Correct the route, or set rp_filter to 2, which is larger than 1 for all: then any route to the client will do.",
		virtual: rpFilter,
	},
	{
		id: "local-client", severity: Note, reads: TheTable | TheRoutes,
		holds:   "The client of --client is the director itself.",
		symptom: "With -g and -i, its own connections to the service fail, while those of other clients work.",
		advice:  "Test from another machine.",
		machine: localClient,
	},
	{
		id: "vip-prefix", severity: Note, reads: TheTable | TheAddresses | TheRoutes | TheSettings,
		holds:   "The director's own packets to a server leave with the virtual address, although the interface has another address of that network.",
		symptom: "Health checks and other packets of the director come from an odd address, and from another one after a failover.",
		advice:  "Give the virtual address the length of a single address.",
		virtual: vipPrefix,
	},
	{
		id: "port-taken", severity: Note, reads: TheTable | TheListeners,
		holds:   "A program of the director listens on the address and port of a service.",
		symptom: "IPVS goes first. Without the service, clients reach that program.",
		advice:  "That is right for a page that says sorry; otherwise let the program listen on another address.",
		service: portTaken,
	},
	{
		id: "kube-vip-node", severity: Fault, reads: TheTable | TheAddresses | TheLinks | TheRoutes,
		holds: "kube-proxy has put an address on kube-ipvs0 that is the default gateway's. If another interface of this node has the address, too, " +
			"it is a warning.",
		symptom: "The whole node is unreachable, or nodes cannot reach each other.",
		advice:  "Remove the address from externalIPs and from the status of the service; kube-proxy would add it again.",
		machine: kubeVIPNode,
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
	if f, err := v.missingOnStandby(a); f != nil || err != nil {
		return f, err
	}
	link, err := v.linkFor(a.addr)
	if err != nil {
		return nil, err
	}
	f := found("No interface has %s, and no local route.", a.addr)
	if link != "" {
		f.mend("ip", "address", "add", hostPrefix(a.addr), "dev", link)
	}
	return f, v.unlessSelected(f, a.addr)
}

// linkFor returns the interface that is the best one for an address: that on whose network it
// is, that of the default route, or the first. It is "" if this machine has none.
func (v *view) linkFor(addr netip.Addr) (string, error) {
	near, err := v.near(addr)
	if err != nil || near != "" {
		return near, err
	}
	route, err := v.defaultRoute(ipvs.FamilyOf(addr))
	if err != nil || route.Link != "" {
		return route.Link, err
	}
	links, err := v.links()
	if i := slices.IndexFunc(links, func(l Link) bool { return l.asksByARP() }); i >= 0 {
		return links[i].Name, err
	}
	return "", err
}

// missingOnStandby returns a warning if this may be the director that waits for another one to
// fail. It has no command: two directors must not have the address. Those who may not read
// which sync daemons run do not see all programs, either.
func (v *view) missingOnStandby(a virtual) (*Finding, error) {
	managers, err := v.managers()
	if err != nil {
		return nil, err
	}
	backup, unknown := v.isBackup()
	reason := ""
	switch {
	case slices.Contains(managers, "keepalived"):
		reason = "keepalived runs here"
	case unknown != nil:
		reason = "which sync daemons run here is not known"
	case backup:
		reason = "a backup sync daemon runs here"
	default:
		return nil, nil
	}
	f := found("No interface has %s, and no local route. But %s: that is right on a director that waits for another one to fail.", a.addr, reason)
	f.Severity, f.Advice = Warning, "Look whether another director has the address. If none has it, look why this one does not take it."
	return f, nil
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
	case len(down) > 0:
		f := found("%s is on %s, which is down.", a.addr, down[0]).mend("ip", "link", "set", down[0], "up")
		if !local {
			f.Severity, f.Symptom = Fault, "Clients see a timeout."
		}
		return f, nil
	case len(dead) > 0:
		return found("%s is on %s, which has no carrier.", a.addr, someOf(dead)), nil
	}
	return nil, nil
}

// linkOfClient returns the interface on whose network the client of the options is, or nil, and
// the client.
func (v *view) linkOfClient() (*Link, netip.Addr, error) {
	client := v.options.Client
	near, err := v.near(client)
	if err != nil || near == "" {
		return nil, client, err
	}
	link, err := v.byName(near)
	return link, client, err
}
