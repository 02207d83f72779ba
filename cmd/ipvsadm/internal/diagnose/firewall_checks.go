// SPDX-License-Identifier: Apache-2.0

package diagnose

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/firewall"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// firewallChecks are of rules of nftables and iptables, on the director. A rule with a
// condition that may hold is never the reason for a finding.
var firewallChecks = []check{
	{
		id: "input-drop", severity: Warning, reads: TheTable | TheFirewall,
		holds: "No rule of the firewall accepts packets to a service, and its chain drops what no rule accepts. IPVS gets packets only after the " +
			"chains of the hook input, as programs of this machine do.",
		symptom: "Clients see a timeout.",
		advice:  "Accept packets to the address and port of the service.",
		service: inputDrop,
	},
	{
		id: "vip-redirected", severity: Warning, reads: TheTable | TheFirewall,
		holds: "A rule of the firewall gives packets to a service another destination (DNAT, redirect). It comes before IPVS, which then does not " +
			"get them.",
		symptom: "Clients see a timeout, or reach another program or machine. The service counts no packets.",
		advice:  "Take the service out of that rule, or accept its packets before it.",
		service: vipRedirected,
	},
	{
		id: "forward-drop", severity: Warning, reads: TheTable | TheRoutes | TheSettings | TheModules | TheFirewall,
		holds: "The firewall drops what servers behind address translation answer. Their answers are forwarded, and without " +
			"net.ipv4.vs.conntrack=1 they belong to no connection that the firewall knows.",
		symptom: "Clients see a timeout; connections stay in SYN_RECV.",
		advice:  "Let connection tracking know the connections of IPVS if the firewall accepts established ones, or accept what servers answer.",
		server:  forwardDrop,
	},
	{
		id: "output-drop", severity: Warning, reads: TheTable | TheRoutes | TheSettings | TheModules | TheFirewall,
		holds: "The firewall drops the packets that IPVS sends to a server. They pass the chains of the hook output, as those of programs of this " +
			"machine do, and without net.ipv4.vs.conntrack=1 their state is untracked.",
		symptom: "Clients see a timeout; connections stay in SYN_RECV.",
		advice:  "Accept packets to the servers.",
		server:  outputDrop,
	},
	{
		id: "invalid-drop", severity: Warning, reads: TheTable | TheRoutes | TheSettings | TheModules | TheFirewall,
		holds: "The firewall drops packets of no known connection (ct state invalid), and the packets of a TCP service are such: with -g and -i the " +
			"director never sees an answer, and with -m and net.ipv4.vs.conntrack=0 it tracks no connection.",
		symptom: "With -m, clients see a timeout. With -g and -i, connections hang at their end, and the table grows.",
		advice:  "With -m alone, set net.ipv4.vs.conntrack=1. With -g or -i, hide the packets to the service from connection tracking.",
		service: invalidDrop,
	},
	{
		id: "snat-conntrack", severity: Warning, reads: TheTable | TheCounters | TheRoutes | TheSettings | TheModules | TheFirewall,
		holds: "A rule gives packets to a server behind address translation another source address (SNAT, masquerade), and net.ipv4.vs.conntrack " +
			"is 0, so that it does nothing. It is a fault if the counters show that nothing came back from the server, and a note if the rule is " +
			"not only for packets of IPVS.",
		symptom: "Clients see a timeout, unless the route of the server goes by the director.",
		advice:  "Let connection tracking know the connections of IPVS.",
		server:  snatConntrack,
	},
	{
		id: "icmp-blocked", severity: Warning, reads: TheTable | TheFirewall,
		holds:   "The firewall drops the ICMP messages of the director about packets that are too large.",
		symptom: "Small requests work, uploads hang.",
		advice:  "Accept them.",
		machine: icmpBlocked,
	},
	{
		id: "fwmark-none", severity: Warning, reads: TheTable | TheCounters | TheFirewall,
		holds: "No rule of the firewall sets the mark of a service, and no packet has come to it. " +
			"It is a warning, because a program of tc(8) or of BPF can set marks, too.",
		symptom: "The service gets no packets.",
		advice: "Mark the packets before they are routed, as in: nft add chain inet lvs marks '{ type filter hook prerouting priority mangle; }' " +
			"and nft add rule inet lvs marks ip daddr 10.0.0.1 tcp dport '{ 80, 443 }' meta mark set 7.",
		service: fwmarkNone,
	},
	{
		id: "fwmark-local", severity: Fault, reads: TheTable | TheFirewall | TheRoutes | ThePolicyRules,
		holds:   "The firewall marks packets to an address for a service, and with that mark the address is not local.",
		symptom: "Clients see a timeout: the packets are routed on and never reach IPVS.",
		advice:  "Make the address local for packets with the mark, or add it to an interface.",
		service: fwmarkLocal,
	},
	{
		id: "sync-fw", severity: Warning, reads: TheDaemons | TheFirewall,
		holds:   "A backup daemon runs, and the firewall drops the messages of the master.",
		symptom: "The backup director learns of no connections.",
		advice:  "Accept them.",
		machine: syncFW,
	},
}

// hasClients tells whether a service has an address to which clients send packets. That of a
// firewall mark has none, and that of all addresses has no single one.
func hasClients(id ipvs.ServiceID) bool {
	return id.FWMark == 0 && id.AddrPort.Addr().IsValid() && !id.AddrPort.Addr().IsUnspecified()
}

func inputDrop(v *view, entry *ipvs.TableEntry) (*Finding, error) {
	id := entry.Service.ServiceID
	if !hasClients(id) {
		return nil, nil
	}
	rules, err := v.firewall()
	if err != nil {
		return nil, err
	}
	return inputDropIn(rules, clientPacket(id), "packets to "+id.AddrPort.String())
}

