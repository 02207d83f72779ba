// SPDX-License-Identifier: Apache-2.0

package firewall

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// tablePriorities are those of the chains of iptables, other than NAT.
var tablePriorities = [...]struct {
	table    string
	priority int
}{{"raw", -300}, {"mangle", -150}, {"filter", 0}, {"security", 50}}

// ParseIPTables parses what iptables-save prints, or ip6tables-save for IPv6.
func ParseIPTables(text string, ipv6 bool) (Ruleset, error) {
	p := iptables{tool: "iptables", family: "ip"}
	if ipv6 {
		p.tool, p.family = "ip6tables", "ip6"
	}
	complete := true
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == '#':
		case line[0] == '*':
			if !complete {
				return Ruleset{}, fmt.Errorf("line %d: the table %s has no end", n, p.table)
			}
			p.table, complete = line[1:], false
			p.chains = map[string]*Chain{}
		case complete:
			return Ruleset{}, fmt.Errorf("line %d: there is no table", n)
		case line[0] == ':':
			p.chain(strings.Fields(line[1:]))
		case line == "COMMIT":
			complete = true
		default:
			if err := p.rule(line); err != nil {
				return Ruleset{}, fmt.Errorf("line %d: %w", n, err)
			}
		}
	}
	if !complete {
		return Ruleset{}, fmt.Errorf("the table %s has no end", p.table)
	}
	p.all.index()
	return p.all, nil
}

// iptables parses the rules of one family.
type iptables struct {
	tool, family, table string
	all                 Ruleset
	chains              map[string]*Chain // of the table
}

// chain adds a chain, such as "INPUT ACCEPT [0:0]".
func (p *iptables) chain(words []string) {
	if len(words) < 2 {
		return
	}
	c := &Chain{Tool: p.tool, Family: p.family, Table: p.table, Name: words[0], Type: "filter", Drops: words[1] == "DROP"}
	if words[1] != "-" {
		c.Hook = strings.ToLower(c.Name)
		c.Priority = p.priority(c.Hook)
	}
	if p.table == "nat" {
		c.Type = "nat"
	}
	p.chains[c.Name] = c
	p.all.Chains = append(p.all.Chains, c)
}

func (p *iptables) priority(hook string) int {
	if p.table == "nat" && (hook == "prerouting" || hook == "output") {
		return -100
	}
	if p.table == "nat" {
		return 100
	}
	i := slices.IndexFunc(tablePriorities[:], func(t struct {
		table    string
		priority int
	}) bool {
		return t.table == p.table
	})
	return tablePriorities[max(i, 0)].priority
}

// rule adds a rule, such as "-A INPUT -p tcp -j ACCEPT", perhaps with counters before it.
func (p *iptables) rule(line string) error {
	words, ok := splitQuoted(line)
	if !ok {
		return fmt.Errorf("%q has a quotation mark without an end", line)
	}
	if len(words) > 0 && strings.HasPrefix(words[0], "[") {
		words = words[1:]
	}
	if len(words) < 2 || words[0] != "-A" {
		return fmt.Errorf("%q is no rule", line)
	}
	c := p.chains[words[1]]
	if c == nil {
		return fmt.Errorf("there is no chain %q", words[1])
	}
	c.Rules = append(c.Rules, p.parse(words[2:]))
	return nil
}

// parse parses the conditions and the target of a rule.
func (p *iptables) parse(words []string) (r Rule) {
	not := false
	for len(words) > 0 {
		word := words[0]
		words = words[1:]
		switch word {
		case "!":
			not = true
			continue
		case "-j", "-g":
			if len(words) > 0 {
				p.target(&r, word, words[0], words[1:])
			}
			return r
		case "--ipvs":
			r.Conditions = append(r.Conditions, Condition{kind: ofIPVS, not: not})
		case "-m":
			if len(words) > 0 && !understood(words[0]) {
				r.Conditions = append(r.Conditions, Condition{})
			}
			words = skip(words)
		case "--comment":
			words = skip(words)
		default:
			n := slices.IndexFunc(words, func(w string) bool { return strings.HasPrefix(w, "-") || w == "!" })
			if n < 0 {
				n = len(words)
			}
			c := option(word, words[:n])
			c.not = c.not != not
			r.Conditions = append(r.Conditions, c)
			words = words[n:]
		}
		not = false
	}
	return r
}

func skip(words []string) []string { return words[min(1, len(words)):] }

// understood tells whether a match module means nothing without an option.
func understood(module string) bool {
	switch module {
	case "tcp", "udp", "sctp", "icmp", "icmp6", "conntrack", "state", "comment", "multiport", "ipvs", "mark", "addrtype", "limit", "set":
		return true
	}
	return false
}

// option returns the condition of an option with its values.
func option(name string, values []string) Condition {
	if len(values) != 1 {
		return Condition{}
	}
	value := values[0]
	switch name {
	case "-s":
		return addrCondition(source, value)
	case "-d":
		return addrCondition(destination, value)
	case "-p":
		return protocolCondition(value)
	case "-i":
		return interfaceCondition(input, value)
	case "-o":
		return interfaceCondition(output, value)
	case "--vaddr":
		return addrCondition(virtualAddr, value)
	case "--vport":
		return portCondition(virtualPort, value)
	case "--dport", "--dports":
		return portCondition(destinationPort, value)
	case "--sport", "--sports":
		return portCondition(sourcePort, value)
	case "--ctstate", "--state":
		return stateCondition(strings.Split(strings.ToLower(value), ","))
	case "--icmp-type":
		return icmpCondition(value, false)
	case "--icmpv6-type":
		return icmpCondition(value, true)
	}
	return Condition{}
}

