package ipvs

import (
	"encoding/binary"
	"fmt"

	"github.com/mdlayher/netlink"
)

// Stats are the counters of a service or a destination since it was created or
// zeroed, and its rates, which the kernel estimates every two seconds.
type Stats struct {
	Conns    uint64 // connections scheduled
	InPkts   uint64 // packets from clients
	OutPkts  uint64 // packets to clients, if they pass the director
	InBytes  uint64
	OutBytes uint64

	CPS    uint64 // connections per second
	InPPS  uint64 // packets per second
	OutPPS uint64
	InBPS  uint64 // bytes per second
	OutBPS uint64
}

// fields lists the counters in the order of IPVS_STATS_ATTR_*.
func (s *Stats) fields() [10]*uint64 {
	return [10]*uint64{
		statsConns - 1: &s.Conns, statsInPkts - 1: &s.InPkts, statsOutPkts - 1: &s.OutPkts,
		statsInBytes - 1: &s.InBytes, statsOutBytes - 1: &s.OutBytes,
		statsCPS - 1: &s.CPS, statsInPPS - 1: &s.InPPS, statsOutPPS - 1: &s.OutPPS,
		statsInBPS - 1: &s.InBPS, statsOutBPS - 1: &s.OutBPS,
	}
}

// encode writes both forms, as the kernel does: the old one, with 32 bits for
// all but the byte counters, and the one of Linux 4.1 with 64 bits throughout.
func (s Stats) encode(ae *netlink.AttributeEncoder, attr32, attr64 uint16) {
	if s == (Stats{}) {
		return
	}
	fields := s.fields()
	ae.Nested(attr32, func(nae *netlink.AttributeEncoder) error {
		for i, f := range fields {
			if typ := uint16(i + 1); typ == statsInBytes || typ == statsOutBytes {
				nae.Uint64(typ, *f)
			} else {
				nae.Uint32(typ, uint32(*f))
			}
		}
		return nil
	})
	ae.Nested(attr64, func(nae *netlink.AttributeEncoder) error {
		for i, f := range fields {
			nae.Uint64(uint16(i+1), *f)
		}
		return nil
	})
}

// decode64 reads IPVS_SVC_ATTR_STATS64 or IPVS_DEST_ATTR_STATS64.
func (s *Stats) decode64(ad *netlink.AttributeDecoder) error {
	return s.decode(ad, func(uint16) int { return 8 })
}

// decode32 reads the older IPVS_SVC_ATTR_STATS or IPVS_DEST_ATTR_STATS.
func (s *Stats) decode32(ad *netlink.AttributeDecoder) error {
	return s.decode(ad, func(typ uint16) int {
		if typ == statsInBytes || typ == statsOutBytes {
			return 8
		}
		return 4
	})
}

func (s *Stats) decode(ad *netlink.AttributeDecoder, size func(typ uint16) int) error {
	*s = Stats{}
	fields := s.fields()
	for ad.Next() {
		typ := ad.Type()
		if typ < statsConns || typ > statsOutBPS {
			continue
		}
		ad.Do(func(b []byte) error {
			if len(b) != size(typ) {
				return fmt.Errorf("counter %d is %d bytes long, want %d", typ, len(b), size(typ))
			}
			if len(b) == 8 {
				*fields[typ-1] = binary.NativeEndian.Uint64(b)
			} else {
				*fields[typ-1] = uint64(binary.NativeEndian.Uint32(b))
			}
			return nil
		})
	}
	return nil
}
