// SPDX-License-Identifier: Apache-2.0

package format

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

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

// appendHost writes the name of an address, or the address. names may be nil.
func appendHost(b []byte, names Names, a netip.Addr) []byte {
	if names != nil {
		if name, ok := names.Host(a); ok {
			return append(b, name...)
		}
	}
	return appendAddr(b, a)
}

// appendAddr writes an address as inet_ntop(3) does. Unlike netip, that shows the last
// four bytes of ::a.b.c.d in decimal.
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

// blanks are as many as most columns need.
const blanks = "                                        "

// appendBlanks writes n blanks, or none if n is negative.
func appendBlanks(b []byte, n int) []byte {
	for ; n > len(blanks); n -= len(blanks) {
		b = append(b, blanks...)
	}
	return append(b, blanks[:max(n, 0)]...)
}

// appendPadded writes text, padded with blanks to width.
func appendPadded(b []byte, text string, width int) []byte {
	return appendBlanks(append(b, text...), width-len(text))
}

// padFrom appends blanks until b is at least width bytes longer than start.
func padFrom(b []byte, start, width int) []byte {
	return appendBlanks(b, width-(len(b)-start))
}

// appendRight writes a number with its unit, aligned right.
func appendRight(b []byte, n uint64, width int, unit string) []byte {
	var digits [20]byte
	text := strconv.AppendUint(digits[:0], n, 10)
	b = appendBlanks(b, width-len(text)-len(unit))
	b = append(b, text...)
	return append(b, unit...)
}

// appendLeft writes a number, aligned left, and a blank.
func appendLeft(b []byte, n uint64, width int) []byte {
	start := len(b)
	return append(padFrom(strconv.AppendUint(b, n, 10), start, width), ' ')
}

func decimal[T uint8 | uint16 | uint32 | uint64](n T) string {
	return strconv.FormatUint(uint64(n), 10)
}

// optional is the number n, or empty for 0.
func optional[T uint8 | uint16 | uint32 | uint64](n T) string {
	if n == 0 {
		return ""
	}
	return decimal(n)
}
