// SPDX-License-Identifier: Apache-2.0

package ipvstest

import (
	"bytes"
	"encoding/binary"
	"sync"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/mdlayher/netlink"
)

// has reports whether all of the attributes are present.
func (a attributes) has(types ...uint16) bool {
	for _, t := range types {
		if a[t] == nil {
			return false
		}
	}
	return true
}

func u8(b []byte) uint8       { return b[0] }
func u16(b []byte) uint16     { return binary.NativeEndian.Uint16(b) }
func u32(b []byte) uint32     { return binary.NativeEndian.Uint32(b) }
func port(b []byte) uint16    { return binary.BigEndian.Uint16(b) }
func cString(b []byte) string { return string(b[:max(0, bytes.IndexByte(b, 0))]) }

func bigEndian16(v uint16) []byte { return binary.BigEndian.AppendUint16(nil, v) }

// nest writes an attribute that holds other attributes. Like ip_vs, it does not set
// NLA_F_NESTED.
func nest(ae *netlink.AttributeEncoder, typ uint16, attributes func(*netlink.AttributeEncoder)) {
	ae.Bytes(typ, encode(attributes))
}

func encode(attributes func(*netlink.AttributeEncoder)) []byte {
	ae := netlink.NewAttributeEncoder()
	attributes(ae)
	b, err := ae.Encode()
	if err != nil {
		panic(err) // only names with a NUL byte fail, and the policies refuse those
	}
	return b
}

// encodeStats writes both forms of the counters. The 32-bit form truncates all values
// except the byte counters.
func encodeStats(ae *netlink.AttributeEncoder, attr32, attr64 uint16, s ipvs.Stats) {
	forms := zeroStats()
	if s != (ipvs.Stats{}) {
		forms = statsForms(s)
	}
	ae.Bytes(attr32, forms[0])
	ae.Bytes(attr64, forms[1])
}

// zeroStats has the forms of counters that are zero, as most are.
var zeroStats = sync.OnceValue(func() [2][]byte { return statsForms(ipvs.Stats{}) })

// statsForms returns the 32-bit and the 64-bit form of the counters.
func statsForms(s ipvs.Stats) [2][]byte {
	counters := []uint64{
		s.Conns, s.InPkts, s.OutPkts, s.InBytes, s.OutBytes, s.CPS, s.InPPS, s.OutPPS, s.InBPS, s.OutBPS,
	}
	return [2][]byte{
		encode(func(ae *netlink.AttributeEncoder) {
			for i, c := range counters {
				if i == 3 || i == 4 {
					ae.Uint64(uint16(i+1), c)
				} else {
					ae.Uint32(uint16(i+1), uint32(c))
				}
			}
		}),
		encode(func(ae *netlink.AttributeEncoder) {
			for i, c := range counters {
				ae.Uint64(uint16(i+1), c)
			}
		}),
	}
}
