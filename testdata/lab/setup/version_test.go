// SPDX-License-Identifier: Apache-2.0

package setup

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// sources is a machine with what .packaging/version.sh reads, and with git.
func sources(t *testing.T) *machine {
	m := newMachine(t)
	m.copies(".packaging/version.sh")
	m.file("cmd/ipvsadm/internal/release/release.go", "const (\n\tVersion = \"0.3.0\"\n\tDate    = \"2027-01-02\"\n)\n")
	git, err := exec.LookPath("git")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(git, filepath.Join(m.bin, "git")); err != nil {
		t.Fatal(err)
	}
	m.variables = []string{
		"GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null", "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com",
		"GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com",
		"GIT_AUTHOR_DATE=2027-02-03T23:00:00-0800", "GIT_COMMITTER_DATE=2027-02-03T23:00:00-0800",
	}
	return m
}

func (m *machine) git(words ...string) {
	m.t.Helper()
	m.run(append([]string{"git"}, words...)...).mustFail(m.t, 0)
}

func (m *machine) mustHaveVersion(pattern string) {
	m.t.Helper()
	got := m.run("sh", ".packaging/version.sh")
	if match, err := filepath.Match(pattern+"\n", got.output); err != nil || !match || got.status != 0 {
		m.t.Errorf("version %q, status %d, want %q", got.output, got.status, pattern)
	}
}

func TestVersionOfTarball(t *testing.T) {
	sources(t).mustHaveVersion("0.3.0 2027-01-02")
}

func TestVersionOfTarballInAnotherRepository(t *testing.T) {
	m := sources(t)
	inner := m.top
	m.top = filepath.Dir(inner)
	m.git("init", "-q")
	m.git("commit", "-q", "--allow-empty", "-m", "theirs")
	m.git("tag", "v7.7.7")
	m.top = inner
	m.mustHaveVersion("0.3.0 2027-01-02")
}

func TestVersionOfCloneWithoutTags(t *testing.T) {
	m := sources(t)
	m.git("init", "-q")
	m.git("commit", "-q", "--allow-empty", "-m", "one")
	m.git("tag", "nightly")
	m.mustHaveVersion("0.3.0 2027-01-02")
}

func TestVersionOfTag(t *testing.T) {
	m := sources(t)
	m.git("init", "-q")
	m.git("commit", "-q", "--allow-empty", "-m", "one")
	m.git("tag", "v0.3.0")
	m.mustHaveVersion("0.3.0 2027-01-02")
	m.git("commit", "-q", "--allow-empty", "-m", "two")
	m.mustHaveVersion("0.3.0-1-g??????? 2027-02-04")
	m.git("tag", "v0.4.0-rc1")
	m.mustHaveVersion("0.4.0-rc1 2027-02-04")
}
