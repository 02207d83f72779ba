// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func testMonitor(t *testing.T) {
	inNewNamespace(t)
	t.Run("sum", testMonitorSum)
	t.Run("module", testMonitorModule)
	t.Run("closed output", testMonitorClosedOutput)
}

// monitorProcess is a monitor whose output goes to files.
type monitorProcess struct {
	*exec.Cmd
	t           *testing.T
	out, stderr string // the files
}

func startMonitor(t *testing.T, program string, words ...string) *monitorProcess {
	t.Helper()
	dir := t.TempDir()
	m := &monitorProcess{exec.Command(program, words...), t, filepath.Join(dir, "out"), filepath.Join(dir, "stderr")}
	out, err := os.Create(m.out)
	if err != nil {
		t.Fatal(err)
	}
	stderr, err := os.Create(m.stderr)
	if err != nil {
		t.Fatal(err)
	}
	m.Stdout, m.Stderr = out, stderr
	if err := m.Start(); err != nil {
		t.Fatal(err)
	}
	_, _ = out.Close(), stderr.Close()
	t.Cleanup(func() {
		_ = m.Process.Kill()
		_ = m.Wait()
	})
	return m
}

// awaits waits until a file contains a text.
func (m *monitorProcess) awaits(path, text string) {
	m.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !strings.Contains(readFile(m.t, path), text); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			m.t.Fatalf("no %q in\n%s%s", text, readFile(m.t, m.out), readFile(m.t, m.stderr))
		}
	}
}

// end ends the monitor with SIGTERM and returns its output.
func (m *monitorProcess) end() string {
	m.t.Helper()
	_ = m.Process.Signal(syscall.SIGTERM)
	err := m.Wait()
	if status, ok := m.ProcessState.Sys().(syscall.WaitStatus); !ok || !status.Signaled() || status.Signal() != syscall.SIGTERM {
		m.t.Errorf("the monitor ended with %v", err)
	}
	if complaints := readFile(m.t, m.stderr); complaints != "" {
		m.t.Errorf("the monitor says %s", complaints)
	}
	return readFile(m.t, m.out)
}

// The C program changes a namespace at random, and our program its settings. Two monitors,
// one inside and one outside, see it. What they print, carried out by either program in a new
// namespace, makes the last table.
func testMonitorSum(t *testing.T) {
	const seed, changes = 17, 250
	r := rand.New(rand.NewPCG(seed, 0))
	var script strings.Builder
	for range changes {
		if r.IntN(12) == 0 {
			setting := []string{"conntrack=1", "conntrack=0", "sync_threshold=5,100", "sync_threshold=3,50", "expire_nodest_conn=1"}[r.IntN(5)]
			fmt.Fprintf(&script, "%s --sysctl %s\n", binary, setting)
		} else {
			fmt.Fprintf(&script, "ipvsadm %s\n", randomLine(r))
		}
		if r.IntN(3) == 0 {
			fmt.Fprintf(&script, "sleep 0.%d\n", r.IntN(3))
		}
	}
	// The last change is of a kind that occurs only once.
	script.WriteString("ipvsadm -A -f 4711 -s nq\n")

	pid := startInNewNamespace(t)
	name, path := strconv.Itoa(pid), fmt.Sprintf("/proc/%d/ns/net", pid)
	if _, stderr, status := execute("-A -t 10.0.0.1:80 -s rr\n-a -t 10.0.0.1:80 -r 10.0.1.1 -m\n--sysctl conntrack=1\n", "ipvsadm", "-R", "--netns", name); status != 0 {
		t.Fatal(stderr)
	}
	outside := startMonitor(t, binary, "--monitor=0.1", "--full", "--all", "--netns", name)
	inside := startMonitor(t, "nsenter", "--net="+path, binary, "--monitor", "0.3", "--full", "--all")
	outside.awaits(outside.out, "--sysctl conntrack=1\n")
	inside.awaits(inside.out, "--sysctl conntrack=1\n")
	change := exec.Command("nsenter", "--net="+path, "sh", "-s")
	change.Stdin = strings.NewReader(strings.ReplaceAll(script.String(), "[", "\\["))
	if output, err := change.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	outside.awaits(outside.out, "+ -A -f 4711 -s nq\n")
	inside.awaits(inside.out, "+ -A -f 4711 -s nq\n")
	want, saved := original(t, path), savedWithSettings(t, name)
	for where, lines := range map[string]string{"outside": outside.end(), "inside": inside.end()} {
		printed := strings.Count(lines, "\n")
		t.Logf("seed %d: the monitor %s printed %d lines of %d changes", seed, where, printed, changes)
		if printed < 50 {
			t.Errorf("the monitor %s printed only\n%s", where, lines)
		}
		replica := startInNewNamespace(t)
		if _, stderr, status := execute(replayOf(lines), "ipvsadm", "-R", "--netns", strconv.Itoa(replica)); status != 0 || stderr != "" {
			t.Errorf("%s: status %d, %s\n%s", where, status, stderr, lines)
		}
		if sum := savedWithSettings(t, strconv.Itoa(replica)); sum != saved {
			t.Errorf("%s: the lines\n%s\nsum up to\n%s\ninstead of\n%s", where, lines, sum, saved)
		}
		other := startInNewNamespace(t)
		otherPath := fmt.Sprintf("/proc/%d/ns/net", other)
		restore := exec.Command("nsenter", "--net="+otherPath, "ipvsadm", "-R")
		restore.Stdin = strings.NewReader(regexp.MustCompile(`(?m)^--sysctl .*\n`).ReplaceAllString(replayOf(lines), ""))
		if output, err := restore.CombinedOutput(); err != nil || len(output) > 0 {
			t.Errorf("%s: the C program: %v: %s\n%s", where, err, output, lines)
		}
		if sum := original(t, otherPath); sortedRules(sum) != sortedRules(want) {
			t.Errorf("%s: with the C program the lines\n%s\nsum up to\n%s\ninstead of\n%s", where, lines, sum, want)
		}
	}
}

