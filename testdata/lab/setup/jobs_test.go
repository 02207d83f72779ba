// SPDX-License-Identifier: Apache-2.0

package setup

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// jobs are those that test.sh runs for an argument, where all programs do nothing.
func jobs(t *testing.T, words ...string) []string {
	t.Helper()
	m := newMachine(t)
	m.copies("testdata/lab/test.sh")
	setups, err := filepath.Glob("../../cookbook/setups/*.sh")
	if err != nil {
		t.Fatal(err)
	}
	for _, setup := range setups {
		m.copies("testdata/cookbook/setups/" + filepath.Base(setup))
	}
	for _, script := range []string{"lab/vm/fetch.sh", "lab/vm/run.sh", "cookbook/run.sh"} {
		m.file("testdata/"+script, "#!/bin/bash\n")
	}
	m.program("go", "")
	var names []string
	output := m.run(append([]string{"bash", "testdata/lab/test.sh"}, words...)...).output
	for _, match := range regexp.MustCompile(`(?m)^lab: (\S+) (?:passed in|FAILED after) \d+ s$`).FindAllStringSubmatch(output, -1) {
		if !slices.Contains(names, match[1]) { // those that failed are named once more at the end
			names = append(names, match[1])
		}
	}
	slices.Sort(names)
	return names
}

func TestMainAndRestAreAllJobsOnce(t *testing.T) {
	all := jobs(t)
	both := slices.Sorted(slices.Values(append(jobs(t, "main"), jobs(t, "rest")...)))
	if !slices.Equal(both, all) {
		t.Errorf("main and rest are %v, all are %v", both, all)
	}
	setups, err := os.ReadDir("../../cookbook/setups")
	if err != nil {
		t.Fatal(err)
	}
	for _, setup := range setups {
		if name := strings.TrimSuffix(setup.Name(), ".sh"); !slices.Contains(all, name) {
			t.Errorf("no job for the scenario %s", name)
		}
	}
}

// A pattern that no test has any more must not pass.
func TestJobWithoutTestsFails(t *testing.T) {
	m := newMachine(t)
	m.copies("testdata/lab/test.sh")
	m.file("testdata/lab/vm/fetch.sh", "#!/bin/bash\n")
	m.file("testdata/lab/vm/run.sh", `#!/bin/bash
[[ $* != *"durability -test.run"* ]] || printf '%s\n' 'testing: warning: no tests to run' PASS
`)
	m.program("go", "")
	got := m.run("bash", "testdata/lab/test.sh", "tests", "restore")
	got.mustFail(t, 1)
	got.mustSay(t, "lab: tests passed in ", "lab: restore FAILED after ")
}

// What has no time left is named.
func TestNoJobBeginsAfterTheEnd(t *testing.T) {
	m := newMachine(t)
	m.copies("testdata/lab/test.sh")
	m.file("testdata/lab/vm/fetch.sh", "#!/bin/bash\n")
	m.file("testdata/lab/vm/run.sh", "#!/bin/bash\n")
	m.program("go", "")
	got := m.run("env", "LAB_END=1", "bash", "testdata/lab/test.sh", "tests", "restore")
	got.mustFail(t, 0)
	got.mustSay(t, "lab: no time was left for: tests restore\n")
}

func TestJobRunsOnTheKernelAfterAt(t *testing.T) {
	m := newMachine(t)
	m.copies("testdata/lab/test.sh")
	m.noted("fetch", "")
	m.file("testdata/lab/vm/fetch.sh", "#!/bin/bash\n")
	for _, script := range []string{"lab/vm/run.sh", "cookbook/run.sh"} {
		m.file("testdata/"+script, "#!/bin/bash\nfetch \"$(basename \"$(dirname $0)\")\" \"on ${LAB_KERNEL:-our own}\" ${*: -1}\n")
	}
	m.program("go", "")
	m.run("bash", "testdata/lab/test.sh", "tests", "tests@trixie", "nat@sid").mustFail(t, 0)
	calls := m.calls()
	for _, want := range []string{
		"fetch vm on our own true\n", "fetch vm on our own cd /src/ipvs; ./test; ./internal/nlsock/test; /src/kubeproxy\n",
		"fetch vm on trixie cd /src/ipvs; ./test; ./internal/nlsock/test; /src/kubeproxy\n", "fetch cookbook on sid ",
	} {
		if !strings.Contains(calls, want) {
			t.Errorf("no %q in the calls %s", want, calls)
		}
	}
}
