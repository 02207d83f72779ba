// SPDX-License-Identifier: Apache-2.0

package format

import "fmt"

// headLines are the lines above a listing of services. That of one service has none.
func headLines(s *Snapshot) []string {
	if s.Info == nil {
		return nil
	}
	text := fmt.Sprintf("IP Virtual Server %s, connection table size %d", s.Info.VersionString(), s.Info.ConnTabSize)
	switch limit := s.Limits.ConnTabSize; {
	case s.Limits.ConnTabGrows && limit == 0:
		text += " now"
	case s.Limits.ConnTabGrows && limit > uint64(s.Info.ConnTabSize):
		text += " now, grows to " + decimal(limit)
	}
	if s.Status == nil {
		return []string{text, ""}
	}
	return []string{text, connsLine(s), ""}
}

// connsLine tells how full the table of connections is.
func connsLine(s *Snapshot) string {
	t := &s.Status.Conns
	text := counted(t.Entries, "connection")
	if s.Limits.Conns != nil {
		text += " of at most " + decimal(*s.Limits.Conns)
	}
	if s.connsFull() {
		text += ": conn_max is reached, no new ones"
	}
	used := uint64(0)
	for _, buckets := range t.Chains[1:] {
		used += buckets
	}
	if used > 0 {
		text += fmt.Sprintf("; %.0f%% of the buckets in use hold one entry", 100*float64(t.Chains[1])/float64(used))
	}
	return text
}

// footLines are the lines below a listing of services.
func (t *Table) footLines(s *Snapshot) (lines []string) {
	if s.Partial {
		lines = append(lines, partialNote(*s))
	}
	if s.Estimation.stopped() && (t.View == Counters || t.View == Rates || t.View == Activity) {
		reason := "run_estimation is 0"
		if s.Estimation == EstimationNoCPUs {
			reason = "est_cpulist is empty"
		}
		lines = append(lines, reason+": the kernel updates no counters and no rates")
	}
	return lines
}
