// SPDX-License-Identifier: Apache-2.0

package diagnose

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/firewall"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// triesLimit bounds how many rules are tried for all services and servers together, which
// takes some seconds.
const triesLimit = 50_000_000

// firewall returns the rules of the firewall, read once.
func (v *view) firewall() (firewall.Ruleset, error) {
	return v.read.firewall.get(func() (firewall.Ruleset, error) {
		rules, err := v.facts.Firewall()
		if err != nil {
			return rules, err
		}
		table := v.read.table.value // if it is known
		objects, n := len(table), 0
		for i := range table {
			objects += len(table[i].Destinations)
		}
		for _, c := range rules.Chains {
			n += len(c.Rules)
		}
		if n*objects > triesLimit {
			err = fmt.Errorf("the firewall has %d rules, too many to try with %d services and servers: name one service", n, objects)
		}
		return rules, err
	})
}

// unlessPartial returns a finding. Without one, the check was not made if there may be rules
// that nobody can read.
func unlessPartial(f *Finding, rules firewall.Ruleset) (*Finding, error) {
	if f == nil && rules.Partial != "" {
		return nil, errors.New(rules.Partial)
	}
	return f, nil
}

// unlessUnclear is unlessPartial for a packet that a chain may drop by rules that are not
// understood.
func unlessUnclear(f *Finding, rules firewall.Ruleset, unclear *firewall.Chain) (*Finding, error) {
	if f == nil && unclear != nil {
		return nil, fmt.Errorf("the chain %s has rules that are not understood", unclear)
	}
	return unlessPartial(f, rules)
}

// dropAt returns the chain that certainly drops a packet at one of the hooks, or nil. unclear
// is then one that drops it or not, by rules that are not understood.
func dropAt(rules firewall.Ruleset, p firewall.Packet, hooks ...string) (drops, unclear *firewall.Chain) {
	for _, hook := range hooks {
		result := rules.Pass(hook, p)
		if result.Dropped != nil {
			return result.Dropped, nil
		}
		unclear = cmp.Or(unclear, result.Unclear)
		switch result.Untracked {
		case firewall.Yes:
			p.State = "untracked"
		case firewall.Maybe:
			p.State = ""
		}
	}
	return nil, unclear
}

// dropped is dropAt for a packet to this machine.
func dropped(rules firewall.Ruleset, p firewall.Packet) (drops, unclear *firewall.Chain) {
	return dropAt(rules, p, "prerouting", "input")
}

// notForwardedBy is dropAt for a packet that goes through this machine.
func notForwardedBy(rules firewall.Ruleset, p firewall.Packet) (drops, unclear *firewall.Chain) {
	return dropAt(rules, p, "prerouting", "forward")
}

// protocolOf returns what firewalls call a protocol.
func protocolOf(p ipvs.Protocol) string {
	switch p {
	case ipvs.TCP, ipvs.UDP, ipvs.SCTP:
		return strings.ToLower(p.String())
	}
	return ""
}

// inState returns a packet as connection tracking sees it.
func inState(p firewall.Packet, state string) firewall.Packet {
	p.State = state
	return p
}

// clientPacket is the first packet of a client to a service with an address.
func clientPacket(id ipvs.ServiceID) firewall.Packet {
	return firewall.Packet{
		IPv6: id.AddrPort.Addr().Is6(), Destination: id.AddrPort.Addr(), Protocol: protocolOf(id.Protocol), DestinationPort: id.AddrPort.Port(), State: "new",
	}
}

// answerPacket is the first answer of a server behind address translation, by an interface.
func answerPacket(id ipvs.ServiceID, server ipvs.DestinationID, link string) firewall.Packet {
	addr := server.AddrPort.Addr()
	return firewall.Packet{IPv6: addr.Is6(), Source: addr, SourcePort: server.AddrPort.Port(), Protocol: protocolOf(id.Protocol), Input: link}
}

// dropsBy names what a chain drops.
func dropsBy(c *firewall.Chain, what string) string {
	return "The chain " + c.String() + " drops " + what + "."
}
