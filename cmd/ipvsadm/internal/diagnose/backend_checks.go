// SPDX-License-Identifier: Apache-2.0

package diagnose

import (
	"net/netip"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// backendChecks are of the way from the director to its servers.
var backendChecks = []check{
	{
		id: "dr-gateway", severity: Fault, reads: TheTable | TheRoutes,
		holds: "Direct routing needs the server on a network of the director, and the route to it goes by a gateway. If that is not the " +
			"default route, the gateway may be the server itself, and it is a warning.",
		symptom: "Clients see a timeout: the gateway sends the packets back to the director. Connections stay in SYN_RECV.",
		advice:  "Correct the address of the server, or use a tunnel.",
		backend: drGateway,
	},
	{
		id: "rs-unreachable", severity: Fault, reads: TheTable | TheRoutes,
		holds:   "There is no route to a server, or one that refuses packets.",
		symptom: "Connections to this server fail, those to others work.",
		advice:  "Add a route, or correct the address of the server.",
		backend: rsUnreachable,
	},
	{
		id: "rs-local", severity: Note, reads: TheTable | TheRoutes | TheAddresses | TheLinks,
		holds: "The address of a server is one of the director. It is a fault if no interface has it, and an address on lo with the length " +
			"of a network makes it local.",
		symptom: "The director itself answers, whatever the forwarding method.",
		advice:  "That is right for a server that says sorry, or where directors are servers, too.",
		backend: rsLocal,
	},
	{
		id: "rs-neigh", severity: Fault, reads: TheTable | TheRoutes | TheNeighbours,
		holds:   "A server on a network of the director does not answer ARP requests. While the kernel still asks, it is a warning.",
		symptom: "Connections to this server time out, those to others work.",
		advice:  "Look whether the server is up, and on this network and VLAN.",
		backend: rsNeigh,
	},
	{
		id: "rs-same-mac", severity: Warning, reads: TheTable | TheRoutes | TheNeighbours,
		holds:   "Two servers have the same MAC address.",
		symptom: "One machine gets the packets of both. That is right only if it has both addresses.",
		advice:  "Look for a machine that answers for others, as proxy_arp makes it do.",
		machine: rsSameMAC,
	},
	{
		id: "rs-wrong-if", severity: Warning, reads: TheTable | TheRoutes | TheLinks,
		holds:   "Packets for a server of direct routing leave by a tunnel.",
		symptom: "The server sees packets that a tunnel brought, and its network may drop the answers.",
		advice:  "Correct the route to the server.",
		backend: rsWrongIf,
	},
	{
		id: "tun-mtu", severity: Warning, reads: TheTable | TheRoutes | TheLinks,
		holds:   "The interface towards a server of a tunnel, or the route, has no room for the outer header around full packets of clients.",
		symptom: "Small requests work, uploads hang, unless the clients learn to send smaller packets.",
		advice: "Make the servers ask for smaller packets; on each: ip route change default via GATEWAY advmss 1440. " +
			"Or use a larger MTU between director and servers.",
		backend: tunMTU,
	},
}

func drGateway(v *view, b backend) (*Finding, error) {
	if b.forward != ipvs.DirectRoute {
		return nil, nil
	}
	route, err := v.route(Query{Dst: b.addr})
	if err != nil || route.Kind != UnicastPath || !route.Gateway.IsValid() {
		return nil, err
	}
	f := found("The route to %s goes by the gateway %s on %s.", b.addr, route.Gateway, route.Link)
	if !route.Prefix.IsValid() || route.Prefix.Bits() > 0 {
		f.Severity = Warning
	}
	for i, id := range b.services {
		f.edit(id, b.ids[i], "-i")
		if i == 2 {
			break
		}
	}
	return f, nil
}

func rsUnreachable(v *view, b backend) (*Finding, error) {
	route, err := v.route(Query{Dst: b.addr})
	if err != nil || route.Kind != NoRoute {
		return nil, err
	}
	return found("The kernel has no route to %s.", b.addr), nil
}

func rsLocal(v *view, b backend) (*Finding, error) {
	route, err := v.route(Query{Dst: b.addr})
	if err != nil || route.Kind != LocalPath {
		return nil, err
	}
	has, err := v.having(b.addr)
	switch {
	case err != nil:
		return nil, err
	case len(has) == 0:
		return v.localByNetwork(b.addr)
	}
	return found("%s is an address of this machine.", b.addr), nil
}

// localByNetwork tells why an address that no interface has is local. All addresses of the
// network of one on lo are.
func (v *view) localByNetwork(addr netip.Addr) (*Finding, error) {
	f := found("The kernel takes packets to %s for its own, although no interface has that address.", addr)
	addresses, err := v.addresses()
	if err != nil || addr.IsLoopback() {
		return f, err
	}
	for _, a := range addresses {
		if a.Prefix.IsSingleIP() || !a.Prefix.Contains(addr) {
			continue
		}
		link, err := v.byName(a.Link)
		if err != nil {
			return nil, err
		}
		if link != nil && link.Loopback {
			f.Severity, f.Facts = Fault, f.Facts+" Its network is local: "+a.Prefix.String()+" is on "+a.Link+"."
			f.Advice = "Give the address on " + a.Link + " the length of a single one."
			return f.mend("ip", "address", "add", hostPrefix(a.Prefix.Addr()), "dev", a.Link).
				mend("ip", "address", "delete", a.Prefix.String(), "dev", a.Link), nil
		}
	}
	return f, nil
}

// neighbour returns what the kernel knows of a server on a network of the director, or nil.
func (v *view) neighbour(b backend) (*Neighbour, error) {
	route, err := v.route(Query{Dst: b.addr})
	if err != nil || route.Kind != UnicastPath || route.Gateway.IsValid() {
		return nil, err
	}
	return v.neighbourAt(b.addr, route.Link)
}

func rsNeigh(v *view, b backend) (*Finding, error) {
	if b.weight == 0 {
		return nil, nil // somebody knows that
	}
	n, err := v.neighbour(b)
	if err != nil || n == nil || n.State == NeighbourKnown {
		return nil, err
	}
	if n.State == NeighbourFailed {
		return found("%s does not answer %s on %s.", b.addr, requestsFor(b), n.Link), nil
	}
	f := found("%s has not answered %s on %s yet.", b.addr, requestsFor(b), n.Link)
	f.Severity = Warning
	return f, nil
}

func requestsFor(b backend) string {
	if b.addr.Is6() {
		return "neighbour solicitations"
	}
	return "ARP requests"
}

func rsSameMAC(v *view) (findings []Finding, err error) {
	type place struct {
		mac, link string
		ipv6      bool
	}
	owners := map[place]netip.Addr{}
	for _, b := range v.backends() {
		n, err := v.neighbour(b)
		if err != nil {
			return findings, err
		}
		if n == nil || n.MAC == "" {
			continue
		}
		here := place{n.MAC, n.Link, b.addr.Is6()}
		if other, taken := owners[here]; taken && other != b.addr {
			f := found("%s and %s both have %s on %s.", other, b.addr, n.MAC, n.Link)
			f.Object = b.String()
			findings = append(findings, *f)
			continue
		}
		owners[here] = b.addr
	}
	return findings, nil
}

func rsWrongIf(v *view, b backend) (*Finding, error) {
	if b.forward != ipvs.DirectRoute {
		return nil, nil
	}
	route, err := v.route(Query{Dst: b.addr})
	if err != nil || route.Kind != UnicastPath {
		return nil, err
	}
	link, err := v.byName(route.Link)
	if err != nil || link == nil || !link.isTunnel() {
		return nil, err
	}
	return found("Packets for %s leave by %s, which is a tunnel (%s).", b.addr, link.Name, link.Kind), nil
}

// isTunnel tells whether the kernel takes packets of a tunnel apart at an interface.
func (l *Link) isTunnel() bool {
	switch l.Kind {
	case "ipip", "sit", "ip6tnl", "gre", "ip6gre":
		return true
	}
	return false
}

// clientMTU is the MTU that clients on the Internet have.
const clientMTU = 1500

func tunMTU(v *view, b backend) (*Finding, error) {
	if b.forward != ipvs.Tunnel {
		return nil, nil
	}
	route, err := v.route(Query{Dst: b.addr})
	if err != nil || route.Kind != UnicastPath {
		return nil, err
	}
	link, err := v.byName(route.Link)
	if err != nil || link == nil {
		return nil, err
	}
	name, mtu := link.Name, link.MTU
	if route.MTU > 0 && route.MTU < mtu {
		name, mtu = "The route to "+b.addr.String(), route.MTU
	}
	if mtu >= clientMTU+b.overhead {
		return nil, nil
	}
	return found("%s has an MTU of %d; around packets of %d bytes a tunnel needs %d.", name, mtu, clientMTU, clientMTU+b.overhead), nil
}

// tunnelOverhead is how many bytes a tunnel to a server adds to a packet, at least.
func tunnelOverhead(d *ipvs.Destination) int {
	outer := 20
	if d.AddrPort.Addr().Is6() {
		outer = 40
	}
	switch d.TunnelType {
	case ipvs.GUE:
		return outer + 8 + 4
	case ipvs.GRE:
		return outer + 4
	}
	return outer
}
