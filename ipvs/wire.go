package ipvs

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"strings"
)

// marshal returns the attributes that encode writes.
func marshal(encode func(*encoder)) ([]byte, error) {
	e := encoder{b: make([]byte, 0, 256)}
	encode(&e)
	if e.err != nil {
		return nil, prefixed(e.err)
	}
	return e.b, nil
}

// addrLen is the size of union nf_inet_addr, which holds addresses of both families.
const addrLen = 16

// addr fills a union nf_inet_addr: an IPv4 address is its first four bytes.
func (e *encoder) addr(typ uint16, a netip.Addr) {
	var b [addrLen]byte
	switch {
	case !a.IsValid():
		e.fail(errors.New("no address"))
	case a.Zone() != "":
		e.fail(fmt.Errorf("address %s has a zone, which the kernel does not know", a))
	case a.Is4():
		four := a.As4()
		copy(b[:], four[:])
	default:
		b = a.As16()
	}
	e.bytes(typ, b[:])
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

// port writes a port in network order.
func (e *encoder) port(typ, port uint16) {
	e.header(typ, 2)
	e.b = append(binary.BigEndian.AppendUint16(e.b, port), 0, 0)
}

func (d *decoder) port() uint16 {
	if !d.has(2) {
		return 0
	}
	return binary.BigEndian.Uint16(d.value)
}

// netmask writes a __be32: an IPv4 mask in network order, but an IPv6 prefix
// length as a plain number (ip_vs_add_service in ip_vs_ctl.c).
func (e *encoder) netmask(typ uint16, family Family, mask uint32) {
	if family == IPv6 {
		e.uint32(typ, mask)
		return
	}
	e.header(typ, 4)
	e.b = binary.BigEndian.AppendUint32(e.b, mask)
}

func decodeNetmask(family Family, b []byte) (uint32, error) {
	if len(b) != 4 {
		return 0, fmt.Errorf("netmask is %d bytes long, want 4", len(b))
	}
	if family == IPv6 {
		return binary.NativeEndian.Uint32(b), nil
	}
	return binary.BigEndian.Uint32(b), nil
}

// name writes a NUL-terminated name of at most 15 bytes.
func (e *encoder) name(typ uint16, kind, name string) {
	switch {
	case len(name) >= maxNameLen:
		e.fail(fmt.Errorf("%s name %q is longer than %d bytes", kind, name, maxNameLen-1))
	case strings.IndexByte(name, 0) >= 0:
		e.fail(fmt.Errorf("%s name %q contains a NUL byte", kind, name))
	default:
		e.text(typ, name)
	}
}
