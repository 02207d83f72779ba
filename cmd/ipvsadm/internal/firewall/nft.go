// SPDX-License-Identifier: Apache-2.0

package firewall

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
)

// ParseNFT parses what "nft -j list ruleset" prints; see libnftables-json(5).
func ParseNFT(text []byte) (Ruleset, error) {
	var document struct {
		Objects []struct {
			Chain *nftChain
			Rule  *nftRule
			Set   *nftSet
		} `json:"nftables"`
	}
	if err := json.Unmarshal(text, &document); err != nil {
		return Ruleset{}, err
	}
	if document.Objects == nil {
		return Ruleset{}, fmt.Errorf("it has no list nftables")
	}
	p := nft{sets: map[setName]any{}}
	p.all.index()
	for _, o := range document.Objects {
		if s := o.Set; s != nil {
			p.sets[setName{s.Family, s.Table, s.Name}] = s.Elem
		}
		if o.Chain != nil {
			p.chain(o.Chain)
		}
	}
	p.all.index()
	for _, o := range document.Objects {
		if o.Rule == nil {
			continue
		}
		c := p.all.byName[chainName{"nft", o.Rule.Family, o.Rule.Table, o.Rule.Chain}]
		if c == nil {
			return Ruleset{}, fmt.Errorf("there is no chain %q", o.Rule.Chain)
		}
		c.Rules = append(c.Rules, p.rules(o.Rule)...)
	}
	p.all.index()
	return p.all, nil
}

type nftChain struct {
	Family, Table, Name, Type, Hook, Policy string
	Prio                                    int
}

type nftRule struct {
	Family, Table, Chain string
	Expr                 []map[string]any
}

type nftSet struct {
	Family, Table, Name string
	Elem                any
}

type setName struct{ family, table, name string }

type nft struct {
	all  Ruleset
	sets map[setName]any
}

func (p *nft) chain(c *nftChain) {
	p.all.Chains = append(p.all.Chains, &Chain{
		Tool: "nft", Family: c.Family, Table: c.Table, Name: c.Name, Hook: c.Hook, Type: c.Type, Priority: c.Prio, Drops: c.Policy == "drop",
	})
}

// rules converts a rule. One with a map from states to verdicts becomes several, and so does
// one with several actions.
func (p *nft) rules(r *nftRule) (all []Rule) {
	var conditions []Condition
	strange := false
	add := func(rule Rule, more ...Condition) {
		rule.Conditions = slices.Concat(conditions, more)
		all = append(all, rule)
	}
	for _, statement := range r.Expr {
		for name, value := range statement {
			switch name {
			case "match":
				conditions = append(conditions, p.match(r, value)...)
			case "vmap":
				p.verdicts(value, add)
			case "mangle":
				if mark, ok := nftMark(value); ok {
					add(Rule{Action: SetMark, Mark: mark})
				}
			case "counter", "log", "comment", "set", "ct helper", "ct timeout", "ct expectation", "secmark", "map":
			default:
				rule, known := verdict(name, value)
				if !known {
					conditions = append(conditions, Condition{})
					strange = true
					continue
				}
				strange = strange && rule.Action == NoTrack
				add(rule)
			}
		}
	}
	if strange { // it may have been a verdict, or have set a mark
		add(Rule{Action: SetMark, Mark: Mark{Any: true}})
		add(Rule{Action: Unknown})
	}
	return all
}

// verdict converts a statement that ends a rule, or notrack.
func verdict(name string, value any) (r Rule, known bool) {
	switch name {
	case "accept":
		return Rule{Action: Accept}, true
	case "redirect", "dnat":
		return Rule{Action: Redirect}, true
	case "drop", "reject":
		return Rule{Action: Drop}, true
	case "return":
		return Rule{Action: Return}, true
	case "continue":
		return Rule{}, true
	case "masquerade", "snat":
		return Rule{Action: Translate}, true
	case "notrack":
		return Rule{Action: NoTrack}, true
	case "jump", "goto":
		target, ok := field(value, "target").(string)
		action := Jump
		if name == "goto" {
			action = Goto
		}
		return Rule{Action: action, Target: target}, ok
	}
	return Rule{}, false
}

