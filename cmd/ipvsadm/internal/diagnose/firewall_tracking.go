// SPDX-License-Identifier: Apache-2.0

package diagnose

import (
	"strconv"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/firewall"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// tracked tells whether connection tracking knows the connections of a service: because of a
// setting for all, or because the helper for FTP has it track them.
func (v *view) tracked(s *ipvs.Service) (bool, error) {
	value, err := v.optional(0, "net", "ipv4", "vs", "conntrack")
	if err != nil || value != 0 || !isFTP(s) {
		return value != 0, err
	}
	return v.hasFTPHelper()
}

// answerState is what connection tracking thinks of the first answer of a server.
func answerState(tracked bool, p ipvs.Protocol) string {
	switch {
	case tracked:
		return "established"
	case p == ipvs.TCP, p == ipvs.SCTP:
		return "invalid"
	case p == ipvs.UDP:
		return "new"
	}
	return ""
}

func forwardDrop(v *view, s *ipvs.Service, d *ipvs.Destination) (*Finding, error) {
	if d.Forward != ipvs.Masquerade {
		return nil, nil
	}
	rules, tracked, err := v.firewallAndTracking(s)
	if err != nil {
		return nil, err
	}
	answer, err := v.answerOf(s, d)
	if err != nil || answer.Input == "" {
		return nil, err
	}
	c, unclear := notForwardedBy(rules, inState(answer, answerState(tracked, s.Protocol)))
	if c == nil {
		return unlessUnclear(nil, rules, unclear)
	}
	if ofNew, _ := notForwardedBy(rules, inState(answer, "new")); ofNew == nil { // invalid-drop tells
		return unlessPartial(nil, rules)
	}
	f := found("%s", dropsBy(c, "answers of "+d.DestinationID.String()))
	if ofEstablished, _ := notForwardedBy(rules, inState(answer, "established")); !tracked && ofEstablished == nil {
		return f.setSysctl(1, "net", "ipv4", "vs", "conntrack"), nil
	}
	return f.mend(c.AcceptCommand(answer)...), nil
}

// firewallAndTracking returns the rules of the firewall, and whether connection tracking knows
// the connections of a service.
func (v *view) firewallAndTracking(s *ipvs.Service) (rules firewall.Ruleset, tracked bool, err error) {
	if rules, err = v.firewall(); err == nil {
		tracked, err = v.tracked(s)
	}
	return rules, tracked, err
}

// answerOf returns an answer of a server, without its state. Its interface is empty if no
// packet of the server can come.
func (v *view) answerOf(s *ipvs.Service, d *ipvs.Destination) (answer firewall.Packet, err error) {
	route, err := v.route(Query{Dst: d.AddrPort.Addr()})
	if err == nil && route.Kind == UnicastPath {
		answer = answerPacket(s.ServiceID, d.DestinationID, route.Link)
	}
	return answer, err
}

func invalidDrop(v *view, entry *ipvs.TableEntry) (*Finding, error) {
	id := entry.Service.ServiceID
	if id.Protocol != ipvs.TCP || len(entry.Destinations) == 0 {
		return nil, nil
	}
	rules, tracked, err := v.firewallAndTracking(&entry.Service)
	if err != nil {
		return nil, err
	}
	direct, translated := false, false
	for i := range entry.Destinations {
		d := &entry.Destinations[i]
		switch {
		case d.Forward == ipvs.DirectRoute, d.Forward == ipvs.Tunnel:
			direct = true
		case d.Forward == ipvs.Masquerade && !tracked:
			translated = true
			answer, err := v.answerOf(&entry.Service, d)
			if err != nil {
				return nil, err
			}
			if answer.Input == "" {
				continue
			}
			if c := dropOfInvalid(rules, answer, "forward"); c != nil {
				return found("%s", dropsBy(c, "answers of "+d.DestinationID.String()+", because their state is invalid")).
					setSysctl(1, "net", "ipv4", "vs", "conntrack"), nil
			}
		}
	}
	if !direct && !translated || !hasClients(id) {
		return unlessPartial(nil, rules)
	}
	p := clientPacket(id)
	c := dropOfInvalid(rules, p, "input")
	if c == nil {
		return unlessPartial(nil, rules)
	}
	f := found("%s", dropsBy(c, "packets to "+id.AddrPort.String()+" whose state is invalid"))
	if !direct {
		return f.setSysctl(1, "net", "ipv4", "vs", "conntrack"), nil
	}
	for _, words := range c.NoTrackCommands(p) {
		f.mend(words...)
	}
	return f, nil
}

// dropOfInvalid returns the chain that drops a packet only because its state is invalid.
func dropOfInvalid(rules firewall.Ruleset, p firewall.Packet, hook string) *firewall.Chain {
	if ofNew, _ := dropAt(rules, inState(p, "new"), "prerouting", hook); ofNew != nil {
		return nil
	}
	c, _ := dropAt(rules, inState(p, "invalid"), "prerouting", hook)
	return c
}

func snatConntrack(v *view, s *ipvs.Service, d *ipvs.Destination) (*Finding, error) {
	if d.Forward != ipvs.Masquerade {
		return nil, nil
	}
	tracked, err := v.tracked(s)
	if err != nil || tracked {
		return nil, err
	}
	rules, err := v.firewall()
	if err != nil {
		return nil, err
	}
	route, err := v.route(Query{Dst: d.AddrPort.Addr()})
	if err != nil || route.Kind != UnicastPath {
		return nil, err
	}
	p := firewall.Packet{
		IPv6: d.AddrPort.Addr().Is6(), Destination: d.AddrPort.Addr(), DestinationPort: d.AddrPort.Port(), Protocol: protocolOf(s.Protocol),
		Output: route.Link, IPVS: true, Virtual: s.AddrPort,
	}
	c := rules.Pass("postrouting", p).Translator
	if c == nil {
		return unlessPartial(nil, rules)
	}
	f := found("The chain %s translates packets to %s, and net.ipv4.vs.conntrack is 0.", c, d.DestinationID).setSysctl(1, "net", "ipv4", "vs", "conntrack")
	p.IPVS = false
	switch {
	case v.facts.Complete() == nil && nothingCameBack(d):
		f.Severity = Fault
		f.Facts += " Of " + strconv.FormatUint(d.Stats.InPkts, 10) + " packets to the server none came back."
	case rules.Pass("postrouting", p).Translator != nil:
		f.Severity = Note
	}
	return f, nil
}

// nothingCameBack tells whether the counters of a server show that.
func nothingCameBack(d *ipvs.Destination) bool {
	return d.Stats.Conns > 0 && d.Stats.InPkts >= fewPackets && d.Stats.OutPkts == 0
}
