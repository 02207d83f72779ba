// SPDX-License-Identifier: Apache-2.0

package diagnose

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// serverChecks are made on a real server.
var serverChecks = []check{
	{
		id: "r-vip", role: RealServer, severity: Fault, reads: TheAddresses | TheRoutes | ThePolicyRules | TheModules,
		holds: "With -g or -i: the virtual address of the service is not local here. Where a firewall can redirect packets to this machine, " +
			"which also works, it is a warning.",
		symptom: "Clients see a timeout: the server does not take the packets for its own.",
		advice:  "Add the address to lo, alone, so that its network does not become local.",
		machine: rVIP,
	},
	{
		id: "r-vip-prefix", role: RealServer, severity: Fault, reads: TheAddresses | TheLinks,
		holds:   "The virtual address is on lo with the length of a network.",
		symptom: "Clients of that network get no answer: the server takes the whole network for itself.",
		advice:  "Add the address alone instead.",
		machine: rVIPPrefix,
	},
	{
		id: "r-arp-ignore", role: RealServer, severity: Fault, reads: TheAddresses | TheLinks | TheSettings | TheModules,
		holds: "With -g or -i: the server answers ARP requests for the virtual address on a network that has it, as the director does. " +
			"Where the network of the address is another one, with -g only, or where arptables can drop the answers, it is a warning. " +
			"The kernel goes by the larger one of arp_ignore for all interfaces and for the one that is asked.",
		symptom: "The router or a client takes this server for the director: one server gets all packets, and they miss the director, for some clients " +
			"and for some time.",
		advice:  "Keep the address on lo, and answer only for addresses of the interface that is asked.",
		machine: rARPIgnore,
	},
	{
		id: "r-arp-announce", role: RealServer, severity: Fault, reads: TheAddresses | TheLinks | TheSettings | TheModules,
		holds: "With -g or -i: the server puts the virtual address into its own ARP requests on a network that has it. " +
			"The exceptions are those of r-arp-ignore; the kernel goes by the larger value of arp_announce.",
		symptom: "It works until the server asks for the address of the router or a client, which then takes it for the director.",
		advice:  "Use the best address of the interface for ARP requests.",
		machine: rARPAnnounce,
	},
	{
		id: "r-listen", role: RealServer, severity: Fault, reads: TheListeners | TheModules,
		holds: "No program waits for clients at the address and port to which the packets come. Where a firewall can redirect packets, " +
			"it is a warning.",
		symptom: "Connections are refused.",
		advice:  "Start the program; with -g and -i it must listen on the virtual address or on all addresses, and on the port of the service.",
		machine: rListen,
	},
	{
		id: "r-nat-route", role: RealServer, severity: Fault, reads: TheRoutes,
		holds:   "With -m and --director: the route to the clients does not go by the director.",
		symptom: "Clients see a timeout or a reset: the answers miss the director, which has to put the virtual address back into them.",
		advice: "Route the answers by the director. That is not necessary where the director replaces the addresses of clients (SNAT); " +
			"leave out --director then.",
		machine: rNATRoute,
	},
	{
		id: "r-route-back", role: RealServer, severity: Fault, reads: TheAddresses | TheRoutes,
		holds: "With -g or -i: there is no route from the virtual address to the client of --client. Or the route to clients goes by the " +
			"director (a warning).",
		symptom: "Clients see a timeout. A director drops packets that come from its own address, as martians.",
		advice:  "Send the answers by a router, not by the director.",
		machine: rRouteBack,
	},
	{
		id: "r-tunl", role: RealServer, severity: Fault, reads: TheLinks,
		holds:   "With -i: there is no interface that takes packets of a tunnel apart, or it is down.",
		symptom: "Clients see a timeout; the server answers the director that it does not know the protocol.",
		advice:  "Set up a tunnel interface.",
		machine: rTunl,
	},
	{
		id: "r-tunl-rp", role: RealServer, severity: Fault, reads: TheLinks | TheSettings | TheRoutes,
		holds: "With -i: rp_filter is 1 on the interface of the tunnel, and the route to clients leaves by another one. " +
			"The kernel goes by the larger one of rp_filter for all interfaces and for this one.",
		symptom: "Clients see a timeout: the packets arrive by the tunnel, and the kernel drops them. The counter IPReversePathFilter in " +
			"/proc/net/netstat grows.",
		advice:  "Set it to 2, which is larger than 1 for all: then any route to the client will do.",
		machine: rTunlRP,
	},
}

