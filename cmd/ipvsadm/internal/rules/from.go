// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"github.com/ipvsadm-go/ipvsadm/ipvs"
	ipvsreconcile "github.com/ipvsadm-go/ipvsadm/ipvs/reconcile"
)

// ChangesFrom returns the changes that Reconcile would make, in order, to a kernel with the
// state of other rules, and reports the same lines. It leaves lines out that zero counters,
// because rules have none. It returns ErrBad if the rules must not replace those services.
func (d *Desired) ChangesFrom(old *Desired, report *Report) ([]ipvs.Change, error) {
	if d.UnsafeToReplace() && len(old.services) > 0 {
		return nil, d.ReportUnsafe(report)
	}
	d.ReportDiagnostics(report)
	return ipvsreconcile.Diff(old.state(), d.state())
}
