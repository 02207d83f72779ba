// SPDX-License-Identifier: Apache-2.0

package firewall

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