// verdicts adds the rules of a map. Only one from states is understood.
func (p *nft) verdicts(value any, add func(Rule, ...Condition)) {
	key, data := field(value, "key"), field(value, "data")
	pairs, _ := field(data, "set").([]any)
	if field(field(key, "ct"), "key") != "state" || len(pairs) == 0 {
		add(Rule{Action: Unknown}, Condition{})
		return
	}
	for _, pair := range pairs {
		both, _ := pair.([]any)
		if len(both) != 2 {
			add(Rule{Action: Unknown}, Condition{})
			return
		}
		names, ok := namesOf(both[0])
		statement, _ := both[1].(map[string]any)
		for name, value := range statement {
			rule, known := verdict(name, value)
			if !ok || !known {
				add(Rule{Action: Unknown}, Condition{})
				continue
			}
			add(rule, stateCondition(names))
		}
	}
}

// match converts an expression such as tcp dport 80.
func (p *nft) match(r *nftRule, value any) []Condition {
	op, _ := field(value, "op").(string)
	left, right := field(value, "left"), p.resolve(r, field(value, "right"))
	not := op == "!="
	if op != "==" && op != "in" && !not {
		return []Condition{{}}
	}
	if payload := field(left, "payload"); payload != nil {
		return payloadCondition(payload, right, not)
	}
	var c Condition
	switch {
	case field(field(left, "ct"), "key") == "state":
		if names, ok := namesOf(right); ok {
			c = stateCondition(names)
		}
	case field(field(left, "ct"), "key") == "status" && right == "dnat":
		c = Condition{kind: redirected}
	case field(left, "meta") != nil:
		c = metaCondition(field(field(left, "meta"), "key"), right)
	}
	c.not = not
	return []Condition{c}
}

// resolve replaces the name of a set, such as @servers, with its elements.
func (p *nft) resolve(r *nftRule, right any) any {
	name, ok := right.(string)
	if !ok || len(name) < 2 || name[0] != '@' {
		return right
	}
	elements, ok := p.sets[setName{r.Family, r.Table, name[1:]}]
	if !ok {
		return nil
	}
	return map[string]any{"set": elements}
}

func metaCondition(key, right any) Condition {
	names, ok := namesOf(right)
	if !ok {
		return Condition{}
	}
	switch key {
	case "iifname", "iif":
		return Condition{kind: input, names: names}
	case "oifname", "oif":
		return Condition{kind: output, names: names}
	case "l4proto":
		for i, name := range names {
			names[i] = protocolName(name)
		}
		return Condition{kind: protocol, names: names}
	case "nfproto":
		for i, name := range names {
			if names[i] = "ip"; name == "ipv6" {
				names[i] = "ip6"
			}
		}
		return Condition{kind: family, names: names}
	}
	return Condition{}
}

// payloadCondition converts a field of a header, together with the protocol that it implies.
func payloadCondition(payload, right any, not bool) []Condition {
	of, _ := field(payload, "protocol").(string)
	name, _ := field(payload, "field").(string)
	var implied, c Condition
	switch of {
	case "ip", "ip6":
		implied = Condition{kind: family, names: []string{of}}
	case "tcp", "udp", "sctp", "icmp", "icmpv6":
		implied = Condition{kind: protocol, names: []string{of}}
	}
	switch name {
	case "saddr", "daddr":
		if addrs, ok := addrsOf(right); ok {
			c = Condition{kind: source, addrs: addrs}
			if name == "daddr" {
				c.kind = destination
			}
		}
	case "sport", "dport":
		if ports, ok := portsOf(right); ok {
			c = Condition{kind: sourcePort, ports: ports}
			if name == "dport" {
				c.kind = destinationPort
			}
		}
	case "protocol", "nexthdr":
		if names, ok := namesOf(right); ok {
			for i, name := range names {
				names[i] = protocolName(name)
			}
			c = Condition{kind: protocol, names: names}
		}
	case "type":
		if names, ok := namesOf(right); ok && (of == "icmp" || of == "icmpv6") {
			c = Condition{kind: icmpType, names: names}
		}
	}
	c.not = not
	return []Condition{implied, c}
}

