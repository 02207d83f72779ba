// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/termtest"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// hostWithoutKernel returns a host that fails the test if anything asks for its kernel.
func hostWithoutKernel(t *testing.T) host {
	h := fakeHost(unloaded(), "")
	h.dial = func() (*ipvs.Client, error) {
		t.Error("the kernel was dialled")
		return nil, errors.New("no kernel")
	}
	h.loadModule = func() bool {
		t.Error("the module was loaded")
		return false
	}
	return h
}

func TestCompareAsksNoKernel(t *testing.T) {
	old := filepath.Join(t.TempDir(), "old")
	if err := os.WriteFile(old, []byte("-A -f 1 -s rr\n--sysctl conntrack=1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr strings.Builder
	status := run([]string{"ipvsadm-restore", "--dry-run", "--from", old},
		strings.NewReader("-A -f 1 -s rr\n-A -f 2 -s rr\n--start-daemon master\n--set 1 2 3\n--sysctl conntrack=0\n"), &stdout, &stderr, hostWithoutKernel(t))
	const changes = "~ --sysctl conntrack=0\n+ -A -f 2 -s rr\n~ --set 1 2 3\n+ --start-daemon master --mcast-interface eth0 --syncid 0\n"
	if stdout.String() != changes || stderr.String() != "" || status != exitDiffers {
		t.Errorf("status %d, stderr %q\n%s", status, &stderr, &stdout)
	}
}

// Of a setting that has two rules, the last one counts.
func TestCompareSettingsThatAreSetTwice(t *testing.T) {
	old := filepath.Join(t.TempDir(), "old")
	if err := os.WriteFile(old, []byte("--sysctl conntrack=0 sync_ports=4\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for rules, changes := range map[string]string{
		"--sysctl conntrack=1\n--sysctl net.ipv4.vs.conntrack=0\n":    "",
		"--sysctl conntrack=0 conntrack=1\n--sysctl sync_ports=4\n":   "~ --sysctl conntrack=1\n",
		"--sysctl sync_ports=4\n--sysctl sync_ports=2 sync_ports=1\n": "~ --sysctl sync_ports=1\n",
	} {
		var stdout, stderr strings.Builder
		status := run([]string{"ipvsadm-restore", "--dry-run", "--from", old}, strings.NewReader(rules), &stdout, &stderr, hostWithoutKernel(t))
		if stdout.String() != changes || stderr.Len() > 0 || (status == exitDiffers) != (changes != "") {
			t.Errorf("%q: status %d, stderr %q, stdout %q, want %q", rules, status, &stderr, &stdout, changes)
		}
	}
}

// diff(1) has another exit status for trouble than for differences.
func TestCompareCannotWrite(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = full.Close() }()
	var stderr strings.Builder
	status := run([]string{"ipvsadm-restore", "--dry-run", "--from", "/dev/null"}, strings.NewReader("-A -f 1\n"), full, &stderr, hostWithoutKernel(t))
	if want := "ipvsadm-restore: cannot write the output: write /dev/full: no space left on device\n"; stderr.String() != want || status != exitUsage {
		t.Errorf("status %d, stderr %q", status, &stderr)
	}
}

// Each of the files has its own limit of reports.
func TestCompareReportsBadLinesOfBothFiles(t *testing.T) {
	old := filepath.Join(t.TempDir(), "old")
	if err := os.WriteFile(old, []byte(strings.Repeat("typo\n", 102)), 0o600); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr strings.Builder
	status := run([]string{"ipvsadm-restore", "--dry-run", "--from", old}, strings.NewReader(strings.Repeat("typo\n", 101)), &stdout, &stderr, hostWithoutKernel(t))
	lines := strings.Split(stderr.String(), "\n")
	if status != exitUsage || stdout.Len() > 0 || len(lines) != 203 || lines[100] != "... and 2 more" || lines[201] != "... and 1 more" ||
		!strings.HasPrefix(lines[99], old+": line 100: ") || !strings.HasPrefix(lines[200], "line 100: ") {
		t.Errorf("status %d, %d lines on stderr, stdout %q\n%s", status, len(lines), &stdout, &stderr)
	}
}

func TestCompareWithOldRulesFromTerminalSaysSo(t *testing.T) {
	far, terminal := termtest.Open(t, 80)
	if _, err := far.WriteString("-A -t 10.0.0.1:80\n\x04"); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr strings.Builder
	status := run([]string{"ipvsadm-restore", "--dry-run", "--from", "-", "/dev/null"}, terminal, &stdout, &stderr, hostWithoutKernel(t))
	const want = "ipvsadm-restore: reading rules from the terminal; end them with ^D\n/dev/null: no rules; say -C if that is meant\n"
	if stderr.String() != want || stdout.Len() > 0 || status != exitUsage {
		t.Errorf("status %d, stderr %q, stdout %q", status, &stderr, &stdout)
	}
}
