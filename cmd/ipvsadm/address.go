package main

import (
	"errors"
	"math"
	"net/netip"
	"strconv"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// endpoint is a host with a port. The port's name waits in portName while it is
// not known of which protocol it is.
type endpoint struct {
	addr     netip.Addr
	port     uint16
	portName string
	hasPort  bool
}

func (e endpoint) AddrPort() netip.AddrPort { return netip.AddrPortFrom(e.addr, e.port) }

var (
	errNoAddress = errors.New("no such host")
	errNoPort    = errors.New("no such port")
)

// parseEndpoint reads host, host:port, [host]:port or a bare IPv6 address. A
// protocol of 0 means that it is not known yet.
func parseEndpoint(text string, p ipvs.Protocol) (endpoint, error) {
	if strings.Count(text, ":") > 1 {
		if a, err := netip.ParseAddr(text); err == nil && a.Is6() && a.Zone() == "" {
			return endpoint{addr: a}, nil
		}
	}
	host, port, hasPort := strings.Cut(text, ":")
	inner, brackets := strings.CutPrefix(text, "[")
	if brackets {
		if host, port, hasPort = strings.Cut(inner, "]:"); !hasPort {
			return endpoint{}, errNoPort
		}
		if a, err := netip.ParseAddr(host); err == nil && a.Is6() && a.Zone() == "" {
			return endpoint{addr: a, hasPort: true}.withPort(port, p)
		}
	}
	// Brackets stand for IPv6, also around a name that has both.
	a, err := parseHost(host, brackets)
	if err != nil || !hasPort && isNumber(host) {
		return endpoint{}, errNoAddress
	}
	if !hasPort {
		return endpoint{addr: a}, nil
	}
	return endpoint{addr: a, hasPort: true}.withPort(port, p)
}

// withPort sets the port, a number or the name of a service.
func (e endpoint) withPort(text string, p ipvs.Protocol) (endpoint, error) {
	if n, ok := parseNumber(text, 0, math.MaxUint16); ok {
		e.port = uint16(n)
		return e, nil
	}
	if _, ok := parseNumber(text, math.MinInt64, math.MaxInt64); ok || text == "" {
		return endpoint{}, errNoPort
	}
	if p == 0 {
		e.portName = text
		return e, nil
	}
	n, ok := portByName(text, p)
	if !ok {
		return endpoint{}, errNoPort
	}
	e.port, e.portName = n, ""
	return e, nil
}

// parseHost reads an IPv4 address in any form, or looks up a name. Of a name
// that has addresses of both families, preferIPv6 tells which to take.
func parseHost(text string, preferIPv6 bool) (netip.Addr, error) {
	// The usual form takes a third of the time like this.
	if a, err := netip.ParseAddr(text); err == nil && a.Is4() {
		return a, nil
	}
	if a, ok := inetAton(text); ok {
		return a, nil
	}
	addrs, err := hostByName(text)
	switch {
	case err != nil:
		return netip.Addr{}, err
	case addrs.ipv4.IsValid() && !(preferIPv6 && addrs.ipv6.IsValid()):
		return addrs.ipv4, nil
	}
	return addrs.ipv6, nil
}

func isNumber(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// inetAton reads an IPv4 address as inet_aton(3) does: one to four parts in
// decimal, octal (0...) or hexadecimal (0x...), the last of which fills the
// bytes that are left. What follows a blank is ignored.
func inetAton(text string) (netip.Addr, bool) {
	if i := strings.IndexAny(text, " \t\n\v\f\r"); i >= 0 {
		text = text[:i]
	}
	parts := strings.Split(text, ".")
	if len(parts) > 4 {
		return netip.Addr{}, false
	}
	var addr uint64
	for i, part := range parts {
		n, ok := parsePart(part)
		bits := 8
		if i == len(parts)-1 {
			bits = 8 * (5 - len(parts))
		}
		if !ok || n >= 1<<bits {
			return netip.Addr{}, false
		}
		addr = addr<<bits | n
	}
	return netip.AddrFrom4([4]byte{byte(addr >> 24), byte(addr >> 16), byte(addr >> 8), byte(addr)}), true
}

func parsePart(part string) (uint64, bool) {
	if part == "" || part[0] < '0' || part[0] > '9' {
		return 0, false
	}
	base := 10
	switch {
	case strings.HasPrefix(part, "0x"), strings.HasPrefix(part, "0X"):
		part, base = part[2:], 16
	case len(part) > 1 && part[0] == '0':
		part, base = part[1:], 8
	}
	n, err := strconv.ParseUint(part, base, 32)
	return n, err == nil
}

// parseNumber reads a decimal number as strtol(3) does, blanks and a sign
// before it included, and nothing after it.
func parseNumber(text string, low, high int64) (int64, bool) {
	n, err := strconv.ParseInt(strings.TrimLeft(text, " \t\n\v\f\r"), 10, 64)
	return n, err == nil && n >= low && n <= high
}

// netmask is the value of -M in both of its readings, because the family of
// the service may not be known yet.
type netmask struct {
	mask   uint32 // IPv4
	hasV4  bool
	prefix uint32 // IPv6, 0 if it is none
}

func parseNetmask(text string) netmask {
	var m netmask
	if a, err := parseHost(text, false); err == nil && a.Is4() {
		b := a.As4()
		m.mask = uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
		m.hasV4 = true
	}
	if n := atoi(text); n >= 1 && n <= 128 {
		m.prefix = uint32(n)
	}
	return m
}

func (m netmask) check(family ipvs.Family) error {
	switch {
	case family == ipvs.IPv6 && m.prefix == 0:
		return usagef("illegal ipv6 netmask specified")
	case family != ipvs.IPv6 && !m.hasV4:
		return usagef("illegal virtual server persistent mask specified")
	}
	return nil
}

func (m netmask) value(family ipvs.Family) uint32 {
	if family == ipvs.IPv6 {
		return m.prefix
	}
	return m.mask
}

// atoi reads the number at the beginning of a text as atoi(3) does, 0 if there
// is none. Like there, a number that does not fit an int loses its upper bits.
func atoi(text string) int32 {
	text = strings.TrimLeft(text, " \t\n\v\f\r")
	end := 0
	for end < len(text) && (text[end] >= '0' && text[end] <= '9' || end == 0 && (text[0] == '+' || text[0] == '-')) {
		end++
	}
	n, _ := strconv.ParseInt(text[:end], 10, 64)
	return int32(n)
}
