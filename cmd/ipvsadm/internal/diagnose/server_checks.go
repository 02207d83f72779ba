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
		id: "r-vip", role: RealServer, severity: Fault, reads: TheLinks | TheAddresses | TheRoutes | ThePolicyRules | TheModules,
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
			"The kernel goes by the larger one of arp_ignore for all interfaces and for the one that is asked. With 1, 2 and 8 it does not answer " +
			"for an address on lo; 3 is only for addresses of the scope host.",
		symptom: "The router or a client takes this server for the director: one server gets all packets, and they miss the director, for some clients " +
			"and for some time.",
		advice:  "Keep the address on lo, and answer only for addresses of the interface that is asked.",
		machine: rARPIgnore,
	},
	{
		id: "r-arp-announce", role: RealServer, severity: Fault, reads: TheAddresses | TheLinks | TheSettings | TheModules,
		holds: "With -g or -i: the server puts the virtual address into its own ARP requests on a network that has it. " +
			"The exceptions are those of r-arp-ignore; the kernel goes by the larger value of arp_announce, and takes more than 2 for 0.",
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
		id: "r-nat-route", role: RealServer, severity: Fault, reads: TheRoutes | TheNeighbours,
		holds: "With -m and --director: the route to the clients does not go by the director. A gateway with the MAC address of the director " +
			"is the director. Where one of their MAC addresses is not known, it is a warning.",
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
		id: "r-tunl-rp", role: RealServer, severity: Fault, reads: TheLinks | TheSettings | TheRoutes | ThePackets,
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
		f, err := v.notTaken(has[0])
		if err != nil {
			return nil, err
		}
		return one(f), nil
	}
	f := found("No interface has %s, and no local route.", v.vip()).mend("ip", "address", "add", hostPrefix(v.vip()), "dev", "lo")
	if err := v.unlessSelected(f, v.vip()); err != nil {
		return nil, err
	}
	return v.unlessRedirected(f), nil
}

// notTaken says why the kernel does not take packets to an address that an interface has.
func (v *view) notTaken(a Address) (*Finding, error) {
	link, err := v.byName(a.Link)
	if err != nil {
		return nil, err
	}
	switch {
	case link != nil && !link.Up:
		return found("%s is on %s, which is down.", a.Prefix.Addr(), a.Link).mend("ip", "link", "set", a.Link, "up"), nil
	case a.Duplicate:
		f := found("%s is on %s, and the kernel does not use it: another machine has it, too.", a.Prefix.Addr(), a.Link).
			mend("ip", "address", "delete", a.Prefix.String(), "dev", a.Link)
		return f.mend("ip", "address", "add", hostPrefix(a.Prefix.Addr()), "dev", "lo"), nil
	case a.Tentative:
		f := found("%s is tentative on %s: the kernel still asks whether another machine has it.", a.Prefix.Addr(), a.Link)
		f.Severity = Warning
		return f, nil
	}
	f := found("%s is on %s, and the kernel does not take packets to it for its own.", a.Prefix.Addr(), a.Link)
	return f, v.unlessSelected(f, a.Prefix.Addr())
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
	listeners, err := v.listeners(o.Service.Protocol)
	if err != nil {
		return nil, err
	}
	var otherAddress, otherPort netip.AddrPort
	for _, l := range listeners {
		switch {
		case l.Port() == at.Port() && (l.Addr() == at.Addr() || isWildcardFor(l.Addr(), at.Addr())):
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
