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
	settings := l.Source.Settings("run_estimation", "est_cpulist", "conn_max", "conn_lfactor")
	s.Estimation = estimationOf(settings)
	if s.Info == nil {
		return
	}
	if limit, err := strconv.ParseUint(settings["conn_max"], 10, 64); err == nil {
		s.Limits.Conns = &limit
	}
	s.Status, _ = readFile(l, StatusPath, ipvs.ReadStatus)
	// The status is for root alone, the setting for everybody.
	if _, ok := settings["conn_lfactor"]; !ok && s.Status == nil {
		return
	}
	s.Limits.ConnTabGrows = true
	text, _ := l.Source.Parameter("conn_tab_bits")
	if bits, err := strconv.ParseUint(text, 10, 64); err == nil && bits < 32 {
		s.Limits.ConnTabSize = 1 << bits
	}
}

func estimationOf(settings map[string]string) format.Estimation {
	run, known := settings["run_estimation"]
	if !known {
		return format.EstimationUnknown
	}
	if run == "0" {
		return format.EstimationOff
	}
	if cpus, limited := settings["est_cpulist"]; limited && cpus == "" {
		return format.EstimationNoCPUs
	}
	return format.EstimationRuns
}
