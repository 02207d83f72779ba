package main

import (
	"time"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// meter computes rates between two readings of a table, since the kernel's own
// are averages that come after the event by some seconds.
type meter struct {
	at    time.Time // of the last reading, zero before the first
	stats map[meterKey]ipvs.Stats
}

// meterKey is that of a service if the destination is zero.
type meterKey struct {
	service     ipvs.ServiceID
	destination ipvs.DestinationID
}

// measure puts the rates since the last reading in the place of the kernel's. What
// was not in that keeps them: it may have been there, with all it has counted.
func (m *meter) measure(table ipvs.Table, now time.Time) {
	elapsed, last := now.Sub(m.at).Seconds(), m.stats
	m.stats = make(map[meterKey]ipvs.Stats, len(last))
	measure := func(key meterKey, s *ipvs.Stats) {
		m.stats[key] = *s
		if before, known := last[key]; known && elapsed > 0 {
			setRates(s, before, elapsed)
		}
	}
	for i := range table {
		id := table[i].Service.ServiceID
		measure(meterKey{service: id}, &table[i].Service.Stats)
		for j := range table[i].Destinations {
			d := &table[i].Destinations[j]
			measure(meterKey{id, d.DestinationID}, &d.Stats)
		}
	}
	m.at = now
}

// setRates computes rates from counters and those of so many seconds before.
func setRates(s *ipvs.Stats, before ipvs.Stats, seconds float64) {
	rate := func(now, before uint64) uint64 {
		if now < before {
			before = 0 // zeroed, or made again
		}
		return uint64(float64(now-before)/seconds + 0.5)
	}
	s.CPS = rate(s.Conns, before.Conns)
	s.InPPS, s.OutPPS = rate(s.InPkts, before.InPkts), rate(s.OutPkts, before.OutPkts)
	s.InBPS, s.OutBPS = rate(s.InBytes, before.InBytes), rate(s.OutBytes, before.OutBytes)
}