// interfaceCondition takes names that may end with a plus.
func interfaceCondition(kind conditionKind, pattern string) Condition {
	if start, open := strings.CutSuffix(pattern, "+"); open {
		pattern = start + "*"
	}
	return Condition{kind: kind, names: []string{pattern}}
}

func addrCondition(kind conditionKind, value string) Condition {
	c := Condition{kind: kind}
	for text := range strings.SplitSeq(value, ",") {
		a, ok := parsePrefix(text)
		if !ok {
			return Condition{}
		}
		c.addrs = append(c.addrs, a)
	}
	return c
}

func protocolCondition(value string) Condition {
	if value == "all" {
		return Condition{kind: protocol, not: true}
	}
	return Condition{kind: protocol, names: []string{protocolName(value)}}
}

// portCondition parses ports such as 80,443,1000:2000.
func portCondition(kind conditionKind, value string) Condition {
	c := Condition{kind: kind}
	for text := range strings.SplitSeq(value, ",") {
		first, last, isRange := strings.Cut(text, ":")
		if !isRange {
			last = first
		}
		from, ok := parsePort(first)
		to, okTo := parsePort(last)
		if !ok || !okTo {
			return Condition{}
		}
		c.ports = append(c.ports, portRange{from, to})
	}
	return c
}

// stateCondition returns the condition on states of connection tracking. Others than these,
// such as snat, are not understood.
func stateCondition(names []string) Condition {
	if len(names) == 1 && names[0] == "dnat" {
		return Condition{kind: redirected}
	}
	for _, name := range names {
		switch name {
		case "new", "established", "related", "invalid", "untracked":
		default:
			return Condition{}
		}
	}
	return Condition{kind: state, names: names}
}

// icmpCondition knows only the types that matter for sizes of packets.
func icmpCondition(value string, ipv6 bool) Condition {
	switch {
	case ipv6 && (value == "2" || value == "packet-too-big"):
		return Condition{kind: icmpType, names: []string{"packet-too-big"}}
	case !ipv6 && (value == "3" || value == "3/4" || value == "destination-unreachable" || value == "fragmentation-needed"):
		return Condition{kind: icmpType, names: []string{"destination-unreachable"}}
	case value == "any":
		return Condition{kind: icmpType, not: true}
	}
	return Condition{kind: icmpType, names: []string{value}}
}

// target sets what the rule does.
func (p *iptables) target(r *Rule, word, name string, options []string) {
	switch name {
	case "ACCEPT":
		r.Action = Accept
	case "DNAT", "REDIRECT":
		r.Action = Redirect
	case "DROP", "REJECT":
		r.Action = Drop
	case "RETURN":
		r.Action = Return
	case "MASQUERADE", "SNAT":
		r.Action = Translate
	case "NOTRACK":
		r.Action = NoTrack
	case "CT":
		if slices.Contains(options, "--notrack") {
			r.Action = NoTrack
		}
	case "MARK":
		r.Action, r.Mark = SetMark, markOption(options)
	case "CONNMARK":
		if slices.Contains(options, "--restore-mark") {
			r.Action, r.Mark = SetMark, Mark{Any: true}
		}
	case "LOG", "NFLOG", "TCPMSS", "TOS", "DSCP", "TTL", "HL", "CHECKSUM", "TRACE", "SET", "ULOG", "AUDIT", "CLASSIFY":
	default:
		r.Action, r.Target = Jump, name
		if word == "-g" {
			r.Action = Goto
		}
	}
}

// markOption parses the options of MARK, as iptables-save writes them.
func markOption(options []string) Mark {
	if len(options) != 2 {
		return Mark{Any: true}
	}
	text, maskText, masked := strings.Cut(options[1], "/")
	value, err := strconv.ParseUint(text, 0, 32)
	mask := uint64(0xffffffff)
	if masked && err == nil {
		mask, err = strconv.ParseUint(maskText, 0, 32)
	}
	switch {
	case err != nil:
		return Mark{Any: true}
	case options[0] == "--set-xmark" && value&^mask == 0, options[0] == "--set-mark":
		return Mark{Value: uint32(value), Mask: uint32(mask | value)}
	case options[0] == "--or-mark":
		return Mark{Value: uint32(value), Mask: uint32(value)}
	}
	return Mark{Any: true}
}

// splitQuoted splits a line into words, which may have quotation marks around them and
// backslashes in these.
func splitQuoted(line string) (words []string, ok bool) {
	for {
		line = strings.TrimLeft(line, " \t")
		if line == "" {
			return words, true
		}
		if line[0] != '"' {
			end := strings.IndexAny(line, " \t")
			if end < 0 {
				end = len(line)
			}
			words, line = append(words, line[:end]), line[end:]
			continue
		}
		var word strings.Builder
		i := 1
		for ; i < len(line) && line[i] != '"'; i++ {
			if line[i] == '\\' && i+1 < len(line) {
				i++
			}
			word.WriteByte(line[i])
		}
		if i >= len(line) {
			return nil, false
		}
		words, line = append(words, word.String()), line[i+1:]
	}
}
