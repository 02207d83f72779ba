package setup

import "testing"

func TestScenarioFetchesWhatItNeeds(t *testing.T) {
	m := newMachine(t)
	m.noted("fetch", "")
	m.file("testdata/lab/fetch.sh", "#!/bin/bash\nfetch $*\n")
	m.copies("testdata/lab/scenarios/run.sh", "testdata/lab/scenarios/lib.sh", "testdata/lab/scenarios/dr.sh",
		"testdata/lab/scenarios/keepalived.sh")
	for _, scenario := range []string{"", "dr", "keepalived"} {
		m.run("bash", "testdata/lab/scenarios/run.sh", "-f", scenario).mustFail(t, 0)
	}
	if got, want := m.calls(), "fetch \nfetch \nfetch extra\n"; got != want {
		t.Errorf("calls %q, want %q", got, want)
	}
}

func TestUnknownScenario(t *testing.T) {
	m := newMachine(t)
	m.copies("Makefile", "go.mod", "testdata/lab/go.sh", "testdata/lab/scenarios/run.sh", "testdata/lab/scenarios/lib.sh",
		"testdata/lab/scenarios/dr.sh")
	m.program("go", "echo go1.25.0")
	got := m.run("make", "demo", "SCENARIO=foo")
	got.mustFail(t, 2)
	got.mustSay(t, "There is no scenario \"foo\".\nScenarios:\n  dr               Direct routing: the servers answer the client themselves\n")
	got.mustNotSay(t, "Usage", "run.sh -", "building", "lib ")
}
