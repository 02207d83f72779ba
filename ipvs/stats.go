package ipvs

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
func (s *Stats) encode(e *encoder, attr32, attr64 uint16) {
	if *s == (Stats{}) {
		return
	}
	e.nest(attr32, func(e *encoder) {
		for i, f := range s.fields() {
			if typ := uint16(i + 1); size32(typ) == 8 {
				e.uint64(typ, *f)
			} else {
				e.uint32(typ, uint32(*f))
			}
		}
	})
	e.nest(attr64, func(e *encoder) {
		for i, f := range s.fields() {
			e.uint64(uint16(i+1), *f)
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

// statsDecoder reads the counters of a service or a destination, which the kernel
// tells in both forms.
type statsDecoder struct{ old, wide []byte }

func (d *statsDecoder) decode(s *Stats) error {
	if d.wide == nil {
		return s.decode(d.old, false)
	}
	return s.decode(d.wide, true)
}

// decode reads counters, all of 64 bits if wide is set.
func (s *Stats) decode(b []byte, wide bool) error {
	var v [statsOutBPS + 1]uint64
	a := decoder{rest: b}
	for a.next() {
		switch {
		case a.typ < statsConns || a.typ > statsOutBPS:
		case wide || size32(a.typ) == 8:
			v[a.typ] = a.uint64()
		default:
			v[a.typ] = uint64(a.uint32())
		}
	}
	*s = Stats{
		Conns: v[statsConns], InPkts: v[statsInPkts], OutPkts: v[statsOutPkts], InBytes: v[statsInBytes], OutBytes: v[statsOutBytes],
		CPS: v[statsCPS], InPPS: v[statsInPPS], OutPPS: v[statsOutPPS], InBPS: v[statsInBPS], OutBPS: v[statsOutBPS],
	}
	return a.err
}
