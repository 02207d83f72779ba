// SPDX-License-Identifier: Apache-2.0

package setup

import (
	"strings"
	"testing"
)

func TestGoIsLookedForBeforeAnythingElse(t *testing.T) {
	for _, target := range []string{"all", "check", "test", "test-rest", "test-all", "setup", "demo", "shell", "lab", "test-boot", "bench"} {
		m := newMachine(t)
		m.copies("Makefile", "go.mod", "testdata/lab/vm/go.sh")
		for _, script := range []string{
			"lab/vm/fetch.sh", "lab/test.sh", "lab/boot/test.sh", "lab/boot/debian.sh", "lab/bench/run.sh", "cookbook/run.sh",
		} {
			m.file("testdata/"+script, "#!/bin/bash\necho fetching\n")
		}
		got := m.run("make", target)
		got.mustFail(t, 2)
		got.mustSay(t, "This needs Go 1.25.0 or later; there is no go in PATH.", "https://go.dev/dl/", "/usr/local", "export PATH=")
		got.mustNotSay(t, "fetching", "building", "not found")
	}
}

func TestGoThatIsTooOld(t *testing.T) {
	for name, script := range map[string]string{
		"go is go1.19.8.":   "echo go1.19.8",
		"go is go1.25rc1.":  "echo go1.25rc1",
		"go is older.":      "echo",
		"go cannot be used": "echo 'go: go.mod requires go >= 1.25.0 (running go 1.24.4; GOTOOLCHAIN=local)' >&2; exit 1",
	} {
		m := newMachine(t)
		m.copies("Makefile", "go.mod", "testdata/lab/vm/go.sh")
		m.program("go", script)
		got := m.run("make", "all")
		got.mustFail(t, 2)
		got.mustSay(t, "This needs Go 1.25.0 or later; "+name, "https://go.dev/dl/")
		got.mustNotSay(t, "building")
		if strings.Contains(script, "GOTOOLCHAIN") {
			got.mustSay(t, "running go 1.24.4")
		}
	}
}

func TestGoThatIsNewEnough(t *testing.T) {
	for _, version := range []string{"go1.25.0", "go1.25.10", "go1.26rc1", "go2.0", "devel go1.27-abcdef"} {
		m := newMachine(t)
		m.copies("go.mod", "testdata/lab/vm/go.sh")
		m.program("go", "echo "+version)
		got := m.run("sh", "testdata/lab/vm/go.sh", "go")
		got.mustFail(t, 0)
		if got.output != "" {
			t.Errorf("%s: %s", version, got.output)
		}
	}
}