// What is missing on the command line of a real server.
var (
	errNoServer   = missing("with -m, the address and port of the server: -r")
	errNoDirector = missing("the address of the director: --director")
)

// missing is an error without the cost of one at the start of the program.
type missing string

func (m missing) Error() string { return string(m) + " is missing" }

// vip is the virtual address of the service.
func (v *view) vip() netip.Addr { return v.options.Service.AddrPort.Addr() }

// takesVIP tells whether packets come here with the virtual address.
func (v *view) takesVIP() bool { return v.options.Forward != ipvs.Masquerade }

// Modules without which a firewall cannot redirect packets to this machine, and those of
// arptables.
var (
	redirecting = [...]string{"xt_REDIRECT", "xt_nat", "xt_TPROXY", "nft_redir", "nft_nat", "nft_tproxy"}
	arpTables   = [...]string{"arptable_filter", "arpt_mangle"}
)

// unlessRedirected makes a finding a warning if a firewall may redirect packets.
func (v *view) unlessRedirected(f *Finding) []Finding {
	return v.unlessLoaded(f, redirecting[:], "a firewall may redirect packets to this machine")
}

// unlessLoaded makes a finding a warning if one of these modules may be loaded, with the
// reason.
func (v *view) unlessLoaded(f *Finding, names []string, reason string) []Finding {
	loaded, err := v.modules()
	i := slices.IndexFunc(names, func(name string) bool { return slices.Contains(loaded, name) })
	switch {
	case err != nil:
		f.Severity, f.Facts = Warning, fmt.Sprintf("%s Which modules are loaded is not known: %s.", f.Facts, reason)
	case i >= 0:
		f.Severity, f.Facts = Warning, fmt.Sprintf("%s But the module %s is loaded: %s.", f.Facts, names[i], reason)
	}
	return one(f)
}

func rVIP(v *view) ([]Finding, error) {
	if !v.takesVIP() {
		return nil, errNotApplicable
	}
	local, err := v.isLocal(v.vip())
	if err != nil || local {
		return nil, err
	}
	has, err := v.having(v.vip())
	if err != nil {
		return nil, err
	}
	if len(has) > 0 {
		return one(found("%s is on %s, which is down.", v.vip(), has[0].Link).mend("ip", "link", "set", has[0].Link, "up")), nil
	}
	f := found("No interface has %s, and no local route.", v.vip()).mend("ip", "address", "add", hostPrefix(v.vip()), "dev", "lo")
	if err := v.unlessSelected(f, v.vip()); err != nil {
		return nil, err
	}
	return v.unlessRedirected(f), nil
}

func rVIPPrefix(v *view) ([]Finding, error) {
	if !v.takesVIP() {
		return nil, errNotApplicable
	}
	has, err := v.having(v.vip())
	if err != nil {
		return nil, err
	}
	for _, a := range has {
		link, err := v.byName(a.Link)
		if err != nil {
			return nil, err
		}
		if link != nil && link.Loopback && !a.Prefix.IsSingleIP() {
			return one(found("%s is on %s.", a.Prefix, a.Link).
				mend("ip", "address", "add", hostPrefix(v.vip()), "dev", a.Link).
				mend("ip", "address", "delete", a.Prefix.String(), "dev", a.Link)), nil
		}
	}
	return nil, nil
}

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
		if link != nil && link.asksByARP() {
			f := found("%s is on %s itself, which answers for it whatever arp_ignore says.", v.vip(), link.Name)
			if v.vip().Is4() {
				f.setSysctl(1, "net", "ipv4", "conf", "all", "arp_ignore").setSysctl(2, "net", "ipv4", "conf", "all", "arp_announce")
			}
			f.mend("ip", "address", "delete", a.Prefix.String(), "dev", link.Name).mend("ip", "address", "add", hostPrefix(v.vip()), "dev", "lo")
			return v.arpFinding(f, link.Name)
		}
	}
	return v.arpSetting("arp_ignore", 1, "it answers ARP requests for addresses of other interfaces")
}

