// SPDX-License-Identifier: Apache-2.0

package rules

// UnsafeToReplace tells whether the rules must not replace existing services, because a
// line is bad or there are no lines at all, as after a failed pipe. They may still be
// applied to a table without services.
func (d *Desired) UnsafeToReplace() bool { return !d.KeepTable && (d.Bad || d.lines == 0) }

// ReportUnsafe reports that the rules have no lines, unless bad lines were reported
// already, and returns ErrBad.
func (d *Desired) ReportUnsafe(report *Report) error {
	if !d.Bad {
		report.Print(report.Source + "no rules; say -C if that is meant")
	}
	return ErrBad
}

// CheckReplace returns ErrBad if the kernel has services that the rules must not replace.
func (d *Desired) CheckReplace(t *Target) error {
	if !d.UnsafeToReplace() {
		return nil
	}
	services, err := t.Client.Services()
	if err == nil && len(services) > 0 {
		err = d.ReportUnsafe(t.Report)
	}
	return err
}
