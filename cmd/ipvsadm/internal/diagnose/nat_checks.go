// SPDX-License-Identifier: Apache-2.0

package diagnose

import (
	"net/netip"
	"slices"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// natChecks are of servers behind address translation, whose answers come back through the
// director.
var natChecks = []check{
	{
		id: "nat-forward", severity: Fault, reads: TheTable | TheRoutes | TheSettings | ThePackets,
		holds:   "A server is behind address translation, and the director does not forward the packets that come from it.",
		symptom: "Clients see a timeout: their packets reach the server, and the answers are dropped here. Connections stay in SYN_RECV.",
		advice:  "Let the machine forward packets.",
		machine: natForward,
	},
	{
		id: "nat-return", severity: Fault, reads: TheTable | TheCounters,
		holds: "A server behind address translation got packets of connections, and not one came back through the director, since its counters " +
			"were last zeroed. Of UDP, which may need no answer, and of firewall marks that is a warning. To look at what happens from now on, " +
			"zero the counters some seconds after the last packet: ipvsadm -Z.",
		symptom: "Clients see a timeout; connections stay in SYN_RECV.",
		advice: "If the server is up, its answers take another way: its route to the clients must go by the director. Run on it the line below. " +
			"Or let the director replace the clients' addresses: net.ipv4.vs.conntrack=1 and SNAT in the firewall.",
		server: natReturn,
	},
	{
		id: "nat-onenet", severity: Warning, reads: TheTable | TheRoutes | TheConnections,
		holds: "The client of --client is on the same network as a server behind address translation, and no connection of the two in the table " +
			"shows that an answer came back through the director.",
		symptom: "The server answers the client directly, and the client resets the connection, which it does not know.",
		advice: "On the server, route this network by the director and delete the direct route; or use direct routing; " +
			"or replace the clients' addresses: net.ipv4.vs.conntrack=1 and SNAT in the firewall.",
		backend: natOneNet,
	},
	{
		id: "nat-redirects", severity: Warning, reads: TheTable | TheRoutes | TheSettings,
		holds:   "The client of --client is on the same network as a server behind address translation, and the director sends redirects.",
		symptom: "It works, and stops after the first packets.",
		advice:  "Turn redirects off for all interfaces and for this one; one of the two is enough to send them.",
		backend: natRedirects,
	},
	{
		id: "ftp", severity: Warning, reads: TheTable | TheModules,
		holds:   "A service of FTP has servers behind address translation, and the module ip_vs_ftp is not loaded.",
		symptom: "Users log in, and listings and transfers hang.",
		advice:  "Load the module; it changes the addresses that FTP sends.",
		service: ftp,
	},
}

// natForward finds each interface from which answers come and are not forwarded, once.
func natForward(v *view) (findings []Finding, err error) {
	done := map[string]bool{}
	for _, b := range v.backends() {
		if b.forward != ipvs.Masquerade {
			continue
		}
		route, err := v.route(Query{Dst: b.addr})
		if err != nil {
			return findings, err
		}
		key := ipvs.FamilyOf(b.addr).String() + route.Link
		if route.Kind != UnicastPath || done[key] {
			continue
		}
		done[key] = true
		f, err := v.notForwarded(b, route.Link)
		if err != nil {
			return findings, err
		}
		if f != nil {
			findings = append(findings, *f)
		}
	}
	return findings, nil
}

// notForwarded returns a finding if packets that come in by an interface are not forwarded.
// IPv4 goes by the setting of the interface, IPv6 by that for all.
func (v *view) notForwarded(b backend, link string) (*Finding, error) {
	if b.addr.Is6() {
		all, err := v.number("net", "ipv6", "conf", "all", "forwarding")
		if err != nil || all != 0 {
			return nil, err
		}
		forced, err := v.optional(0, "net", "ipv6", "conf", link, "force_forwarding") // from Linux 6.17
		if err != nil || forced != 0 {
			return nil, err
		}
		return found("%s is behind address translation on %s, and net.ipv6.conf.all.forwarding is 0.", b, link).
			setSysctl(1, "net", "ipv6", "conf", "all", "forwarding"), nil
	}
	own, err := v.number("net", "ipv4", "conf", link, "forwarding")
	if err != nil || own != 0 {
		return nil, err
	}
	all, err := v.number("net", "ipv4", "ip_forward")
	if err != nil {
		return nil, err
	}
	if all == 0 {
		return found("%s is behind address translation on %s, and net.ipv4.ip_forward is 0.%s", b, link,
			v.counted(badAddress, "packets to other addresses")).setSysctl(1, "net", "ipv4", "ip_forward"), nil
	}
	return found("%s is behind address translation on %s, which does not forward.", b, link).
		setSysctl(1, "net", "ipv4", "conf", link, "forwarding"), nil
}

// fewPackets are so few that the answer may be on its way.
const fewPackets = 3

func natReturn(v *view, s *ipvs.Service, d *ipvs.Destination) (*Finding, error) {
	if d.Forward != ipvs.Masquerade {
		return nil, nil
	}
	if err := v.facts.Complete(); err != nil {
		return nil, err
	}
	if d.Stats.Conns == 0 || d.Stats.InPkts < fewPackets || d.Stats.OutPkts > 0 {
		return nil, nil
	}
	f := found("%d packets of %d connections went to the server, and none came back.", d.Stats.InPkts, d.Stats.Conns)
	if s.Protocol != ipvs.TCP && s.Protocol != ipvs.SCTP {
		f.Severity = Warning
	}
	return f, nil
}

// onClientsNetwork returns the interface on whose network both a server behind address
// translation and the client of the options are, or "".
func (v *view) onClientsNetwork(b backend) (link string, err error) {
	client := v.options.Client
	if !client.IsValid() {
		return "", errNotApplicable
	}
	if b.forward != ipvs.Masquerade || ipvs.FamilyOf(client) != ipvs.FamilyOf(b.addr) {
		return "", nil
	}
	server, err := v.route(Query{Dst: b.addr})
	if err != nil {
		return "", err
	}
	back, err := v.route(Query{Dst: client})
	if err != nil {
		return "", err
	}
	direct := func(r Route) bool { return r.Kind == UnicastPath && !r.Gateway.IsValid() }
	if !direct(server) || !direct(back) || server.Link != back.Link {
		return "", nil
	}
	return server.Link, nil
}

func natOneNet(v *view, b backend) (*Finding, error) {
	link, err := v.onClientsNetwork(b)
	if err != nil || link == "" {
		return nil, err
	}
	answering, err := v.read.answering.get(v.serversOfClient)
	if err != nil || answering[b.addr] {
		return nil, err
	}
	return found("The client %s and the server are both on the network of %s.", v.options.Client, link), nil
}

// answeredStates are the states of TCP connections whose client has had an answer.
var answeredStates = [...]string{"ESTABLISHED", "FIN_WAIT", "TIME_WAIT", "CLOSE_WAIT", "LAST_ACK"}

// serversOfClient returns the servers from which the client of the options has had answers.
func (v *view) serversOfClient() (map[netip.Addr]bool, error) {
	servers := map[netip.Addr]bool{}
	for c, err := range v.facts.Connections() {
		if err != nil {
			return nil, err
		}
		if c.Client.Addr() == v.options.Client && slices.Contains(answeredStates[:], c.State) {
			servers[c.Destination.Addr()] = true
		}
	}
	return servers, nil
}

func natRedirects(v *view, b backend) (*Finding, error) {
	link, err := v.onClientsNetwork(b)
	if err != nil || link == "" || b.addr.Is6() {
		return nil, err
	}
	var on []string
	for _, name := range []string{"all", link} {
		value, err := v.number("net", "ipv4", "conf", name, "send_redirects")
		if err != nil {
			return nil, err
		}
		if value != 0 {
			on = append(on, name)
		}
	}
	if len(on) == 0 {
		return nil, nil
	}
	f := found("The director sends redirects on %s.", link)
	for _, name := range on {
		f.setSysctl(0, "net", "ipv4", "conf", name, "send_redirects")
	}
	return f, nil
}

// ftpPort is where FTP has its commands.
const ftpPort = 21

func isFTP(s *ipvs.Service) bool { return s.Protocol == ipvs.TCP && s.AddrPort.Port() == ftpPort }

func (v *view) hasFTPHelper() (bool, error) {
	loaded, err := v.modules()
	return slices.Contains(loaded, "ip_vs_ftp"), err
}

func ftp(v *view, entry *ipvs.TableEntry) (*Finding, error) {
	translated := func(d ipvs.Destination) bool { return d.Forward == ipvs.Masquerade }
	if !isFTP(&entry.Service) || !slices.ContainsFunc(entry.Destinations, translated) {
		return nil, nil
	}
	if loaded, err := v.hasFTPHelper(); err != nil || loaded {
		return nil, err
	}
	return found("The module ip_vs_ftp is not loaded.").mend("modprobe", "ip_vs_ftp"), nil
}
