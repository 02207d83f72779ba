// Package format writes what ipvsadm prints: listings, rules, connections. It
// takes the model of package ipvs and writes bytes; it asks nobody for anything.
package format

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// Names finds names for addresses and ports. Both return false for what has no
// name, which is then written as a number.
type Names interface {
	Host(netip.Addr) (string, bool)
	Port(ipvs.Protocol, uint16) (string, bool)
}

// appendEndpoint writes host:port, or [host]:port for IPv6. names may be nil.
func appendEndpoint(b []byte, names Names, p ipvs.Protocol, e netip.AddrPort) []byte {
	if e.Addr().Is6() {
		b = append(b, '[')
		b = appendHost(b, names, e.Addr())
		b = append(b, ']')
	} else {
		b = appendHost(b, names, e.Addr())
	}
	b = append(b, ':')
	if names != nil {
		if name, ok := names.Port(p, e.Port()); ok {
			return append(b, name...)
		}
	}
	return strconv.AppendUint(b, uint64(e.Port()), 10)
}

func appendHost(b []byte, names Names, a netip.Addr) []byte {
	if names != nil {
		if name, ok := names.Host(a); ok {
			return append(b, name...)
		}
	}
	return appendAddr(b, a)
}

// appendAddr writes an address as inet_ntop(3) does, which shows the last four
// bytes of ::a.b.c.d in decimal.
func appendAddr(b []byte, a netip.Addr) []byte {
	if a.Is6() && !a.Is4In6() {
		raw := a.As16()
		if strings.TrimLeft(string(raw[:12]), "\x00") == "" && (raw[12] != 0 || raw[13] != 0) {
			b = append(b, "::"...)
			return netip.AddrFrom4([4]byte(raw[12:])).AppendTo(b)
		}
	}
	return a.AppendTo(b)
}

// appendPadded writes text and fills up with blanks to width.
func appendPadded(b []byte, text string, width int) []byte {
	b = append(b, text...)
	for n := len(text); n < width; n++ {
		b = append(b, ' ')
	}
	return b
}

// padFrom fills up with blanks until b is width longer than start.
func padFrom(b []byte, start, width int) []byte {
	for len(b)-start < width {
		b = append(b, ' ')
	}
	return b
}
