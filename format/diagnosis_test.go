// SPDX-License-Identifier: Apache-2.0

package format

import (
	"net/netip"
	"strings"
	"testing"
)

func someDiagnosis() Diagnosis {
	command := func(words ...string) CommandLine { return CommandLine{words, strings.Join(words, " ")} }
	return Diagnosis{
		Title: "Director with 2 services, 2 servers", Role: "director", Services: 2, Servers: 2, Passed: 30,
		Findings: []Finding{
			{
				ID: "vip-missing", Severity: "fault", Object: "TCP 10.0.0.1:80", Facts: "No interface has 10.0.0.1.", Symptom: "Clients see a timeout.",
				Mend: "Add the address.", Commands: []CommandLine{command("ip", "address", "add", "10.0.0.1/32", "dev", "eth0")},
			},
			{ID: "estimator", Severity: "note", Facts: "run_estimation is 0.", Symptom: "All rates are 0."},
		},
		NotChecked:  []NotChecked{{IDs: []string{"all-full", "nat-return"}, Reason: "not permitted"}, {Reason: "firewall rules"}},
		RealServers: []ServersCommand{{[]netip.Addr{netip.MustParseAddr("10.0.0.2"), netip.MustParseAddr("10.0.0.3")}, command("ipvsadm", "--diagnose", "real-server")}},
	}
}

func diagnosisAs(t *testing.T, table Table, d Diagnosis) string {
	t.Helper()
	var b strings.Builder
	if err := table.Diagnosis(&b, d); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestDiagnosis(t *testing.T) {
	same(t, diagnosisAs(t, Table{}, someDiagnosis()), `Director with 2 services, 2 servers

FAULT    vip-missing     TCP 10.0.0.1:80
  No interface has 10.0.0.1.
  Clients see a timeout.
  Mend: Add the address.
    ip address add 10.0.0.1/32 dev eth0

NOTE     estimator
  run_estimation is 0.
  All rates are 0.

Not checked: all-full, nat-return (not permitted); firewall rules.

On the real servers, to which this program can be copied:
  10.0.0.2, 10.0.0.3:
    ipvsadm --diagnose real-server

1 fault, 1 note; 30 checks passed
`)
}

// Sentences are broken at the width of the terminal, and commands are not, since they are to
// be copied.
func TestDiagnosisOnNarrowTerminal(t *testing.T) {
	d := Diagnosis{Title: "Real server", Findings: someDiagnosis().Findings[:1], Passed: 1}
	same(t, diagnosisAs(t, Table{Width: 20}, d), `Real server

FAULT    vip-missing     TCP 10.0.0.1:80
  No interface has
  10.0.0.1.
  Clients see a
  timeout.
  Mend: Add the
  address.
    ip address add 10.0.0.1/32 dev eth0

1 fault; 1 check
passed
`)
}

// Names of interfaces and files can have control characters.
func TestDiagnosisIsSanitized(t *testing.T) {
	d := Diagnosis{
		Title:      "\x1b[2J",
		Findings:   []Finding{{ID: "x", Severity: "warning", Object: "\x1b]0;a\a", Facts: "\x1b[2J", Commands: []CommandLine{{Line: "ip link set '\x1b' up"}}}},
		NotChecked: []NotChecked{{Reason: "\x1b[2J"}},
	}
	if got := diagnosisAs(t, Table{}, d); strings.ContainsAny(got, "\x1b\a") {
		t.Errorf("%q", got)
	}
}

func TestDiagnosisInColour(t *testing.T) {
	got := diagnosisAs(t, Table{Colour: true}, someDiagnosis())
	if !strings.Contains(got, "\x1b[31mFAULT\x1b[0m    vip-missing ") {
		t.Errorf("%q", got)
	}
	same(t, strings.NewReplacer("\x1b[31m", "", "\x1b[0m", "").Replace(got), diagnosisAs(t, Table{}, someDiagnosis()))
}