// inputDropIn returns a finding if a packet for this machine is dropped.
func inputDropIn(rules firewall.Ruleset, p firewall.Packet, what string) (*Finding, error) {
	c, unclear := dropped(rules, p)
	if c == nil {
		return unlessUnclear(nil, rules, unclear)
	}
	return found("%s", dropsBy(c, what)).mend(c.AcceptCommand(p)...), nil
}

func vipRedirected(v *view, entry *ipvs.TableEntry) (*Finding, error) {
	id := entry.Service.ServiceID
	if !hasClients(id) {
		return nil, nil
	}
	rules, err := v.firewall()
	if err != nil {
		return nil, err
	}
	p := clientPacket(id)
	switch result := rules.Pass("prerouting", p); result.Redirected {
	case firewall.Yes:
		c := result.Redirector
		return found("The chain %s gives packets to %s another destination.", c, id.AddrPort).mend(c.AcceptCommand(p)...), nil
	case firewall.Maybe:
		return nil, fmt.Errorf("the chain %s may give packets to %s another destination", result.Redirector, id.AddrPort)
	}
	return unlessPartial(nil, rules)
}

func outputDrop(v *view, s *ipvs.Service, d *ipvs.Destination) (*Finding, error) {
	rules, tracked, err := v.firewallAndTracking(s)
	if err != nil {
		return nil, err
	}
	route, err := v.route(Query{Dst: d.AddrPort.Addr()})
	if err != nil || route.Kind != UnicastPath {
		return nil, err
	}
	p := sentPacket(s, d, tracked)
	p.Output = route.Link
	c, unclear := dropAt(rules, p, "output")
	if c == nil {
		return unlessUnclear(nil, rules, unclear)
	}
	f := found("%s", dropsBy(c, "packets to "+d.DestinationID.String()))
	if p.Destination.IsValid() { // else the command would accept everything
		f.mend(c.AcceptCommand(p)...)
	}
	return f, nil
}

// sentPacket is the first packet of a connection as IPVS sends it to a server. That of a mark
// and direct routing has whichever destination the client has named.
func sentPacket(s *ipvs.Service, d *ipvs.Destination, tracked bool) firewall.Packet {
	if d.Forward == ipvs.Tunnel {
		p := firewall.Packet{IPv6: d.AddrPort.Addr().Is6(), Destination: d.AddrPort.Addr()}
		switch {
		case d.TunnelType == ipvs.GUE:
			p.Protocol, p.DestinationPort = "udp", d.TunnelPort
		case d.TunnelType == ipvs.GRE:
			p.Protocol = "gre"
		case !p.IPv6 && s.AddressFamily() == ipvs.IPv4:
			p.Protocol = "ipip"
		}
		return p
	}
	to := s.AddrPort
	if d.Forward == ipvs.Masquerade {
		to = d.AddrPort
	}
	p := firewall.Packet{
		IPv6: d.AddrPort.Addr().Is6(), Destination: to.Addr(), DestinationPort: to.Port(), Protocol: protocolOf(s.Protocol),
		State: "untracked", IPVS: true, Virtual: s.AddrPort,
	}
	if p.Protocol == "" { // a port belongs to a protocol
		p.DestinationPort = 0
	}
	if tracked {
		p.State = "new"
	}
	return p
}

func icmpBlocked(v *view) (findings []Finding, err error) {
	rules, err := v.firewall()
	if err != nil {
		return nil, err
	}
	table, err := v.table()
	if err != nil {
		return nil, err
	}
	var first *firewall.Chain
	for _, p := range []firewall.Packet{{Protocol: "icmp", ICMP: "destination-unreachable"}, {IPv6: true, Protocol: "icmpv6", ICMP: "packet-too-big"}} {
		uses := func(e ipvs.TableEntry) bool { return (e.Service.AddressFamily() == ipvs.IPv6) == p.IPv6 }
		if !slices.ContainsFunc(table, uses) {
			continue
		}
		c, unclear := dropAt(rules, p, "output")
		first = cmp.Or(first, unclear)
		if c != nil {
			findings = append(findings, *found("%s", dropsBy(c, "messages of "+p.Protocol+" of the type "+p.ICMP)).mend(c.AcceptCommand(p)...))
		}
	}
	if len(findings) == 0 {
		_, err = unlessUnclear(nil, rules, first)
	}
	return findings, err
}

// Where the messages of sync daemons go, unless the daemon says otherwise.
const (
	syncGroup = "224.0.0.81"
	syncPort  = 8848
)

func syncFW(v *view) (findings []Finding, err error) {
	daemons, err := v.daemons()
	if err != nil {
		return nil, err
	}
	for _, d := range daemons {
		if d.State != ipvs.Backup {
			continue
		}
		rules, err := v.firewall()
		if err != nil {
			return findings, err
		}
		group := d.Group
		if !group.IsValid() {
			group = netip.MustParseAddr(syncGroup)
		}
		p := firewall.Packet{
			IPv6: group.Is6(), Destination: group, Protocol: "udp", DestinationPort: cmp.Or(d.Port, syncPort), Input: d.Interface, State: "new",
		}
		f, err := inputDropIn(rules, p, "the messages to "+netip.AddrPortFrom(group, p.DestinationPort).String())
		if err != nil {
			return findings, err
		}
		if f != nil {
			f.Object = d.State.String() + " sync daemon"
			findings = append(findings, *f)
		}
	}
	return findings, nil
}
