// SPDX-License-Identifier: Apache-2.0

package firewall

import "slices"

// Result is what becomes of a packet at a hook.
type Result struct {
	// Dropped is the chain that certainly drops the packet, or nil.
	Dropped *Chain
	// Unclear is the first chain that drops the packet or not, depending on rules that are
	// not understood. It is nil if there is none.
	Unclear *Chain
	// Translated and Untracked tell whether a rule gives the packet another source
	// address, and hides it from connection tracking.
	Translated, Untracked Truth
	// Translator is a chain that certainly translates the packet, or nil.
	Translator *Chain
	// Redirected tells whether a rule gives the packet another destination, and Redirector is
	// its chain.
	Redirected Truth
	Redirector *Chain
}

// Pass sends a packet through the chains of a hook, such as input, in their order.
func (r *Ruleset) Pass(hook string, p Packet) (result Result) {
	if r.redirects {
		p.redirected = Maybe
	}
	for _, c := range r.byHook[hook] {
		if c.Family != "inet" && c.Family != p.family() || c.Type == "nat" && p.State == "untracked" {
			continue
		}
		seen := p
		seen.State = stateAt(hook, c.Priority, p.State)
		w := walk{rules: r, packet: &seen, known: map[visit]outcome{}, result: &result, early: isEarly(hook, c.Priority)}
		o := w.chain(c, Yes)
		if o&passes != 0 {
			o |= policy(c)
		}
		if o&(accepts|drops) == drops {
			result.Dropped, result.Unclear = c, nil
			return result
		}
		if result.Unclear == nil && o&drops != 0 && w.unread {
			result.Unclear = c
		}
		if result.Translator == nil && w.translates == Yes {
			result.Translator = c
		}
		if w.redirects > result.Redirected {
			result.Redirected, result.Redirector = w.redirects, c
		}
		result.Translated = max(result.Translated, w.translates)
		if w.untracks == Yes {
			p.State = "untracked"
		}
	}
	return result
}

// trackingPriority is where connection tracking looks at packets that come in
// (NF_IP_PRI_CONNTRACK).
const trackingPriority = -200

// isEarly tells whether a chain can hide packets from connection tracking.
func isEarly(hook string, priority int) bool {
	return (hook == "prerouting" || hook == "output") && priority < trackingPriority
}

// stateAt returns the state of a packet as a chain sees it. Before connection tracking, chains
// take it for invalid, unless they have hidden it from that.
func stateAt(hook string, priority int, state string) string {
	switch {
	case hook != "prerouting" || priority > trackingPriority || state == "untracked":
		return state
	case priority == trackingPriority:
		return ""
	}
	return "invalid"
}

func policy(c *Chain) outcome {
	if c.Drops {
		return drops
	}
	return accepts
}

// outcome is a set of what may become of a packet.
type outcome uint8

const (
	accepts outcome = 1 << iota
	drops
	passes // the end of the chain
)

// walk is the way of a packet through a chain and those to which it jumps.
type walk struct {
	rules                *Ruleset
	packet               *Packet
	known                map[visit]outcome
	result               *Result
	early                bool
	unread               bool // a rule that is not understood may accept or drop
	translates, untracks Truth
	redirects            Truth
}

// untrack hides the packet from connection tracking, also for the rules that follow.
func (w *walk) untrack(reach Truth) {
	w.untracks = max(w.untracks, reach)
	w.result.Untracked = max(w.result.Untracked, reach)
	state := "untracked"
	if w.untracks != Yes {
		state = "" // perhaps
	}
	if w.packet.State != state {
		w.packet.State = state
		clear(w.known)
	}
}

// visit is a chain, and whether the packet certainly gets there.
type visit struct {
	chain *Chain
	reach Truth
}

// chain returns what may become of a packet that gets to a chain.
func (w *walk) chain(c *Chain, reach Truth) (all outcome) {
	here := visit{c, reach}
	if o, seen := w.known[here]; seen {
		return o
	}
	w.known[here] = accepts | drops | passes // the kernel has no loops
	defer func() { w.known[here] = all }()
	for i := range c.Rules {
		rule := &c.Rules[i]
		matches := rule.matches(w.packet)
		if matches == No {
			continue
		}
		o, ends := w.rule(c, rule, min(reach, matches))
		w.unread = w.unread || (ends || o&(accepts|drops) != 0) && rule.isUnread()
		if matches == Yes && ends {
			return all | o
		}
		all |= o &^ passes
		if ends {
			all |= o
		}
		switch {
		case matches == Yes && o&passes == 0:
			return all
		case o&(accepts|drops) != 0 || ends:
			reach = min(reach, Maybe)
		}
	}
	return all | passes
}

// matches tells whether a packet meets all conditions.
func (r *Rule) matches(p *Packet) Truth {
	all := Yes
	for i := range r.Conditions {
		all = min(all, r.Conditions[i].holds(p))
		if all == No {
			break
		}
	}
	return all
}

// isUnread tells whether a condition or the action of a rule is not understood.
func (r *Rule) isUnread() bool {
	return r.Action == Unknown || slices.ContainsFunc(r.Conditions, func(c Condition) bool { return c.kind == unknown })
}

// rule returns what a rule that matches may do. ends tells that the packet does not come back
// to the rules after it.
func (w *walk) rule(c *Chain, rule *Rule, reach Truth) (o outcome, ends bool) {
	switch rule.Action {
	case Accept:
		return accepts, false
	case Redirect:
		w.redirects = max(w.redirects, reach)
		return accepts, false
	case Drop:
		return drops, false
	case Return:
		return passes, true
	case Jump, Goto:
		target := w.rules.byName[chainName{c.Tool, c.Family, c.Table, rule.Target}]
		if target == nil {
			w.unread = true
			return accepts | drops | passes, false
		}
		return w.chain(target, reach), rule.Action == Goto
	case Translate:
		w.translates = max(w.translates, reach)
		return accepts, false
	case NoTrack:
		if w.early {
			w.untrack(reach)
		}
	case Unknown:
		w.untracks, w.translates = max(w.untracks, min(reach, Maybe)), max(w.translates, min(reach, Maybe))
		w.result.Untracked = max(w.result.Untracked, w.untracks)
		return accepts | drops | passes, false
	}
	return passes, false
}
