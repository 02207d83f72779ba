// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"cmp"
	"fmt"
	"slices"
)

// diagnostics holds what is wrong with up to MaxReported lines, and counts the rest.
type diagnostics struct {
	list []diagnostic
	more int // lines that list has no room for
}

type diagnostic struct {
	number int
	err    error
}

func (d *diagnostics) add(number int, err error) {
	if len(d.list) == MaxReported {
		d.more++
		return
	}
	d.list = append(d.list, diagnostic{number, err})
}

// duplicate is the number of the earlier line that a line repeats. It is only a warning.
type duplicate int

func (d duplicate) Error() string { return fmt.Sprintf("says the same as line %d", int(d)) }

// ReportDiagnostics reports the lines that have no effect: those that the kernel would
// reject, and duplicates. Duplicates do not count against the limit on reported errors.
func (d *Desired) ReportDiagnostics(report *Report) {
	all := slices.Concat(d.rejected.list, d.duplicates.list)
	slices.SortFunc(all, func(a, b diagnostic) int { return cmp.Compare(a.number, b.number) })
	for _, r := range all {
		if _, ok := r.err.(duplicate); ok {
			report.print(r.number, r.err)
		} else {
			report.Line(r.number, r.err)
		}
	}
	report.omitted += d.rejected.more + d.duplicates.more
}
