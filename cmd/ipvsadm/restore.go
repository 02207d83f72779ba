// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"errors"
	"io"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/cmdline"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/kernel"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/rules"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/watch"
	"github.com/ipvsadm-go/ipvsadm/format"
	"github.com/ipvsadm-go/ipvsadm/sysconfig"
	"golang.org/x/sys/unix"
)

// runRestore runs ipvsadm-restore.
func (a *app) runRestore(words []string) error {
	o, err := cmdline.ParseRestore(words)
	if err != nil {
		return cmdline.WithHint(cmdline.Usagef("%v; try '%s --help'", err, a.name), cmdline.Hint(err))
	}
	if o.Help {
		_, err := a.stdout.WriteString(cmdline.RestoreUsage)
		return err
	}
	if o.Mode != cmdline.CheckOnly && o.From == "" {
		if err := a.enter(o.NetNS); err != nil {
			return err
		}
	}
	file, err := a.openRules(o.File, a.report)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	if o.From != "" {
		return a.compareRules(o.From, file)
	}
	return a.restore(o.Mode, file)
}

// announceTerminal says that rules come from the terminal, where the tool would only seem
// to hang.
func (a *app) announceTerminal() {
	a.complain(a.name + ": reading rules from the terminal; end them with ^D")
}

// openRules opens a rules file, or standard input if path is "-". It makes report name the
// file.
func (a *app) openRules(path string, report *rules.Report) (io.ReadCloser, error) {
	if path == "-" {
		if watch.IsTerminal(a.stdin) {
			a.announceTerminal()
		}
		return io.NopCloser(a.stdin), nil
	}
	file, err := sysconfig.OpenRules(path)
	if err != nil {
		return nil, cmdline.Usagef("%s: %v", a.name, err)
	}
	report.Source = path + ": "
	return file, nil
}

// restore reads rules from r and applies them as mode says.
func (a *app) restore(mode cmdline.RestoreMode, r io.Reader) error {
	a.changing = mode == cmdline.ByDifference || mode == cmdline.ClearFirst
	if mode == cmdline.ClearFirst {
		return a.clearAndRestore(r)
	}
	d := rules.NewDesired()
	d.Read(r, a.host.resolver, a.report)
	if mode == cmdline.CheckOnly {
		return a.checkRules(d)
	}
	if err := a.connect(); err != nil {
		return err
	}
	if mode == cmdline.DryRun {
		return d.Outcome(a.printChanges(d))
	}
	return a.target().Reconcile(d)
}

// target returns the connected kernel as the target of rules.
func (a *app) target() *rules.Target {
	return &rules.Target{Client: a.client, Report: a.report, Lock: a.host.lock, Execute: a.executeLine}
}

// printChanges prints the changes that a restore would make.
func (a *app) printChanges(d *rules.Desired) error {
	changes, err := a.target().Changes(d)
	if err != nil {
		return err
	}
	err = a.doInNetNS(func() error {
		sysctls, err := a.sysctlChanges(d.Sysctls(), a.sysctls().Get)
		if err != nil {
			return err
		}
		_, err = a.sanitized(a.stdout).Write(sysctls)
		return err
	})
	if err != nil {
		return err
	}
	return format.Changes(a.sanitized(a.stdout), changes)
}

// checkRules reports everything that is wrong with rules, as if the kernel had services
// for them to replace.
func (a *app) checkRules(d *rules.Desired) error {
	unsafe := d.UnsafeToReplace()
	if !unsafe { // a bad line may be the one that adds the service of later lines
		d.ReportDiagnostics(a.report)
	}
	d.WarnMissingNames(a.report, kernel.ReadModules(a.host.root))
	if unsafe {
		return d.ReportUnsafe(a.report)
	}
	return d.Outcome(nil)
}

// replayRules executes -R: it reads all rules from standard input, then executes them in
// order. If a line is bad, it executes the others only if there are no services.
func (a *app) replayRules() error {
	a.changing = true
	if watch.IsTerminal(a.stdin) && watch.IsTerminal(a.stderr) { // ipvsadm 1.31 says nothing
		a.announceTerminal()
	}
	var replay rules.Replay
	bad := rules.Read(a.stdin, a.host.resolver, a.report, replay.Add)
	if err := a.connect(); err != nil {
		return err
	}
	if bad {
		if services, err := a.client.Services(); err != nil || len(services) > 0 {
			return cmp.Or(err, rules.ErrBad)
		}
	}
	if err := replay.CheckFits(a.target()); err != nil {
		return rules.ReplayOutcome(bad, err)
	}
	return rules.ReplayOutcome(bad, replay.Run(a.target()))
}

// clearAndRestore reads all rules from r, empties the table and executes them in order.
func (a *app) clearAndRestore(r io.Reader) error {
	var replay rules.Replay
	d := rules.NewDesired()
	d.ReadInto(&replay, r, a.host.resolver, a.report)
	if err := a.connect(); err != nil {
		return err
	}
	if err := d.CheckReplace(a.target()); err != nil {
		return err
	}
	d.ReportDiagnostics(a.report)
	if err := replay.CheckFits(a.target()); err != nil {
		return rules.ReplayOutcome(d.Bad, err)
	}
	if err := a.client.Flush(); err != nil {
		return err
	}
	return rules.ReplayOutcome(d.Bad, replay.Run(a.target()))
}

// executeLine executes a line of rules that lists or saves the table, sets sysctls, or
// edits the table with --keep. Once standard output is a closed pipe it lists and saves nothing, so that the
// other lines are still executed; run deals with the closed pipe in the end.
func (a *app) executeLine(words []string) error {
	if a.pipeSeenClosed() && !cmdline.MakesChanges(words) {
		return nil
	}
	c, err := cmdline.NewParser(a.host.resolver).Parse(words)
	switch {
	case err != nil:
		return err
	case c.Kind == cmdline.Keep:
		return a.keep(&c.Keep)
	case c.Kind == cmdline.Sysctl:
		_, err := a.applySysctls(c.Sysctls)
		return err
	}
	err = a.print(c)
	if a.pipeSeenClosed() && errors.Is(err, unix.EPIPE) {
		return nil
	}
	return err
}