// savedWithSettings is what our program saves of a namespace.
func savedWithSettings(t *testing.T, name string) string {
	t.Helper()
	saved, stderr, status := execute("", "ipvsadm-save", "-n", "--all", "--sysctls", "--netns", name)
	if status != 0 || stderr != "" {
		t.Fatalf("status %d: %s", status, stderr)
	}
	return saved
}

// A monitor outlives its module, and does not load it.
func testMonitorModule(t *testing.T) {
	name := strconv.Itoa(startInNewNamespace(t))
	step := func(words ...string) {
		t.Helper()
		if _, stderr, status := execute("", "ipvsadm", append([]string{"--netns", name}, words...)...); status != 0 {
			t.Fatal(stderr)
		}
	}
	step("-A", "-f", "11")
	m := startMonitor(t, binary, "--netns", name, "--monitor=0.1", "--full", "--all")
	m.awaits(m.out, " = -A -f 11 -s wlc\n")
	step("-C")
	_, _, _ = execute("", "ipvsadm", "-C")
	m.awaits(m.out, " - -D -f 11\n")
	unloadModules(t)
	m.awaits(m.stderr, "the module ip_vs is not loaded any more; waiting for it\n")
	time.Sleep(500 * time.Millisecond)
	if modules, _ := filepath.Glob("/sys/module/ip_vs"); len(modules) > 0 {
		t.Error("the monitor has loaded the module")
	}
	step("-A", "-f", "12")
	m.awaits(m.out, " + -A -f 12 -s wlc\n")
	m.awaits(m.stderr, "the module ip_vs is loaded again\n")
	step("-A", "-f", "13")
	m.awaits(m.out, " + -A -f 13 -s wlc\n")
	if complaints := readFile(t, m.stderr); strings.Count(complaints, "\n") != 2 {
		t.Errorf("the monitor says %s", complaints)
	}
}

// A monitor ends when its reader has gone, although nothing changes, and does not begin
// without an output.
func testMonitorClosedOutput(t *testing.T) {
	m := exec.Command(binary, "--monitor", "0.1", "--full", "--all")
	if output, err := m.StdoutPipe(); err != nil {
		t.Fatal(err)
	} else if err := errors.Join(m.Start(), func() error { _, err := output.Read(make([]byte, 4096)); return err }(), output.Close()); err != nil {
		t.Fatal(err)
	}
	ended := time.AfterFunc(30*time.Second, func() { _ = m.Process.Kill() })
	_ = m.Wait()
	ended.Stop()
	if status, ok := m.ProcessState.Sys().(syscall.WaitStatus); !ok || !status.Signaled() || status.Signal() != syscall.SIGPIPE {
		t.Errorf("without a reader: %v", m.ProcessState)
	}
	closed := exec.Command("sh", "-c", "exec "+binary+" --monitor >&-")
	output, _ := closed.CombinedOutput()
	if want := binary + ": standard output is closed; it gets the changes\n"; string(output) != want || closed.ProcessState.ExitCode() != exitList {
		t.Errorf("status %d: %s", closed.ProcessState.ExitCode(), output)
	}
}