// field returns a field of an object, or nil.
func field(object any, name string) any {
	m, _ := object.(map[string]any)
	return m[name]
}

// elements returns what a set or a list has, or the value alone.
func elements(value any) []any {
	if set := field(value, "set"); set != nil {
		value = set
	}
	all, ok := value.([]any)
	if !ok {
		return []any{value}
	}
	return all
}

// unwrap returns the value of an element with a timeout or a counter.
func unwrap(value any) any {
	if elem := field(value, "elem"); elem != nil {
		return field(elem, "val")
	}
	return value
}

func namesOf(value any) (names []string, ok bool) {
	for _, e := range elements(value) {
		switch e := unwrap(e).(type) {
		case string:
			names = append(names, e)
		case float64:
			names = append(names, strconv.FormatFloat(e, 'f', -1, 64))
		default:
			return nil, false
		}
	}
	return names, true
}

func addrsOf(value any) (addrs []addrRange, ok bool) {
	for _, e := range elements(value) {
		e = unwrap(e)
		a, ok := addrOf(e)
		if !ok {
			return nil, false
		}
		addrs = append(addrs, a)
	}
	return addrs, true
}

func addrOf(value any) (addrRange, bool) {
	if text, ok := value.(string); ok {
		return parsePrefix(text)
	}
	if prefix := field(value, "prefix"); prefix != nil {
		text, _ := field(prefix, "addr").(string)
		length, isNumber := field(prefix, "len").(float64)
		addr, err := netip.ParseAddr(text)
		if err != nil || !isNumber {
			return addrRange{}, false
		}
		p, err := addr.Prefix(int(length))
		return prefixRangeIf(p, err)
	}
	if ends, ok := field(value, "range").([]any); ok && len(ends) == 2 {
		first, _ := ends[0].(string)
		last, _ := ends[1].(string)
		from, err := netip.ParseAddr(first)
		to, errTo := netip.ParseAddr(last)
		return addrRange{from, to}, err == nil && errTo == nil
	}
	return addrRange{}, false
}

func prefixRangeIf(p netip.Prefix, err error) (addrRange, bool) {
	if err != nil {
		return addrRange{}, false
	}
	return prefixRange(p), true
}

func portsOf(value any) (ports []portRange, ok bool) {
	for _, e := range elements(value) {
		e = unwrap(e)
		if ends, ok := field(e, "range").([]any); ok && len(ends) == 2 {
			from, ok := portOf(ends[0])
			to, okTo := portOf(ends[1])
			if !ok || !okTo {
				return nil, false
			}
			ports = append(ports, portRange{from, to})
			continue
		}
		port, ok := portOf(e)
		if !ok {
			return nil, false
		}
		ports = append(ports, portRange{port, port})
	}
	return ports, true
}

func portOf(value any) (uint16, bool) {
	n, ok := value.(float64)
	return uint16(n), ok && n >= 0 && n <= 0xffff && n == float64(uint16(n))
}

// nftMark returns the mark of "meta mark set".
func nftMark(value any) (m Mark, ok bool) {
	if field(field(field(value, "key"), "meta"), "key") != "mark" {
		return Mark{}, false
	}
	set := field(value, "value")
	if n, ok := set.(float64); ok && n >= 0 && n <= 0xffffffff {
		return Mark{Value: uint32(n), Mask: 0xffffffff}, true
	}
	if both, ok := field(set, "|").([]any); ok && len(both) == 2 { // meta mark or 0x10
		if n, ok := both[1].(float64); ok && n >= 0 && n <= 0xffffffff && field(field(both[0], "meta"), "key") == "mark" {
			return Mark{Value: uint32(n), Mask: uint32(n)}, true
		}
	}
	return Mark{Any: true}, true
}
