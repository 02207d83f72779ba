// SPDX-License-Identifier: Apache-2.0

package firewall

import (
	"encoding/json"
	"fmt"
	"slices"
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
