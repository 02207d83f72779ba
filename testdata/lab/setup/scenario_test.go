// SPDX-License-Identifier: Apache-2.0

package setup

import "testing"

func TestScenarioFetchesWhatItNeeds(t *testing.T) {
	m := newMachine(t)
	m.noted("fetch", "")
	m.file("testdata/lab/vm/fetch.sh", "#!/bin/bash\nfetch $*\n")
	m.copies("testdata/cookbook/run.sh", "testdata/cookbook/lib/scenario.sh", "testdata/cookbook/setups/dr.sh",
		"testdata/cookbook/setups/keepalived.sh")
	for _, scenario := range []string{"", "dr", "keepalived"} {
		m.run("bash", "testdata/cookbook/run.sh", "-f", scenario).mustFail(t, 0)
	}
	if got, want := m.calls(), "fetch \nfetch \nfetch extra\n"; got != want {
		t.Errorf("calls %q, want %q", got, want)
	}
}

func TestUnknownScenario(t *testing.T) {
	m := newMachine(t)
	m.copies("Makefile", "go.mod", "testdata/lab/vm/go.sh", "testdata/cookbook/run.sh", "testdata/cookbook/lib/scenario.sh",
		"testdata/cookbook/setups/dr.sh")
	m.program("go", "echo go1.25.0")
	got := m.run("make", "demo", "SCENARIO=foo")
	got.mustFail(t, 2)
	got.mustSay(t, "There is no scenario \"foo\".\nScenarios:\n  dr               Direct routing: the servers answer the client themselves\n")
	got.mustNotSay(t, "Usage", "run.sh -", "building", "lib ")
}

// demonstrated is a machine whose guest ends with a status at once.
func demonstrated(t *testing.T, status string) *machine {
	m := newMachine(t)
	m.copies("testdata/cookbook/run.sh", "testdata/cookbook/lib/scenario.sh", "testdata/cookbook/setups/dr.sh",
		"testdata/cookbook/setups/nat.sh", "testdata/lab/vm/work.sh")
	m.file("testdata/lab/vm/run.sh", "#!/bin/bash\necho \"guest $*\"\nexit "+status+"\n")
	m.file("bin/ipvsadm", "")
	m.program("go", "")
	return m
}

func TestDemonstrationEndsWithWhatIsNext(t *testing.T) {
	got := demonstrated(t, "0").run("bash", "testdata/cookbook/run.sh", "-d", "dr")
	got.mustFail(t, 0)
	got.mustSay(t, "lab: building the program that makes the traffic\n", "guest -t 1800 -v -o", "What next:\n", "make demo SCENARIO=nat",
		"\n      nat\n", "make shell", "make && sudo make install", "README.md")
	got.mustNotSay(t, "COLOUR") // for terminals only
}

func TestDemonstrationThatFailsDoesNotSayWhatIsNext(t *testing.T) {
	got := demonstrated(t, "1").run("bash", "testdata/cookbook/run.sh", "-d", "dr")
	got.mustFail(t, 1)
	got.mustNotSay(t, "What next")
}

func TestScenarioAsATestSaysNothingMore(t *testing.T) {
	got := demonstrated(t, "0").run("bash", "testdata/cookbook/run.sh", "dr")
	got.mustFail(t, 0)
	got.mustNotSay(t, "What next", "lab:", " -v ")
}
