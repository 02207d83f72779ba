// SPDX-License-Identifier: Apache-2.0

package ipvs

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/ipvs/internal/nlattr"
)

type (
	encoder = nlattr.Encoder
	decoder = nlattr.Decoder
)

// addrLen is the size of union nf_inet_addr, which holds addresses of both families.
const addrLen = 16

// encodeAddr writes a union nf_inet_addr. An IPv4 address is in its first four bytes.
func encodeAddr(e *encoder, typ uint16, a netip.Addr) {
	var b [addrLen]byte
	if a.Is4() {
		four := a.As4()
		copy(b[:], four[:])
	} else {
		b = a.As16()
	}
	e.Bytes(typ, b[:])
}

func decodeAddr(family Family, b []byte) (netip.Addr, error) {
	size := 4
	switch family {
	case IPv4:
	case IPv6:
		size = 16
	default:
		return netip.Addr{}, fmt.Errorf("address of unknown family %s", family)
	}
	if len(b) != size && len(b) != addrLen {
		return netip.Addr{}, fmt.Errorf("%s address is %d bytes long", family, len(b))
	}
	a, _ := netip.AddrFromSlice(b[:size])
	return a, nil
}

// encodeName writes a NUL-terminated name of at most 15 bytes.
func encodeName(e *encoder, typ uint16, kind, name string) {
	switch {
	case len(name) >= maxNameLen:
		e.Fail(fmt.Errorf("%s name %q is longer than %d bytes", kind, name, maxNameLen-1))
	case strings.IndexByte(name, 0) >= 0:
		e.Fail(fmt.Errorf("%s name %q contains a NUL byte", kind, name))
	default:
		e.Text(typ, name)
	}
}