func rARPAnnounce(v *view) ([]Finding, error) {
	if _, err := v.arpMatters(); err != nil {
		return nil, err
	}
	return v.arpSetting("arp_announce", 2, "it puts addresses of other interfaces into ARP requests")
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

// arpSetting finds the interfaces for which a setting is too small. IPv6 has no such settings:
// there a machine answers only for addresses of the interface that is asked.
func (v *view) arpSetting(name string, least int, effect string) (findings []Finding, err error) {
	links, err := v.links()
	if err != nil || v.vip().Is6() {
		return nil, err
	}
	for _, link := range links {
		if !link.asksByARP() {
			continue
		}
		value, err := v.largest(link.Name, name)
		if err != nil {
			return findings, err
		}
		if value >= least {
			continue
		}
		f := found("%s is %d on %s: %s.", name, value, link.Name, effect).setSysctl(least, "net", "ipv4", "conf", "all", name)
		more, err := v.arpFinding(f, link.Name)
		if err != nil {
			return findings, err
		}
		findings = append(findings, more...)
	}
	return worst(findings), nil
}

// arpFinding returns a finding about ARP on an interface. It is certain only where others ask
// for the virtual address, and nothing but the kernel decides about the answer.
func (v *view) arpFinding(f *Finding, link string) ([]Finding, error) {
	addresses, err := v.addresses()
	if err != nil {
		return nil, err
	}
	asked := slices.ContainsFunc(addresses, func(a Address) bool {
		return a.Link == link && !a.Prefix.IsSingleIP() && a.Prefix.Contains(v.vip())
	})
	if !asked && v.options.Forward == ipvs.Tunnel {
		return nil, nil // packets come from other networks
	}
	if !asked {
		f.Severity = Warning
	}
	return v.unlessLoaded(f, arpTables[:], "arptables may drop such packets"), nil
}

// worst returns the first of the worst findings. The same command mends all.
func worst(findings []Finding) []Finding {
	if len(findings) == 0 {
		return nil
	}
	return one(&slices.SortedStableFunc(slices.Values(findings), func(a, b Finding) int { return int(a.Severity - b.Severity) })[0])
}

func rListen(v *view) ([]Finding, error) {
	o := &v.options
	at := o.Service.AddrPort
	if !v.takesVIP() {
		if !o.Server.IsValid() {
			return nil, errNoServer
		}
		at = o.Server
	}
	if at.Port() == 0 {
		return nil, errNotApplicable
	}
	listeners, err := v.facts.Listeners(o.Service.Protocol)
	if err != nil {
		return nil, err
	}
	var otherAddress, otherPort netip.AddrPort
	for _, l := range listeners {
		wild := l.Addr().IsUnspecified() && (l.Addr().Is6() || at.Addr().Is4())
		switch {
		case l.Port() == at.Port() && (l.Addr() == at.Addr() || wild):
			return nil, nil
		case l.Port() == at.Port():
			otherAddress = l
		case l.Addr() == at.Addr():
			otherPort = l
		}
	}
	f := found("No program listens on %s.", at)
	switch {
	case otherAddress.IsValid():
		f.Facts += " One listens on " + otherAddress.String() + "."
	case otherPort.IsValid():
		f.Facts += " One listens on " + otherPort.String() + "."
	}
	return v.unlessRedirected(f), nil
}

func rNATRoute(v *view) ([]Finding, error) {
	o := &v.options
	switch {
	case o.Forward != ipvs.Masquerade:
		return nil, errNotApplicable
	case !o.Director.IsValid():
		return nil, errNoDirector
	}
	family := ipvs.FamilyOf(o.Director)
	route, err := v.toClients(family)
	switch {
	case err != nil:
		return nil, err
	case route.Kind == LocalPath || route.Gateway == o.Director:
		return nil, nil
	}
	var f *Finding
	switch {
	case route.Kind == NoRoute:
		f = found("There is no route to %s.", o.Client)
	case !route.Gateway.IsValid():
		f = found("Packets to %s leave by %s without a gateway, not by the director %s.", v.clients(), route.Link, o.Director)
	default:
		f = found("Packets to %s leave by the gateway %s, not by the director %s.", v.clients(), route.Gateway, o.Director)
	}
	destination := "default"
	usual, err := v.defaultRoute(family)
	switch {
	case err != nil:
		return nil, err
	case o.Client.IsValid() && route.Kind != NoRoute && (usual.Gateway == o.Director || !route.Gateway.IsValid()):
		destination = hostPrefix(o.Client) // the default route is right, or not used
	}
	return one(f.mend("ip", "route", "replace", destination, "via", o.Director.String())), nil
}

// clients names those to whom answers go.
func (v *view) clients() string {
	if v.options.Client.IsValid() {
		return v.options.Client.String()
	}
	return "clients"
}

func rRouteBack(v *view) ([]Finding, error) {
	o := &v.options
	if !v.takesVIP() {
		return nil, errNotApplicable
	}
	has, err := v.having(v.vip())
	if err != nil {
		return nil, err
	}
	if o.Client.IsValid() && len(has) > 0 {
		route, err := v.route(Query{Dst: o.Client, Src: v.vip()})
		if err != nil {
			return nil, err
		}
		if route.Kind == NoRoute {
			return one(found("There is no route from %s to %s.", v.vip(), o.Client)), nil
		}
	}
	if !o.Director.IsValid() {
		return nil, nil
	}
	route, err := v.toClients(ipvs.FamilyOf(v.vip()))
	if err != nil || route.Gateway != o.Director {
		return nil, err
	}
	f := found("Packets to %s leave by the director %s.", v.clients(), o.Director)
	f.Severity = Warning
	return one(f), nil
}

func rTunl(v *view) ([]Finding, error) {
	if v.options.Forward != ipvs.Tunnel {
		return nil, errNotApplicable
	}
	links, err := v.links()
	if err != nil {
		return nil, err
	}
	down := ""
	for _, link := range links {
		if link.isTunnel() && link.Up {
			return nil, nil
		}
		if link.isTunnel() && down == "" {
			down = link.Name
		}
	}
	if down != "" {
		return one(found("%s is down.", down).mend("ip", "link", "set", down, "up")), nil
	}
	f := found("There is no interface of a tunnel.")
	if v.vip().Is4() {
		f.mend("modprobe", "ipip").mend("ip", "link", "set", "tunl0", "up")
	} else {
		f.mend("modprobe", "ip6_tunnel").mend("ip", "link", "set", "ip6tnl0", "up")
	}
	return one(f), nil
}

func rTunlRP(v *view) ([]Finding, error) {
	if v.options.Forward != ipvs.Tunnel {
		return nil, errNotApplicable
	}
	links, err := v.links()
	if err != nil || v.vip().Is6() {
		return nil, err
	}
	for _, link := range links {
		if !link.isTunnel() || !link.Up {
			continue
		}
		filter, err := v.largest(link.Name, "rp_filter")
		if err != nil {
			return nil, err
		}
		if filter != 1 {
			continue
		}
		route, err := v.toClients(ipvs.IPv4)
		if err != nil {
			return nil, err
		}
		if route.Link != link.Name {
			return one(found("rp_filter is 1 on %s, and packets to %s leave by %s.", link.Name, v.clients(), route.Link).
				setSysctl(2, "net", "ipv4", "conf", link.Name, "rp_filter")), nil
		}
	}
	return nil, nil
}
