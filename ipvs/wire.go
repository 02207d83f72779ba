package ipvs

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"github.com/mdlayher/netlink"
)

// marshal returns the attributes that encode writes.
func marshal(encode func(*netlink.AttributeEncoder) error) ([]byte, error) {
	ae := netlink.NewAttributeEncoder()
	if err := encode(ae); err != nil {
		return nil, err
	}
	return ae.Encode()
}

// unmarshal gives attributes to decode to read.
func unmarshal(b []byte, decode func(*netlink.AttributeDecoder) error) error {
	ad, err := netlink.NewAttributeDecoder(b)
	if err != nil {
		return err
	}
	return decode(ad)
}

// addrLen is the size of union nf_inet_addr, which holds addresses of both families.
const addrLen = 16

// encodeAddr fills a union nf_inet_addr: an IPv4 address is its first four bytes.
func encodeAddr(a netip.Addr) ([]byte, error) {
	switch {
	case !a.IsValid():
		return nil, errors.New("no address")
	case a.Zone() != "":
		return nil, fmt.Errorf("address %s has a zone, which the kernel does not know", a)
	}
	b := make([]byte, addrLen)
	copy(b, a.AsSlice())
	return b, nil
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

// encodePort writes a port in network order.
func encodePort(ae *netlink.AttributeEncoder, typ uint16, port uint16) {
	ae.Bytes(typ, binary.BigEndian.AppendUint16(nil, port))
}

func decodePort(ad *netlink.AttributeDecoder) (port uint16) {
	ad.Do(func(b []byte) error {
		if len(b) != 2 {
			return fmt.Errorf("port is %d bytes long, want 2", len(b))
		}
		port = binary.BigEndian.Uint16(b)
		return nil
	})
	return port
}

// encodeNetmask writes a __be32: an IPv4 mask in network order, but an IPv6
// prefix length as a plain number (ip_vs_add_service in ip_vs_ctl.c).
func encodeNetmask(ae *netlink.AttributeEncoder, typ uint16, family Family, mask uint32) {
	if family == IPv6 {
		ae.Uint32(typ, mask)
		return
	}
	ae.Bytes(typ, binary.BigEndian.AppendUint32(nil, mask))
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

// encodeName writes a NUL-terminated name of at most 15 bytes.
func encodeName(ae *netlink.AttributeEncoder, typ uint16, kind, name string) error {
	switch {
	case len(name) >= maxNameLen:
		return fmt.Errorf("%s name %q is longer than %d bytes", kind, name, maxNameLen-1)
	case strings.IndexByte(name, 0) >= 0:
		return fmt.Errorf("%s name %q contains a NUL byte", kind, name)
	}
	ae.String(typ, name)
	return nil
}
