// SPDX-License-Identifier: Apache-2.0

package diagnose_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/cmdline"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/diagnose"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/diagnose/diagnosetest"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/shell"
)

// row is what a check finds, or does not find, on a machine.
type row struct {
	check, when string
	facts       string // in the language of diagnosetest.Machine
	words       string // of --diagnose; empty for a director
	// finds has a line for each finding: its severity if it is not that of the check, its
	// object, what was read, and the commands, as in
	//
	//	warning: TCP 10.0.0.1:80: No interface has 10.0.0.1. | ip address add 10.0.0.1/32 dev eth0
	//
	// It is empty if the check finds nothing, and has the error if it cannot be made.
	finds string
	// also are the other checks that find a fault or a warning on that machine. One fact
	// should have one finding.
	also string
}

// rows are the rows of all files of checks.
var rows = slices.Concat(tableRows, virtualRows, backendRows, natRows, settingsRows, syncRows, stateRows, firewallRows, serverRows, serverPathRows)

func TestChecks(t *testing.T) {
	for _, r := range rows {
		t.Run(r.check+"/"+r.when, func(t *testing.T) {
			o := parse(t, r.words)
			m := diagnosetest.New(t, r.facts)
			findings, err := diagnose.Make(r.check, m, o)
			if got := report(r.check, findings, err); got != trimLines(r.finds) {
				t.Errorf("got\n%s\nwant\n%s", got, trimLines(r.finds))
			}
			if reads, _ := diagnose.SourcesOf(r.check); m.Used&^reads != 0 {
				t.Errorf("the check reads %q, too", (m.Used &^ reads).Names())
			}
			all, err := diagnose.Run(diagnosetest.New(t, r.facts), o)
			if err != nil {
				t.Fatal(err)
			}
			if got := others(r.check, all); got != r.also {
				t.Errorf("these checks find something, too: %q, want %q", got, r.also)
			}
		})
	}
}

// others returns the IDs of the checks that find a fault or a warning, except one.
func others(check string, r *diagnose.Report) string {
	var ids []string
	for _, f := range r.Findings {
		if f.Severity != diagnose.Note && f.ID != check && !slices.Contains(ids, f.ID) {
			ids = append(ids, f.ID)
		}
	}
	slices.Sort(ids)
	return strings.Join(ids, " ")
}

// parse parses the words of --diagnose.
func parse(t *testing.T, words string) diagnose.Options {
	t.Helper()
	c, err := cmdline.NewParser(diagnosetest.NoNames()).Parse(append([]string{"--diagnose"}, strings.Fields(words)...))
	if err != nil {
		t.Fatal(err)
	}
	return c.Diagnosis.Options
}

// report writes findings as rows have them.
func report(check string, findings []diagnose.Finding, err error) string {
	var b strings.Builder
	i := slices.IndexFunc(diagnose.Describe(), func(d diagnose.Description) bool { return d.ID == check })
	usual := diagnose.Describe()[i].Severity
	for _, f := range findings {
		if f.Severity.String() != usual {
			b.WriteString(f.Severity.String() + ": ")
		}
		if f.Object != "" {
			b.WriteString(f.Object + ": ")
		}
		b.WriteString(f.Facts)
		for _, words := range f.Commands {
			b.WriteString(" | " + shell.Line(words))
		}
		b.WriteByte('\n')
	}
	if err != nil {
		b.WriteString("error: " + err.Error() + "\n")
	}
	return trimLines(b.String())
}

func trimLines(text string) string {
	var lines []string
	for line := range strings.Lines(strings.TrimSpace(text)) {
		lines = append(lines, strings.TrimSpace(line))
	}
	return strings.Join(lines, "\n")
}

// Each check has a row in which it finds something, and one in which it does not.
func TestEveryCheckHasRows(t *testing.T) {
	for _, id := range diagnose.IDs() {
		for _, finds := range []bool{true, false} {
			if !slices.ContainsFunc(rows, func(r row) bool {
				return r.check == id && (strings.TrimSpace(r.finds) != "" && !strings.HasPrefix(r.finds, "error: ")) == finds
			}) {
				t.Errorf("%s has no row in which it finds something: %v", id, finds)
			}
		}
	}
}

// unreadable are the facts that a machine of diagnosetest may refuse.
var unreadable = map[string]diagnose.Source{
	"addresses": diagnose.TheAddresses, "routes": diagnose.TheRoutes, "links": diagnose.TheLinks, "neighbours": diagnose.TheNeighbours,
	"policy": diagnose.ThePolicyRules, "sysctls": diagnose.TheSettings, "listeners": diagnose.TheListeners, "modules": diagnose.TheModules,
	"managers": diagnose.TheManagers, "release": diagnose.TheRelease, "daemons": diagnose.TheDaemons, "timeouts": diagnose.TheTimeouts,
	"firewall": diagnose.TheFirewall, "conntable": diagnose.TheConnTable, "connections": diagnose.TheConnections, "lro": diagnose.TheHardware,
	"installed": diagnose.TheInstalled, "vendor": diagnose.TheVendor, "boot": diagnose.TheBootRules, "answers": diagnose.TheAnswers,
}

// A counter that cannot be read is left out of the facts.
func TestUnreadableCounter(t *testing.T) {
	findings, err := diagnose.Make("nat-forward", diagnosetest.New(t, nat+"sysctl net/ipv4/ip_forward=0\nsysctl net/ipv4/conf/eth1/forwarding=0\ncounter InAddrErrors 7\nunreadable counters"), diagnose.Options{})
	if err != nil || len(findings) != 1 || strings.Contains(findings[0].Facts, "InAddrErrors") {
		t.Errorf("%+v, %v", findings, err)
	}
}

// A fact that cannot be read makes a check one that was not made, or a fault a warning, but
// never a finding.
func TestUnreadableFacts(t *testing.T) {
	for _, r := range rows {
		if strings.HasPrefix(r.finds, "error: ") {
			continue
		}
		reads, _ := diagnose.SourcesOf(r.check)
		for what, source := range unreadable {
			if reads&source == 0 {
				continue
			}
			findings, err := diagnose.Make(r.check, diagnosetest.New(t, r.facts+"\nunreadable "+what), parse(t, r.words))
			got := report(r.check, findings, nil)
			milder := what == "modules" && strings.Contains(got, "modules are loaded is not known") ||
				what == "daemons" && strings.Contains(got, "sync daemons run here is not known")
			if err == nil && !milder && got != trimLines(r.finds) {
				t.Errorf("%s, %s: without %s it finds\n%s", r.check, r.when, what, got)
			}
		}
	}
}

func TestDescriptionsAreComplete(t *testing.T) {
	for _, d := range diagnose.Describe() {
		for what, text := range map[string]string{"holds": d.Holds, "symptom": d.Symptom, "advice": d.Advice} {
			if text == "" || !strings.HasSuffix(text, ".") {
				t.Errorf("%s: %s is %q, which is no sentence", d.ID, what, text)
			}
		}
		if len(d.Reads) == 0 {
			t.Errorf("%s reads nothing", d.ID)
		}
	}
}

func TestIDsAreUnique(t *testing.T) {
	ids := diagnose.IDs()
	slices.Sort(ids)
	if len(slices.Compact(slices.Clone(ids))) != len(ids) {
		t.Error(ids)
	}
}
