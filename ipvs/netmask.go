// SPDX-License-Identifier: Apache-2.0

package ipvs

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"strconv"
	"strings"
)

// Netmask groups the clients of a persistent service: the clients of one network go to
// one destination. The zero value is the host mask, 255.255.255.255 for IPv4 and 128 for
// IPv6, which makes each client a group of its own.
//
// Any other mask belongs to one family. A service of the other family does not take it.
// Each mask has one form, so == compares masks: IPv6Prefix(128) is Netmask{}, and so is
// a host mask that was read from the kernel.
type Netmask struct {
	kind  maskKind
	value uint32
}

// maskKind tells what the value of a Netmask is.
type maskKind uint8

const (
	hostMask    maskKind = iota // value is 0
	ipv4Mask                    // value is the mask as a number
	ipv6Prefix                  // value is the length of the prefix
	invalidMask                 // value is 0
)

// IPv4Mask returns the IPv4 mask a.b.c.d, which need not be contiguous. 0.0.0.0 makes
// all clients one group.
func IPv4Mask(a, b, c, d byte) Netmask {
	return ipv4Netmask(binary.BigEndian.Uint32([]byte{a, b, c, d}))
}

func ipv4Netmask(mask uint32) Netmask {
	if mask == math.MaxUint32 {
		return Netmask{}
	}
	return Netmask{ipv4Mask, mask}
}

// IPv4Prefix returns the IPv4 mask with a number of leading ones, 0 to 32:
// IPv4Prefix(24) is 255.255.255.0. With any other number, the mask is invalid, and a
// service with it cannot be written.
func IPv4Prefix(bits int) Netmask {
	if bits < 0 || bits > 32 {
		return Netmask{kind: invalidMask}
	}
	return ipv4Netmask(^(math.MaxUint32 >> bits))
}

// IPv6Prefix returns the IPv6 mask with a number of leading ones, 0 to 128. With any
// other number, the mask is invalid, and a service with it cannot be written. The kernel
// refuses 0.
func IPv6Prefix(bits int) Netmask {
	switch {
	case bits < 0 || bits > 128:
		return Netmask{kind: invalidMask}
	case bits == 128:
		return Netmask{}
	}
	return Netmask{ipv6Prefix, uint32(bits)}
}

// IsHost reports whether the mask makes each client a group of its own, as the zero
// value does.
func (m Netmask) IsHost() bool { return m == Netmask{} }

// IPv4 returns the bytes of the mask, 255.255.255.255 for the host mask. ok is false for
// a mask that an IPv4 service does not take.
func (m Netmask) IPv4() (mask [4]byte, ok bool) {
	switch m.kind {
	case hostMask:
		return [4]byte{255, 255, 255, 255}, true
	case ipv4Mask:
		binary.BigEndian.PutUint32(mask[:], m.value)
		return mask, true
	}
	return mask, false
}

// IPv6 returns the number of leading ones, 128 for the host mask. ok is false for a mask
// that an IPv6 service does not take.
func (m Netmask) IPv6() (bits int, ok bool) {
	switch m.kind {
	case hostMask:
		return 128, true
	case ipv6Prefix:
		return int(m.value), true
	}
	return 0, false
}

// String returns "host" for the host mask, an IPv4 mask such as 255.255.255.0, the
// number of leading ones of an IPv6 mask, such as 64, or "invalid".
func (m Netmask) String() string {
	switch m.kind {
	case hostMask:
		return "host"
	case ipv4Mask:
		mask, _ := m.IPv4()
		return netip.AddrFrom4(mask).String()
	case ipv6Prefix:
		return strconv.FormatUint(uint64(m.value), 10)
	}
	return "invalid"
}

// MarshalText writes what String returns. An invalid mask is an error.
func (m Netmask) MarshalText() ([]byte, error) {
	if m.kind == invalidMask {
		return nil, prefixed(errInvalidMask)
	}
	return []byte(m.String()), nil
}

// UnmarshalText reads what MarshalText writes, host in upper or lower case. The mask
// 255.255.255.255 and the prefix length 128 become the host mask.
func (m *Netmask) UnmarshalText(text []byte) error {
	s := string(text)
	if strings.EqualFold(s, "host") {
		*m = Netmask{}
		return nil
	}
	if a, err := netip.ParseAddr(s); err == nil && a.Is4() {
		b := a.As4()
		*m = IPv4Mask(b[0], b[1], b[2], b[3])
		return nil
	}
	if bits, err := strconv.ParseUint(s, 10, 8); err == nil && bits <= 128 {
		*m = IPv6Prefix(int(bits))
		return nil
	}
	return fmt.Errorf("ipvs: netmask %q is neither an IPv4 mask such as 255.255.255.0 nor an IPv6 prefix length from 0 to 128 nor host", s)
}

// GobEncode writes what MarshalText writes, for encoding/gob. The other types of this package
// need no method of their own there.
func (m Netmask) GobEncode() ([]byte, error) { return m.MarshalText() }

// GobDecode reads what GobEncode writes.
func (m *Netmask) GobDecode(b []byte) error { return m.UnmarshalText(b) }

var errInvalidMask = errors.New("netmask is invalid: a prefix length is 0 to 32 for IPv4 and 0 to 128 for IPv6")

// encode writes a __be32. It holds an IPv4 mask in network byte order, but an IPv6
// prefix length in host byte order (ip_vs_add_service in ip_vs_ctl.c).
func (m Netmask) encode(e *encoder, family Family) {
	mask, isIPv4 := m.IPv4()
	bits, isIPv6 := m.IPv6()
	switch {
	case m.kind == invalidMask:
		e.Fail(errInvalidMask)
	case family == IPv6 && isIPv6:
		e.Uint32(svcNetmask, uint32(bits))
	case family == IPv6:
		e.Fail(fmt.Errorf("netmask %s is for IPv4, and the service is IPv6", m))
	case isIPv4:
		e.BigEndian32(svcNetmask, binary.BigEndian.Uint32(mask[:]))
	default:
		e.Fail(fmt.Errorf("netmask %s is for IPv6, and the service is IPv4", m))
	}
}

func decodeNetmask(family Family, b []byte) (Netmask, error) {
	if len(b) != 4 {
		return Netmask{}, fmt.Errorf("netmask is %d bytes long, want 4", len(b))
	}
	if family != IPv6 {
		return ipv4Netmask(binary.BigEndian.Uint32(b)), nil
	}
	bits := binary.NativeEndian.Uint32(b)
	if bits > 128 {
		return Netmask{}, fmt.Errorf("netmask of an IPv6 service is the prefix length %d, which is above 128", bits)
	}
	return IPv6Prefix(int(bits)), nil
}
