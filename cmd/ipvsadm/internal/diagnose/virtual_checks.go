// SPDX-License-Identifier: Apache-2.0

package diagnose

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

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

func vipNoARP(v *view, a virtual) (*Finding, error) {
	has, err := v.having(a.addr)
	if err != nil || len(has) == 0 || a.addr.Is6() {
		return nil, err
	}
	for _, address := range has {
		link, err := v.byName(address.Link)
		if err != nil || link == nil || link.ARP && !link.Loopback || link.Name == kubeInterface {
			return nil, err
		}
	}
	silent, err := v.read.silent.get(v.silentLinks)
	if err != nil || len(silent) == 0 {
		return nil, err
	}
	f := found("%s is only on %s, and %s: arp_ignore is set.", a.addr, has[0].Link, answersFor(silent))
	if near, err := v.near(a.addr); err != nil || near != "" {
		f.mend("ip", "address", "add", hostPrefix(a.addr), "dev", near)
	}
	return f, nil
}

func rpFilter(v *view, a virtual) (*Finding, error) {
	client := v.options.Client
	if !client.IsValid() || client.Is6() {
		return nil, errNotApplicable // there is no such filter for IPv6
	}
	has, err := v.having(a.addr)
	if err != nil || a.addr.Is6() || len(has) == 0 {
		return nil, err
	}
	route, err := v.route(Query{Dst: client, Src: a.addr}) // the kernel asks for that one
	if err != nil || route.Kind != UnicastPath {
		return nil, err
	}
	for _, address := range has {
		link, err := v.byName(address.Link)
		if err != nil {
			return nil, err
		}
		what := a.addr
		if link != nil && (link.Loopback || !link.ARP) { // no packets come by it
			if link, what, err = v.linkOfClient(); err != nil {
				return nil, err
			}
		}
		if link == nil || link.Name == route.Link {
			continue
		}
		filter, err := v.largest(link.Name, "rp_filter")
		if err != nil {
			return nil, err
		}
		if filter == 1 {
			return found("%s is on %s with rp_filter 1, and packets to %s leave by %s.%s", what, link.Name, client, route.Link, v.counted(filtered, "packets because of rp_filter")).
				setSysctl(2, "net", "ipv4", "conf", link.Name, "rp_filter"), nil
		}
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

func localClient(v *view) ([]Finding, error) {
	client := v.options.Client
	if !client.IsValid() {
		return nil, errNotApplicable
	}
	table, err := v.table()
	if err != nil || len(table) == 0 {
		return nil, err
	}
	route, err := v.route(Query{Dst: client})
	if err != nil || route.Kind != LocalPath {
		return nil, err
	}
	return one(found("%s is an address of this machine.", client)), nil
}

// kubeInterface has the addresses of the services of kube-proxy, for which nobody asks by ARP.
const kubeInterface = "kube-ipvs0"

// silentLinks returns the interfaces that do ARP, unless one of them answers for the addresses
// of others.
func (v *view) silentLinks() (names []string, err error) {
	links, err := v.links()
	if err != nil {
		return nil, err
	}
	for _, link := range links {
		if !link.asksByARP() {
			continue
		}
		ignore, err := v.largest(link.Name, "arp_ignore")
		if err != nil || answersForOthers(ignore, false) {
			return nil, err
		}
		names = append(names, link.Name)
	}
	return names, nil
}

// answersFor says that interfaces do not answer ARP requests for the address.
func answersFor(links []string) string {
	verb := "do"
	if len(links) == 1 {
		verb = "does"
	}
	return someOf(links) + " " + verb + " not answer ARP requests for it"
}

// someOf lists names, the first few of many.
func someOf(names []string) string {
	const few = 3
	if len(names) <= few+1 { // "and 1 others" would be no shorter
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d others", strings.Join(names[:few], ", "), len(names)-few)
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
			link, err := v.byName(address.Link)
			if err != nil {
				return nil, err
			}
			if link != nil && (!link.Up || !link.Carrier && !link.Loopback) {
				continue // vip-down tells
			}
			tentative = found("%s is tentative on %s: the kernel still asks whether another machine has it.", a.addr, address.Link)
			tentative.Severity, tentative.Symptom = Warning, "Clients see a timeout with IPv6 until that is over, usually for a second."
		default:
			return nil, nil
		}
	}
	return tentative, nil
}

func vipPrefix(v *view, a virtual) (*Finding, error) {
	has, err := v.having(a.addr)
	if err != nil || len(has) == 0 || has[0].Prefix.IsSingleIP() {
		return nil, err
	}
	own := has[0]
	addresses, err := v.addresses()
	if err != nil {
		return nil, err
	}
	var other netip.Addr
	for _, address := range addresses {
		if address.Link == own.Link && address.Prefix.Addr() != a.addr && address.Prefix.Masked() == own.Prefix.Masked() {
			other = address.Prefix.Addr()
		}
	}
	if !other.IsValid() {
		return nil, nil
	}
	for _, b := range v.backends() {
		if !own.Prefix.Contains(b.addr) {
			continue
		}
		route, err := v.route(Query{Dst: b.addr})
		if err != nil || route.Src != a.addr {
			return nil, err
		}
		f := found("Packets to %s leave with the source %s, although %s has %s.", b.addr, a.addr, own.Link, other)
		if err := v.keepOthers(f, own); err != nil {
			return nil, err
		}
		return f.mend("ip", "address", "delete", own.Prefix.String(), "dev", own.Link).
			mend("ip", "address", "add", hostPrefix(a.addr), "dev", own.Link), nil
	}
	return nil, nil
}

// keepOthers adds the command without which the kernel deletes the other addresses of an IPv4
// network, and routes through it, together with the first one.
func (v *view) keepOthers(f *Finding, first Address) error {
	if first.Prefix.Addr().Is6() {
		return nil
	}
	keeps, err := v.largest(first.Link, "promote_secondaries")
	if err == nil && keeps == 0 {
		f.setSysctl(1, "net", "ipv4", "conf", first.Link, "promote_secondaries")
	}
	return err
}

func portTaken(v *view, entry *ipvs.TableEntry) (*Finding, error) {
	id := entry.Service.ServiceID
	at := id.AddrPort
	if id.FWMark != 0 || at.Port() == 0 || id.Protocol != ipvs.TCP && id.Protocol != ipvs.UDP {
		return nil, nil
	}
	listeners, err := v.listeners(id.Protocol)
	for _, l := range listeners {
		if l.Port() == at.Port() && (l.Addr() == at.Addr() || isWildcardFor(l.Addr(), at.Addr())) {
			return found("A program listens on %s.", l), err
		}
	}
	return nil, err
}

// isWildcardFor tells whether a socket of an address takes packets to all addresses, and to
// those of a family.
func isWildcardFor(listener, addr netip.Addr) bool {
	return listener.IsUnspecified() && (listener.Is6() || addr.Is4())
}

func kubeVIPNode(v *view) (findings []Finding, err error) {
	if link, err := v.byName(kubeInterface); err != nil || link == nil {
		return nil, err
	}
	addresses, err := v.addresses()
	if err != nil {
		return nil, err
	}
	others := map[netip.Addr]string{}
	for _, a := range addresses {
		link, err := v.byName(a.Link)
		if err != nil {
			return nil, err
		}
		if link != nil && !link.Loopback && link.Kind != "dummy" && a.Link != kubeInterface {
			others[a.Prefix.Addr()] = a.Link
		}
	}
	for _, a := range addresses {
		if a.Link != kubeInterface {
			continue
		}
		addr := a.Prefix.Addr()
		gateway, err := v.defaultRoute(ipvs.FamilyOf(addr))
		if err != nil {
			return findings, err
		}
		switch other, has := others[addr]; {
		case gateway.Gateway == addr:
			findings = append(findings, *found("%s has %s, which is the address of the default gateway.", kubeInterface, addr).
				mend("ip", "address", "delete", a.Prefix.String(), "dev", kubeInterface))
		case has:
			f := found("%s has %s, and so has %s.", kubeInterface, addr, other).
				mend("ip", "address", "delete", a.Prefix.String(), "dev", kubeInterface)
			f.Severity = Warning
			findings = append(findings, *f)
		}
	}
	return findings, nil
}
