// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// Limits that are enough for the static binary, as README.md and ipvsadm.8 have them. The Go runtime reserves much more
// address space than it uses, and has some threads.
const (
	enoughAddressSpace = 1500000 // kB, of ulimit -v
	enoughData         = 64000   // kB, of ulimit -d
	enoughFiles        = 8       // of ulimit -n
	enoughProcesses    = 8       // of ulimit -u
)

func TestSufficientLimits(t *testing.T) {
	tool, rules := staticTool(t), thousandServices(t)
	for _, limit := range []string{
		fmt.Sprintf("ulimit -v %d", enoughAddressSpace),
		fmt.Sprintf("ulimit -d %d", enoughData),
		fmt.Sprintf("ulimit -n %d", enoughFiles),
		fmt.Sprintf("ulimit -v %d; ulimit -d %d; ulimit -n %d", enoughAddressSpace, enoughData, enoughFiles),
	} {
		for range 5 {
			if output, status := runLimited(t, limit, tool, rules); status != 0 {
				t.Errorf("%s: status %d: %.500s", limit, status, output)
			}
		}
	}
}

// The limit on processes does not apply to root.
func TestSufficientProcessLimit(t *testing.T) {
	if os.Getuid() != 0 {
		return
	}
	tool, rules := staticTool(t), thousandServices(t)
	// t.TempDir is below a directory of this test, which only its owner may enter.
	own := filepath.Dir(filepath.Dir(tool))
	if !strings.HasPrefix(filepath.Base(own), t.Name()) {
		t.Fatalf("%s is not the directory of this test", own)
	}
	if err := os.Chmod(own, 0o755); err != nil {
		t.Fatal(err)
	}
	const nobodyElse = 61234
	for range 5 {
		output, status := runLimitedAs(t, nobodyElse, fmt.Sprintf("ulimit -u %d", enoughProcesses), tool, rules)
		if status != 0 {
			t.Errorf("status %d: %.500s", status, output)
		}
	}
	if output, status := runLimitedAs(t, nobodyElse, "ulimit -u 1", tool, rules); status != exitUsage || !isOfTheRuntime(output) {
		t.Errorf("one process: status %d: %.500s", status, output)
	}
}

// Insufficient limits end the process at its start, with a message of the Go runtime and the status of a wrong command
// line.
func TestInsufficientLimits(t *testing.T) {
	tool, rules := staticTool(t), thousandServices(t)
	for _, limit := range []string{"ulimit -v 200000", "ulimit -v 600000", "ulimit -d 10000"} {
		if output, status := runLimited(t, limit, tool, rules); status != exitUsage || !isOfTheRuntime(output) {
			t.Errorf("%s: status %d: %.500s", limit, status, output)
		}
	}
}

func TestLimitsAreDocumented(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for name, page := range map[string]string{"README.md": string(readme), "ipvsadm.8": manual(t, "ipvsadm.8")} {
		for flag, value := range map[string]int{"-v": enoughAddressSpace, "-d": enoughData, "-n": enoughFiles, "-u": enoughProcesses} {
			if !regexp.MustCompile(fmt.Sprintf(`ulimit %s %d\b`, flag, value)).MatchString(page) {
				t.Errorf("%s does not have ulimit %s %d", name, flag, value)
			}
		}
	}
}

// isOfTheRuntime recognises the messages of the Go runtime that the manual names.
func isOfTheRuntime(output string) bool {
	return strings.Contains(output, "fatal error: ") || strings.Contains(output, "runtime: ")
}

// staticTool returns the path of ipvsadm-restore: a copy of the lab's binary, or one that is built here.
func staticTool(t *testing.T) string {
	t.Helper()
	tool := filepath.Join(t.TempDir(), "ipvsadm-restore")
	if binary != "" {
		content, err := os.ReadFile(binary)
		if err := errors.Join(err, os.WriteFile(tool, content, 0o755)); err != nil {
			t.Fatal(err)
		}
		return tool
	}
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", tool, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-buildvcs=false")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	return tool
}

func thousandServices(t *testing.T) (rules []byte) {
	t.Helper()
	for i := range 1000 {
		rules = fmt.Appendf(rules, "-A -t 10.0.%d.%d:80 -s rr\n", i/250, i%250)
	}
	return rules
}

func runLimited(t *testing.T, limit, tool string, rules []byte) (output string, status int) {
	t.Helper()
	return runLimitedAs(t, os.Getuid(), limit, tool, rules)
}

// runLimitedAs runs ipvsadm-restore --check, which needs no kernel, after a shell has set a limit.
func runLimitedAs(t *testing.T, uid int, limit, tool string, rules []byte) (output string, status int) {
	t.Helper()
	// Files that this test has inherited, such as a lock, count too.
	const closeInherited = "exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-; "
	cmd := exec.Command("bash", "-c", closeInherited+limit+`; exec "$0" --check`, tool)
	cmd.Stdin = bytes.NewReader(rules)
	if uid != os.Getuid() {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}}
		cmd.Dir = "/"
	}
	text, err := cmd.CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(text), cmd.ProcessState.ExitCode()
}
