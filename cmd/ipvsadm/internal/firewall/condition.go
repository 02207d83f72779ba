// SPDX-License-Identifier: Apache-2.0

package firewall

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Condition is one that a packet must meet.
type Condition struct {
	kind  conditionKind
	not   bool
	names []string // of protocols, interfaces, states, types
	ports []portRange
	addrs []addrRange
}

type conditionKind int

const (
	unknown conditionKind = iota
	family                // ip or ip6
	source
	destination
	protocol
	sourcePort
	destinationPort
	input
	output
	state
	icmpType
	redirected
	ofIPVS
	virtualAddr
	virtualPort
)

type portRange struct{ from, to uint16 }

type addrRange struct{ from, to netip.Addr }

// Truth is how sure something is.
type Truth int

// The truths, in their order.
const (
	No Truth = iota
	Maybe
	Yes
)

func certain(b bool) Truth {
	if b {
		return Yes
	}
	return No
}

// holds tells whether a packet meets the condition.
func (c *Condition) holds(p *Packet) Truth {
	t := c.plainly(p)
	if c.not {
		t = Yes - t
	}
	return t
}

func (c *Condition) plainly(p *Packet) Truth {
	switch c.kind {
	case family:
		return certain(slices.Contains(c.names, p.family()))
	case source:
		return c.hasAddr(p.Source)
	case destination:
		return c.hasAddr(p.Destination)
	case protocol:
		return c.hasName(p.Protocol)
	case sourcePort:
		return c.hasPort(p.SourcePort)
	case destinationPort:
		return c.hasPort(p.DestinationPort)
	case input:
		return c.hasInterface(p.Input)
	case output:
		return c.hasInterface(p.Output)
	case state:
		return c.hasName(p.State)
	case icmpType:
		return c.hasName(p.ICMP)
	case redirected:
		return p.redirected
	case ofIPVS:
		return certain(p.IPVS)
	case virtualAddr:
		return min(c.hasAddr(p.Virtual.Addr()), certain(p.IPVS))
	case virtualPort:
		return min(c.hasPort(p.Virtual.Port()), certain(p.IPVS))
	}
	return Maybe
}

func (p *Packet) family() string {
	if p.IPv6 {
		return "ip6"
	}
	return "ip"
}

func (c *Condition) hasName(name string) Truth {
	if name == "" {
		return Maybe
	}
	return certain(slices.Contains(c.names, name))
}

func (c *Condition) hasAddr(addr netip.Addr) Truth {
	if !addr.IsValid() {
		return Maybe
	}
	return certain(slices.ContainsFunc(c.addrs, func(a addrRange) bool {
		return a.from.Is4() == addr.Is4() && a.from.Compare(addr) <= 0 && addr.Compare(a.to) <= 0
	}))
}

func (c *Condition) hasPort(port uint16) Truth {
	if port == 0 {
		return Maybe
	}
	return certain(slices.ContainsFunc(c.ports, func(r portRange) bool { return r.from <= port && port <= r.to }))
}

// hasInterface compares names that may end with an asterisk or, for iptables, with a plus.
func (c *Condition) hasInterface(name string) Truth {
	t := No
	for _, pattern := range c.names {
		start, open := strings.CutSuffix(pattern, "*")
		switch {
		case name == "" && pattern != "lo":
			t = Maybe
		case name == "":
		case open && strings.HasPrefix(name, start), name == pattern:
			return Yes
		}
	}
	return t
}

// prefixRange returns the addresses of a prefix.
func prefixRange(p netip.Prefix) addrRange {
	p = p.Masked()
	last := p.Addr().AsSlice()
	for bit := p.Bits(); bit < 8*len(last); bit++ {
		last[bit/8] |= 0x80 >> (bit % 8)
	}
	to, _ := netip.AddrFromSlice(last)
	return addrRange{p.Addr(), to}
}

// parsePrefix parses an address or a prefix, with the length or with a mask.
func parsePrefix(text string) (addrRange, bool) {
	host, length, found := strings.Cut(text, "/")
	addr, err := netip.ParseAddr(host)
	if err != nil || addr.Zone() != "" {
		return addrRange{}, false
	}
	bits := addr.BitLen()
	if found {
		if bits, err = strconv.Atoi(length); err != nil {
			mask, err := netip.ParseAddr(length)
			if err != nil || mask.BitLen() != addr.BitLen() {
				return addrRange{}, false
			}
			bits = ones(mask)
		}
	}
	prefix, err := addr.Prefix(bits)
	if err != nil {
		return addrRange{}, false
	}
	return prefixRange(prefix), true
}

// ones returns the length of a mask, or -1 if it is not one of a prefix.
func ones(mask netip.Addr) int {
	n, ended := 0, false
	for _, b := range mask.AsSlice() {
		for bit := 7; bit >= 0; bit-- {
			set := b>>bit&1 == 1
			if set && ended {
				return -1
			}
			ended = ended || !set
			if set {
				n++
			}
		}
	}
	return n
}

// parsePort parses the number of a port.
func parsePort(text string) (uint16, bool) {
	n, err := strconv.ParseUint(text, 10, 16)
	return uint16(n), err == nil
}

// protocolName returns one of several names of a protocol.
func protocolName(name string) string {
	switch name {
	case "ipv6-icmp", "icmp6", "58":
		return "icmpv6"
	case "ipencap", "4", "ipv4":
		return "ipip"
	case "1":
		return "icmp"
	case "6":
		return "tcp"
	case "17":
		return "udp"
	case "47":
		return "gre"
	case "132":
		return "sctp"
	}
	return name
}

// nftWords describes a packet to nft.
func (p *Packet) nftWords() (words []string) {
	if p.Source.IsValid() {
		words = append(words, p.family(), "saddr", p.Source.String())
	}
	if p.Destination.IsValid() {
		words = append(words, p.family(), "daddr", p.Destination.String())
	}
	switch {
	case p.SourcePort != 0:
		return append(words, p.Protocol, "sport", strconv.Itoa(int(p.SourcePort)))
	case p.DestinationPort != 0:
		return append(words, p.Protocol, "dport", strconv.Itoa(int(p.DestinationPort)))
	case p.ICMP != "":
		return append(words, p.Protocol, "type", p.ICMP)
	case p.Protocol == "ipip": // nft knows it by its number
		return append(words, "meta", "l4proto", "4")
	case p.Protocol != "":
		return append(words, "meta", "l4proto", p.Protocol)
	}
	return words
}

// iptablesWords describes a packet to iptables.
func (p *Packet) iptablesWords() (words []string) {
	if p.Source.IsValid() {
		words = append(words, "-s", p.Source.String())
	}
	if p.Destination.IsValid() {
		words = append(words, "-d", p.Destination.String())
	}
	switch p.Protocol {
	case "":
		return words
	case "ipip":
		words = append(words, "-p", "4")
	default:
		words = append(words, "-p", p.Protocol)
	}
	switch {
	case p.SourcePort != 0:
		words = append(words, "--sport", strconv.Itoa(int(p.SourcePort)))
	case p.DestinationPort != 0:
		words = append(words, "--dport", strconv.Itoa(int(p.DestinationPort)))
	case p.ICMP != "" && p.IPv6:
		words = append(words, "--icmpv6-type", p.ICMP)
	case p.ICMP != "":
		words = append(words, "--icmp-type", p.ICMP)
	}
	return words
}
