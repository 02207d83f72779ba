// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"time"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// ratesSpan is the least time over which rates are computed, because the kernel sums its
// counters only every two seconds (ip_vs_est.c). Refreshes may come a little early.
const ratesSpan = 1900 * time.Millisecond

// Rates computes rates between two readings of a table, because the kernel's rates are
// averages that lag behind by some seconds. The zero value is ready for use.
type Rates struct {
	readings []reading // the oldest first; several if refreshes are more frequent than ratesSpan
}

// reading is what a table counted at some time.
type reading struct {
	at    time.Time
	stats map[rateKey]ipvs.Stats
}

// rateKey identifies a service or, if destination is not zero, a destination.
type rateKey struct {
	service     ipvs.ServiceID
	destination ipvs.DestinationID
}

// update replaces the kernel's rates with those since the last reading that is at least
// ratesSpan old. A service or destination that was not in that reading keeps the kernel's
// rates, since its counters may cover any time.
func (r *Rates) update(table ipvs.Table, now time.Time) {
	for len(r.readings) > 1 && now.Sub(r.readings[1].at) >= ratesSpan {
		r.readings = r.readings[1:]
	}
	var base reading
	if len(r.readings) > 0 && now.Sub(r.readings[0].at) >= ratesSpan {
		base = r.readings[0]
	}
	// Three readings at most are kept, however frequent the refreshes are.
	var kept map[rateKey]ipvs.Stats
	if n := len(r.readings); n == 0 || now.Sub(r.readings[n-1].at) >= ratesSpan/2 {
		kept = make(map[rateKey]ipvs.Stats, len(base.stats))
		r.readings = append(r.readings, reading{now, kept})
	}
	set := func(key rateKey, s *ipvs.Stats) {
		if kept != nil {
			kept[key] = *s
		}
		if before, known := base.stats[key]; known {
			setRates(s, before, now.Sub(base.at).Seconds())
		}
	}
	for i := range table {
		id := table[i].Service.ServiceID
		set(rateKey{service: id}, &table[i].Service.Stats)
		for j := range table[i].Destinations {
			d := &table[i].Destinations[j]
			set(rateKey{id, d.DestinationID}, &d.Stats)
		}
	}
}

// setRates sets the rates of s from its counters and those of some seconds before.
func setRates(s *ipvs.Stats, before ipvs.Stats, seconds float64) {
	rate := func(now, before uint64) uint64 {
		if now < before {
			before = 0 // the counters were zeroed, or the service was added again
		}
		return uint64(float64(now-before)/seconds + 0.5)
	}
	s.CPS = rate(s.Conns, before.Conns)
	s.InPPS, s.OutPPS = rate(s.InPkts, before.InPkts), rate(s.OutPkts, before.OutPkts)
	s.InBPS, s.OutBPS = rate(s.InBytes, before.InBytes), rate(s.OutBytes, before.OutBytes)
}
