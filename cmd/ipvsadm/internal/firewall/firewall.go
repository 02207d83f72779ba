// SPDX-License-Identifier: Apache-2.0

// Package firewall tells what rules of nftables and iptables do with a packet, as far as
// that can be told of a packet that is only partly known. A rule with a condition that the
// package does not understand may match or not.
package firewall

import (
	"cmp"
	"net/netip"
	"slices"
)

// Ruleset are the chains of a machine.
type Ruleset struct {
	Chains []*Chain
	// Partial says why there may be other chains. It is empty if there are none.
	Partial   string
	byName    map[chainName]*Chain
	byHook    map[string][]*Chain // in their order
	redirects bool                // a rule gives packets another destination
}

// chainName is what jumps go by.
type chainName struct{ tool, family, table, name string }

// Chain is a list of rules.
type Chain struct {
	Tool   string // nft, iptables, ip6tables, or one of these with -legacy
	Family string // ip, ip6 or inet
	Table  string
	Name   string
	// Hook is where packets enter the chain, such as input. It is empty for a chain that
	// is only jumped to.
	Hook     string
	Type     string // filter, nat or route
	Priority int
	Drops    bool // what no rule decides
	Rules    []Rule
}

// Rule is what is done with packets for which all conditions hold.
type Rule struct {
	Conditions []Condition
	Action     Action
	Target     string // of Jump and Goto
	Mark       Mark   // of SetMark
}

// Action is what a rule does with a packet.
type Action int

// The actions.
const (
	Continue Action = iota // nothing that matters here
	Accept
	Drop      // also with an answer
	Return    // from the chain
	Jump      // to another chain, and back
	Goto      // to another chain
	Redirect  // gives a packet another destination
	Translate // gives a packet another source address
	NoTrack   // hides a packet from connection tracking
	SetMark   // gives a packet a mark
	Unknown   // anything
)

// Mark is a mark that a rule sets.
type Mark struct {
	Value, Mask uint32 // the bits in Mask become those of Value, the others stay
	Any         bool   // it is not known
}

// Sets tells whether a packet may have a mark after that.
func (m Mark) Sets(mark uint32) bool { return m.Any || mark&m.Mask == m.Value&m.Mask }

// Packet is a packet as far as it is known. What is not known has the zero value.
type Packet struct {
	IPv6                        bool
	Source, Destination         netip.Addr
	Protocol                    string // tcp, udp, sctp, icmp, icmpv6, ipip, gre
	SourcePort, DestinationPort uint16
	// Input and Output are the interfaces by which the packet comes and leaves. If one is
	// not known, it is not lo.
	Input, Output string
	State         string // of connection tracking: new, established, related, invalid or untracked
	ICMP          string // the type
	// IPVS tells that IPVS has handled the packet, and Virtual is its service.
	IPVS    bool
	Virtual netip.AddrPort

	redirected Truth
}

// index makes hooks and jumps find their chains.
func (r *Ruleset) index() {
	r.byName, r.byHook = map[chainName]*Chain{}, map[string][]*Chain{}
	r.redirects = false
	for _, c := range r.Chains {
		r.byName[chainName{c.Tool, c.Family, c.Table, c.Name}] = c
		if c.Hook != "" {
			r.byHook[c.Hook] = append(r.byHook[c.Hook], c)
		}
		redirects := func(rule Rule) bool { return rule.Action == Redirect || rule.Action == Unknown }
		r.redirects = r.redirects || slices.ContainsFunc(c.Rules, redirects)
	}
	for _, chains := range r.byHook {
		slices.SortStableFunc(chains, func(a, b *Chain) int { return cmp.Compare(a.Priority, b.Priority) })
	}
}

// Add adds the chains of another ruleset.
func (r *Ruleset) Add(other Ruleset) {
	r.Chains = append(r.Chains, other.Chains...)
	r.index()
}

// MarkRule is a rule that sets a mark.
type MarkRule struct {
	Mark
	Hook string // of the chain, if packets enter there
	// Destinations are the only addresses of the packets, if the rule names single ones.
	Destinations []netip.Addr
}

// MarkRules returns the rules that set marks.
func (r *Ruleset) MarkRules() (all []MarkRule) {
	for _, c := range r.Chains {
		for _, rule := range c.Rules {
			if rule.Action == SetMark {
				all = append(all, MarkRule{Mark: rule.Mark, Hook: c.Hook, Destinations: rule.destinations()})
			}
		}
	}
	return all
}

// destinations returns the single addresses that a rule is for.
func (r *Rule) destinations() (addrs []netip.Addr) {
	for _, c := range r.Conditions {
		if c.kind != destination || c.not {
			continue
		}
		for _, a := range c.addrs {
			if a.from == a.to {
				addrs = append(addrs, a.from)
			}
		}
	}
	return addrs
}

// AcceptCommand returns the command that makes a chain accept some packets, before its
// other rules.
func (c *Chain) AcceptCommand(p Packet) []string { return c.insert(p, "accept", "ACCEPT") }

// NoTrackCommands returns the commands that hide some packets from connection tracking, with
// the tool that made a chain.
func (c *Chain) NoTrackCommands(p Packet) [][]string {
	if c.Tool != "nft" {
		words := append([]string{c.Tool, "-t", "raw", "-I", "PREROUTING"}, p.iptablesWords()...)
		return [][]string{append(words, "-j", "CT", "--notrack")}
	}
	words := append([]string{"nft", "add", "rule", "inet", "lvs", "untracked"}, p.nftWords()...)
	return [][]string{
		{"nft", "add", "table", "inet", "lvs"},
		{"nft", "add", "chain", "inet", "lvs", "untracked", "{ type filter hook prerouting priority raw; }"},
		append(words, "notrack"),
	}
}

// String names the chain.
func (c *Chain) String() string {
	return c.Name + " of the table " + c.Family + " " + c.Table + " (" + c.Tool + ")"
}

// insert returns the command that inserts a rule for some packets.
func (c *Chain) insert(p Packet, verdict, target string) []string {
	if c.Tool == "nft" {
		words := []string{"nft", "insert", "rule", c.Family, c.Table, c.Name}
		return append(append(words, p.nftWords()...), verdict)
	}
	words := []string{c.Tool, "-t", c.Table, "-I", c.Name}
	return append(append(words, p.iptablesWords()...), "-j", target)
}
