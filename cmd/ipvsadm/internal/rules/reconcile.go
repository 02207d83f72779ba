// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"errors"
	"slices"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	ipvsreconcile "github.com/ipvsadm-go/ipvsadm/ipvs/reconcile"
)

// errUnstable is reconcile.ErrUnstable in the words of the command line.
var errUnstable = errors.New("the table does not match the rules: another process keeps changing it")

// Reconcile sets the sysctls, changes the kernel to the desired state with the fewest
// changes, then runs the deferred lines. See reconcile.Plan.Run, and RunLocked for the case that it gets the
// lock against other restores.
//
// ErrBad and ErrRejected mean that lines were reported; any other error is the caller's
// to print.
func (t *Target) Reconcile(d *Desired) error {
	unlock, locked := t.Lock()
	defer unlock()
	plan, err := t.plan(d)
	if err != nil {
		return d.Outcome(err)
	}
	failed := t.runSysctls(d.sysctls)
	run := plan.Run
	if locked {
		run = plan.RunLocked
	}
	err = run()
	var refused ipvsreconcile.Refusals
	switch errors.As(err, &refused); {
	case errors.Is(err, ipvsreconcile.ErrUnstable):
		return d.Outcome(errUnstable)
	case err != nil && refused == nil:
		return d.Outcome(err)
	}
	t.reportRefusals(d, refused)
	err = t.runDeferred(d.deferred)
	if err == nil && (failed || len(refused) > 0) {
		err = ErrRejected
	}
	return d.Outcome(err)
}

// runSysctls executes the lines that set sysctls, and reports those that fail.
func (t *Target) runSysctls(lines []outputLine) (failed bool) {
	for _, line := range lines {
		if err := t.Execute(strings.Split(line.words, " ")); err != nil {
			failed = true
			t.Report.Line(line.number, err)
		}
	}
	return failed
}

// reportRefusals reports the lines whose changes were refused.
func (t *Target) reportRefusals(d *Desired, refused ipvsreconcile.Refusals) {
	for _, r := range refused {
		if line := d.lineOf(r.Change); line != 0 {
			t.Report.Line(line, Refused(r.Change, r.Err))
		} else {
			t.Report.Print(d.daemons[r.Change.Daemon().State].origin + r.Err.Error())
		}
	}
}

// Changes returns the changes that Reconcile would make, in order, and reports the same
// lines.
func (t *Target) Changes(d *Desired) ([]ipvs.Change, error) {
	plan, err := t.plan(d)
	if err != nil {
		return nil, err
	}
	changes := slices.Collect(plan.Changes())
	for _, chunk := range d.deferred {
		for _, line := range chunk {
			if change, ok := line.zeroChange(); ok {
				changes = append(changes, change)
			}
		}
	}
	return changes, nil
}

// plan compares the desired state with the kernel. It returns ErrRejected if a line does not
// fit the client, and ErrBad if the rules must not
// replace the kernel's services. Otherwise it reports the lines that have no effect.
func (t *Target) plan(d *Desired) (*ipvsreconcile.Plan, error) {
	if err := t.checkFits(d); err != nil {
		return nil, err
	}
	plan, err := ipvsreconcile.NewPlan(t.Client, d.state())
	if err != nil {
		return nil, err
	}
	if err := d.CheckReplace(t); err != nil {
		return nil, err
	}
	d.ReportDiagnostics(t.Report)
	return plan, nil
}
