// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/cmdline"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/diagnose"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/kernel"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/rules"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/shell"
	"github.com/ipvsadm-go/ipvsadm/format"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"golang.org/x/sys/unix"
)

// diagnose looks for faults. The exit status tells whether there are any.
func (a *app) diagnose(c *cmdline.Command) error {
	o := c.Diagnosis.Options
	report, err := a.makeDiagnosis(&c.Diagnosis)
	switch {
	case errors.Is(err, ipvs.ErrNoService):
		return &statusError{&ipvs.Error{Command: ipvs.CommandGetService, Errno: unix.ESRCH, Subject: o.Service.String()}, exitKernel}
	case err != nil:
		return err
	}
	d := diagnosisOf(report, o.Verbose, a.entering())
	d.Title = a.diagnosisTitle(report, &c.Diagnosis)
	if c.Diagnosis.JSON {
		err = format.JSON{}.Diagnosis(a.stdout, d)
	} else {
		style := a.style()
		err = format.Table{Width: style.Width, Colour: style.Colour}.Diagnosis(a.stdout, d)
	}
	if err != nil {
		return &statusError{err, exitList}
	}
	if report.Count(diagnose.Fault) > 0 {
		return &statusError{errAlreadyPrinted, exitFaults}
	}
	return nil
}

// makeDiagnosis makes the checks, in the network namespace of the run.
func (a *app) makeDiagnosis(d *cmdline.Diagnosis) (report *diagnose.Report, err error) {
	if d.Rules != "" {
		return a.diagnoseRules(d)
	}
	if err := a.connectIfLoaded(); err != nil {
		if d.Role == diagnose.Director && !notPermitted(err) {
			return nil, err
		}
		a.hangUp() // a real server needs no IPVS
	}
	err = a.doInNetNS(func() error {
		facts, done := a.host.facts(a.host.root, a.client)
		defer done()
		report, err = diagnose.Run(facts, d.Options)
		return err
	})
	if err != nil && !errors.Is(err, ipvs.ErrNoService) {
		err = &statusError{err, exitUsage}
	}
	return report, err
}

// diagnoseRules makes the checks that need nothing but rules.
func (a *app) diagnoseRules(d *cmdline.Diagnosis) (*diagnose.Report, error) {
	file, err := a.openRules(d.Rules, a.report)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	desired := rules.NewDesired()
	desired.Read(file, a.host.resolver, a.report)
	desired.ReportDiagnostics(a.report)
	if desired.Bad {
		return nil, rules.ErrBad
	}
	installed := kernel.ReadModules(a.host.root)
	ports := map[diagnose.Server]uint16{}
	for _, o := range desired.OtherPorts() {
		ports[diagnose.Server{Service: o.Service, ID: o.Server}] = o.Port
	}
	return diagnose.RunRules(diagnose.Rules{Table: desired.Table(), Daemons: desired.Daemons(), Lacks: installed.Lacks, OtherPorts: ports}, d.Options)
}

// diagnosisTitle says what was diagnosed.
func (a *app) diagnosisTitle(r *diagnose.Report, d *cmdline.Diagnosis) string {
	var title string
	switch {
	case d.Rules == "-":
		title = "Rules with " + counts(r)
	case d.Rules != "":
		title = d.Rules + ": rules with " + counts(r)
	case r.Role == diagnose.RealServer:
		title = "Real server of " + d.Service.String()
	default:
		title = "Director with " + counts(r)
	}
	if r.Kernel != "" {
		title += "; Linux " + r.Kernel
	}
	return title
}

func counts(r *diagnose.Report) string {
	return fmt.Sprintf("%s, %s", plural(r.Services, "service"), plural(r.Servers, "server"))
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// findingLimit is how many findings of a check are printed without --verbose.
const findingLimit = 5

// entering returns the words before a command that make it work in the network namespace of
// the run.
func (a *app) entering() []string {
	if a.namespace == nil {
		return nil
	}
	return []string{"nsenter", "--net=" + a.namespace.Path()}
}

// diagnosisOf returns a report to print. Notes are for those who ask for them. entering comes
// before each command that mends something.
func diagnosisOf(r *diagnose.Report, verbose bool, entering []string) format.Diagnosis {
	d := format.Diagnosis{
		Role: r.Role.String(), Services: uint64(r.Services), Servers: uint64(r.Servers), Kernel: r.Kernel,
		Passed: uint64(r.Passed), Limit: findingLimit,
	}
	if verbose {
		d.Limit = 0
	}
	for _, f := range r.Findings {
		if f.Severity == diagnose.Note && !verbose {
			continue
		}
		finding := format.Finding{ID: f.ID, Severity: f.Severity.String(), Object: f.Object, Facts: f.Facts, Symptom: f.Symptom, Mend: f.Advice}
		for _, words := range f.Commands {
			finding.Commands = append(finding.Commands, commandLine(slices.Concat(entering, words)))
		}
		d.Findings = append(d.Findings, finding)
	}
	for _, n := range r.NotChecked {
		d.NotChecked = append(d.NotChecked, format.NotChecked(n))
	}
	for _, c := range r.RealServers {
		d.RealServers = append(d.RealServers, format.ServersCommand{Servers: c.Servers, Command: commandLine(c.Words)})
	}
	return d
}

func commandLine(words []string) format.CommandLine {
	return format.CommandLine{Words: words, Line: shell.Line(words)}
}
