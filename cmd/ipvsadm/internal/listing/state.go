// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"strconv"

	"github.com/ipvsadm-go/ipvsadm/format"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// readState reads what newer kernels tell of their tables and limits. What cannot be read is
// left out, as on an older kernel.
func (l *Listing) readState(s *format.Snapshot) {
	if l.Options.Form == format.ClassicForm {
		return
	}
	s.Estimation = l.estimation()
	if s.Info == nil {
		return
	}
	if limit, ok := numberOf(l.Source.Setting, "conn_max"); ok {
		s.Limits.Conns = &limit
	}
	s.Status, _ = readFile(l, StatusPath, ipvs.ReadStatus)
	// The status is for root alone, the setting for everybody.
	if _, ok := l.Source.Setting("conn_lfactor"); !ok && s.Status == nil {
		return
	}
	s.Limits.ConnTabGrows = true
	if bits, ok := numberOf(l.Source.Parameter, "conn_tab_bits"); ok && bits < 32 {
		s.Limits.ConnTabSize = 1 << bits
	}
}

func (l *Listing) estimation() format.Estimation {
	run, known := l.Source.Setting("run_estimation")
	if !known {
		return format.EstimationUnknown
	}
	if run == "0" {
		return format.EstimationOff
	}
	if cpus, limited := l.Source.Setting("est_cpulist"); limited && cpus == "" {
		return format.EstimationNoCPUs
	}
	return format.EstimationRuns
}

func numberOf(read func(string) (string, bool), name string) (n uint64, ok bool) {
	text, ok := read(name)
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseUint(text, 10, 64)
	return n, err == nil
}
