// SPDX-License-Identifier: Apache-2.0

package setup

import "testing"

// installs runs install_tools where two programs are missing.
func (m *machine) installs() result {
	m.copies("testdata/lab/vm/tools.sh")
	m.program("there", "")
	return m.run("bash", "-euo", "pipefail", "-c",
		"host_tools=(there:there-package /not/here:one-package nothere:another-package); source testdata/lab/vm/tools.sh; install_tools")
}

const install = "apt-get -q -y --no-install-recommends install another-package one-package"

func TestRootInstallsWhatIsMissing(t *testing.T) {
	m := newMachine(t)
	m.noted("apt-get", "echo noise")
	got := m.installs()
	got.mustFail(t, 0)
	if want := "lab: installing another-package one-package\n"; got.output != want {
		t.Errorf("says %q, want %q", got.output, want)
	}
	if got, want := m.calls(), install+"\n"; got != want {
		t.Errorf("calls %q, want %q", got, want)
	}
}

func TestListsOfPackagesAreRefreshedOnce(t *testing.T) {
	m := newMachine(t)
	m.noted("apt-get", `case $* in *update*) touch updated ;; *) [[ -e updated ]] ;; esac`)
	m.installs().mustFail(t, 0)
	if got, want := m.calls(), install+"\napt-get -q update\n"+install+"\n"; got != want {
		t.Errorf("calls %q, want %q", got, want)
	}
}

func TestPackagesThatCannotBeInstalledAreNamed(t *testing.T) {
	m := newMachine(t)
	m.program("apt-get", "echo no network; exit 100")
	got := m.installs()
	got.mustFail(t, 1)
	got.mustSay(t, "no network", "lab: could not install them. Have these packages installed: apt-get install another-package one-package\n")
}

func TestSudoIsAskedAfterSayingWhatFor(t *testing.T) {
	m := newMachine(t)
	m.program("id", "echo 1000")
	m.program("sudo", `echo "sudo $1"; exec "$@"`)
	m.noted("apt-get", "")
	got := m.installs()
	got.mustFail(t, 0)
	if want := "lab: root is needed to install another-package one-package: asking sudo\nsudo true\n"; got.output != want {
		t.Errorf("says %q, want %q", got.output, want)
	}
	if got, want := m.calls(), install+"\n"; got != want {
		t.Errorf("calls %q, want %q", got, want)
	}
}

func TestSudoThatRefusesIsAskedOnce(t *testing.T) {
	m := newMachine(t)
	m.program("id", "echo 1000")
	m.noted("sudo", "exit 1")
	got := m.installs()
	got.mustFail(t, 1)
	got.mustSay(t, "lab: sudo refused. Have these packages installed: apt-get install another-package one-package\n")
	if got, want := m.calls(), "sudo true\n"; got != want {
		t.Errorf("calls %q, want %q", got, want)
	}
}

func TestWithoutRootAndSudoTheMissingPackagesAreNamed(t *testing.T) {
	m := newMachine(t)
	m.program("id", "echo 1000")
	m.noted("apt-get", "")
	got := m.installs()
	got.mustFail(t, 1)
	want := "lab: root is needed to install another-package one-package, and there is no sudo. " +
		"Have these packages installed: apt-get install another-package one-package\n"
	if got.output != want {
		t.Errorf("says %q, want %q", got.output, want)
	}
	if m.calls() != "" {
		t.Errorf("calls %q", m.calls())
	}
}
