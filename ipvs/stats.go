// SPDX-License-Identifier: Apache-2.0

package ipvs

import (
	"encoding/binary"

	"github.com/ipvsadm-go/ipvsadm/ipvs/internal/nlattr"
)

// Stats are the counters of a service or a destination since it was created or
// zeroed, and its rates, which the kernel estimates every two seconds.
//
// Kernels before 4.1 report all values except InBytes and OutBytes with 32 bits, so
// counters of connections and packets wrap there.
type Stats struct {
	Conns    uint64 `json:"connections,omitempty"`      // connections scheduled
	InPkts   uint64 `json:"incoming_packets,omitempty"` // packets from clients
	OutPkts  uint64 `json:"outgoing_packets,omitempty"` // packets to clients, if they pass through the director
	InBytes  uint64 `json:"incoming_bytes,omitempty"`   // bytes from clients
	OutBytes uint64 `json:"outgoing_bytes,omitempty"`   // bytes to clients, as OutPkts

	CPS    uint64 `json:"connections_per_second,omitempty"`      // connections per second
	InPPS  uint64 `json:"incoming_packets_per_second,omitempty"` // packets per second from clients
	OutPPS uint64 `json:"outgoing_packets_per_second,omitempty"` // packets per second to clients
	InBPS  uint64 `json:"incoming_bytes_per_second,omitempty"`   // bytes per second from clients
	OutBPS uint64 `json:"outgoing_bytes_per_second,omitempty"`   // bytes per second to clients
}

// fields returns pointers to the values in the order of IPVS_STATS_ATTR_*.
func (s *Stats) fields() [10]*uint64 {
	return [10]*uint64{
		statsConns - 1: &s.Conns, statsInPkts - 1: &s.InPkts, statsOutPkts - 1: &s.OutPkts,
		statsInBytes - 1: &s.InBytes, statsOutBytes - 1: &s.OutBytes,
		statsCPS - 1: &s.CPS, statsInPPS - 1: &s.InPPS, statsOutPPS - 1: &s.OutPPS,
		statsInBPS - 1: &s.InBPS, statsOutBPS - 1: &s.OutBPS,
	}
}

// encode writes both forms, as the kernel does: the old one, with 32 bits for all
// values except the byte counters, and that of Linux 4.1 with 64 bits for all.
func (s *Stats) encode(e *encoder, attr32, attr64 uint16) {
	if *s == (Stats{}) {
		return
	}
	e.Nest(attr32, func(e *encoder) {
		for i, f := range s.fields() {
			if typ := uint16(i + 1); size32(typ) == 8 {
				e.Uint64(typ, *f)
			} else {
				e.Uint32(typ, uint32(*f))
			}
		}
	})
	e.Nest(attr64, func(e *encoder) {
		for i, f := range s.fields() {
			e.Uint64(uint16(i+1), *f)
		}
	})
}

// size32 is the size of a counter in the old form.
func size32(typ uint16) int {
	if typ == statsInBytes || typ == statsOutBytes {
		return 8
	}
	return 4
}

// statsDecoder holds the two forms of the counters of a service or a destination. It
// decodes the 64-bit form if there is one.
type statsDecoder struct{ attr32, attr64 []byte }

func (d *statsDecoder) decode(s *Stats) error {
	if d.attr64 == nil {
		return s.decode(d.attr32, false)
	}
	if s.decodeAll(d.attr64) {
		return nil
	}
	return s.decode(d.attr64, true)
}

// decodeAll decodes the 64-bit form as the kernel writes it: all values in order,
// with nothing in between. If b does not have that layout, decodeAll returns false
// and leaves s undefined.
func (s *Stats) decodeAll(b []byte) bool {
	const size = nlattr.HeaderLen + 8
	if len(b) != statsOutBPS*size {
		return false
	}
	for i, f := range s.fields() {
		a := b[i*size : (i+1)*size]
		if binary.NativeEndian.Uint16(a) != size || binary.NativeEndian.Uint16(a[2:]) != uint16(i+1) {
			return false
		}
		*f = binary.NativeEndian.Uint64(a[nlattr.HeaderLen:])
	}
	return true
}

// decode decodes either form. With wide set, all values have 64 bits.
func (s *Stats) decode(b []byte, wide bool) error {
	var v [statsOutBPS + 1]uint64
	a := decoder{Rest: b}
	for a.Next() {
		switch {
		case a.Type < statsConns || a.Type > statsOutBPS:
		case wide || size32(a.Type) == 8:
			v[a.Type] = a.Uint64()
		default:
			v[a.Type] = uint64(a.Uint32())
		}
	}
	*s = Stats{
		Conns: v[statsConns], InPkts: v[statsInPkts], OutPkts: v[statsOutPkts], InBytes: v[statsInBytes], OutBytes: v[statsOutBytes],
		CPS: v[statsCPS], InPPS: v[statsInPPS], OutPPS: v[statsOutPPS], InBPS: v[statsInBPS], OutBPS: v[statsOutBPS],
	}
	return a.Err
}
