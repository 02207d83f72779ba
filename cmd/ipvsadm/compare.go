// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"io"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/rules"
	"github.com/ipvsadm-go/ipvsadm/format"
)

// errDiffers fails a comparison that has printed changes.
var errDiffers = &statusError{errAlreadyPrinted, exitDiffers}

// compareRules prints the changes that a restore of rules would make to a table that other
// rules, those in the file oldPath, have made. It needs no kernel.
func (a *app) compareRules(oldPath string, r io.Reader) error {
	a.flushErrStatus = exitUsage // 1 would tell that the rules differ
	oldReport := &rules.Report{Print: a.complain, Describe: message, Hint: a.hint}
	file, err := a.openRules(oldPath, oldReport)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	old, d := rules.NewDesired(), rules.NewDesired()
	old.Read(file, a.host.resolver, oldReport)
	old.ReportDiagnostics(oldReport)
	oldReport.Close()
	d.Read(r, a.host.resolver, a.report)
	if old.Bad {
		return rules.ErrBad
	}
	differs, err := a.printDifference(old, d)
	if err = cmp.Or(d.Outcome(err), old.Outcome(nil)); err != nil || !differs {
		return err
	}
	return errDiffers
}

// printDifference prints the changes from the state of rules to that of others, and tells
// whether there are any.
func (a *app) printDifference(old, d *rules.Desired) (differs bool, err error) {
	changes, err := d.ChangesFrom(old, a.report)
	if err != nil {
		return false, err
	}
	before, err := a.sysctlAssignments(old.Sysctls())
	if err != nil {
		return false, err
	}
	values := map[string]string{}
	for _, assignment := range before {
		values[assignment.Name] = assignment.Value
	}
	sysctls, err := a.sysctlChanges(d.Sysctls(), func(name string) (value string, ok bool) {
		value, ok = values[name]
		return value, ok
	})
	if err != nil {
		return false, err
	}
	w := a.sanitized(a.stdout)
	if _, err := w.Write(sysctls); err != nil {
		return false, err
	}
	return len(sysctls)+len(changes) > 0, format.Changes(w, changes)
}
