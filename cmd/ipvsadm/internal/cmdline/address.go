// SPDX-License-Identifier: Apache-2.0

package cmdline

import (
	"errors"
	"math"
	"net/netip"
	"strconv"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/resolve"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// endpoint is a host with an optional port. While the protocol is not known, a port
// given by name is kept in portName, and port is 0.
type endpoint struct {
	addr     netip.Addr
	port     uint16
	portName string
	hasPort  bool
}

func (e endpoint) AddrPort() netip.AddrPort { return netip.AddrPortFrom(e.addr, e.port) }

var (
	errNoAddress = resolve.ErrNoHost
	errNoPort    = errors.New("no such port")
)

// parseEndpoint parses host, host:port, [host]:port or a bare IPv6 address. p is 0 if
// the protocol is not known yet.
func parseEndpoint(text string, p ipvs.Protocol, hosts *resolve.Resolver) (endpoint, error) {
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
			return endpoint{addr: a, hasPort: true}.withPort(port, p, hosts)
		}
	}
	// Brackets select the IPv6 address of a name that has both.
	a, err := parseHost(host, brackets, hosts)
	if err != nil || !hasPort && isNumber(host) {
		return endpoint{}, errNoAddress
	}
	if !hasPort {
		return endpoint{addr: a}, nil
	}
	return endpoint{addr: a, hasPort: true}.withPort(port, p, hosts)
}

// withPort returns e with a port, which is a number or a name in /etc/services.
func (e endpoint) withPort(text string, p ipvs.Protocol, hosts *resolve.Resolver) (endpoint, error) {
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
	n, ok := hosts.Port(text, p)
	if !ok {
		return endpoint{}, errNoPort
	}
	e.port, e.portName = n, ""
	return e, nil
}

// parseHost parses an IPv4 address in any form, or looks up a name. preferIPv6 selects
// the family if the name has addresses of both.
func parseHost(text string, preferIPv6 bool, hosts *resolve.Resolver) (netip.Addr, error) {
	// ParseAddr is faster than inetAton for the usual form.
	if a, err := netip.ParseAddr(text); err == nil && a.Is4() {
		return a, nil
	}
	if a, ok := inetAton(text); ok {
		return a, nil
	}
	addrs, err := hosts.Host(text)
	switch {
	case err != nil:
		return netip.Addr{}, err
	case addrs.IPv4.IsValid() && !(preferIPv6 && addrs.IPv6.IsValid()):
		return addrs.IPv4, nil
	}
	return addrs.IPv6, nil
}

// inetAton parses an IPv4 address as inet_aton(3) does: one to four parts in decimal,
// octal (0...) or hexadecimal (0x...), the last of which fills the remaining bytes.
// Anything after white space is ignored.
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
		n, ok := parseAddrPart(part)
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

func parseAddrPart(part string) (uint64, bool) {
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
