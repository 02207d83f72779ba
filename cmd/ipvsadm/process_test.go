// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"strings"
	"syscall"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/kernel"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
	"golang.org/x/sys/unix"
)

// These tests run whole processes, because signals and memory belong to a process. In the
// lab they run the real binary. Everywhere else they run the test binary, in which
// TestMain then runs a tool on a fake kernel.

const (
	fakeRules = "IPVSADM_TEST_RULES" // the file with the table at the start
	fakeSaved = "IPVSADM_TEST_SAVED" // the file for the table at the end
	fakeRoot  = "IPVSADM_TEST_ROOT"
	measured  = "IPVSADM_TEST_PEAK" // the file for the peak memory of the command in the arguments
)

func TestMain(m *testing.M) {
	if path, ok := os.LookupEnv(measured); ok {
		os.Exit(measure(path))
	}
	if path, ok := os.LookupEnv(fakeRules); ok {
		os.Exit(runAsTool(path))
	}
	os.Exit(m.Run())
}

func runAsTool(rules string) int {
	k := ipvstest.New()
	content, err := os.ReadFile(rules)
	if err == nil {
		_, _, _ = runFake(k, string(content), "-R")
	}
	save := func() {
		saved, _, _ := runFake(k, "", "-S", "-n")
		if err := os.WriteFile(os.Getenv(fakeSaved), []byte(saved), 0o600); err != nil {
			panic(err)
		}
	}
	m := fakeHost(k, os.Getenv(fakeRoot))
	end := kernel.DisableSIGPIPE()
	m.raiseSIGPIPE = func() {
		save()
		end()
	}
	status := run(os.Args, os.Stdin, os.Stdout, os.Stderr, m)
	save()
	return status
}

// process is a run of one of the tools.
type process struct {
	*exec.Cmd
	t     *testing.T
	saved string // the file for the table of the fake
}

// newProcess prepares a run on the table that rules describe.
func newProcess(t *testing.T, rules, stdin, line string) *process {
	t.Helper()
	words := strings.Fields(line)
	p := &process{Cmd: exec.Command(os.Args[0], words[1:]...), t: t}
	p.Args[0] = words[0]
	p.Stdin = strings.NewReader(stdin)
	if inKernel {
		p.Path = binary
		inNewNamespace(t)
		p.kernel(rules, "-R")
		return p
	}
	dir := t.TempDir()
	p.saved = path.Join(dir, "saved")
	if err := os.WriteFile(path.Join(dir, "rules"), []byte(rules), 0o600); err != nil {
		t.Fatal(err)
	}
	p.Env = append(os.Environ(), fakeRules+"="+path.Join(dir, "rules"), fakeSaved+"="+p.saved, fakeRoot+"="+dir)
	return p
}

// kernel runs ipvsadm on the real kernel.
func (p *process) kernel(stdin string, words ...string) string {
	p.t.Helper()
	cmd := exec.Command(binary, words...)
	cmd.Stdin = strings.NewReader(stdin)
	output, err := cmd.Output()
	if err != nil {
		p.t.Fatal(err)
	}
	return string(output)
}

// table returns the table after the run, as rules.
func (p *process) table() string {
	p.t.Helper()
	if inKernel {
		return p.kernel("", "-S", "-n")
	}
	content, err := os.ReadFile(p.saved)
	if err != nil {
		p.t.Fatal(err)
	}
	return string(content)
}

// ignoreSIGPIPE starts the process with SIGPIPE ignored, as systemd does.
func (p *process) ignoreSIGPIPE() {
	p.Args = append([]string{"sh", "-c", `trap '' PIPE; exec -a "$0" "$@"`, p.Args[0], p.Path}, p.Args[1:]...)
	shell, err := exec.LookPath("bash")
	if err != nil {
		p.t.Fatal(err)
	}
	p.Path = shell
}

// end runs the process and returns how it ended: "exit N" or "signal NAME".
func (p *process) end() string {
	p.t.Helper()
	err := p.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		p.t.Fatal(err)
	}
	status := p.ProcessState.Sys().(syscall.WaitStatus)
	if status.Signaled() {
		return "signal " + unix.SignalName(status.Signal())
	}
	return fmt.Sprintf("exit %d", status.ExitStatus())
}

// closedPipe returns a pipe without a reader.
func closedPipe(t *testing.T) *os.File {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	_ = r.Close()
	t.Cleanup(func() { _ = w.Close() })
	return w
}

// firstLineOnly returns a pipe whose reader closes it after one line, as head -n 1 does.
func firstLineOnly(t *testing.T) *os.File {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		_, _ = bufio.NewReaderSize(r, 16).ReadString('\n')
		_ = r.Close()
	}()
	t.Cleanup(func() { _ = w.Close() })
	return w
}

// manyServers returns rules for 2400 servers.
func manyServers() string {
	var b strings.Builder
	for i := range 24 {
		fmt.Fprintf(&b, "-A -t 10.0.0.%d:80 -s rr\n", i+1)
		for j := range 100 {
			fmt.Fprintf(&b, "-a -t 10.0.0.%d:80 -r 172.16.0.%d:80 -g -w 1\n", i+1, j+1)
		}
	}
	return b.String()
}

func TestX09ClosedPipeEndsListing(t *testing.T) {
	for _, line := range []string{"ipvsadm -Ln", "ipvsadm-save -n", "ipvsadm -Ln --output json", "ipvsadm -Ln --watch=0.1", "ipvsadm-boot status"} {
		for _, ignored := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, ignored: %v", line, ignored), func(t *testing.T) {
				p := newProcess(t, manyServers(), "", line)
				want := "signal SIGPIPE"
				if ignored {
					p.ignoreSIGPIPE()
					want = "exit 0"
				}
				var stderr strings.Builder
				p.Stdout, p.Stderr = firstLineOnly(t), &stderr
				if end := p.end(); end != want || stderr.String() != "" {
					t.Errorf("%s, want %s; stderr %q", end, want, stderr.String())
				}
			})
		}
	}
}

// With SIGPIPE ignored, any other failed write is still an error.
func TestX09FullDiskIsError(t *testing.T) {
	for _, line := range []string{"ipvsadm -Ln", "ipvsadm-save -n"} {
		t.Run(line, func(t *testing.T) {
			p := newProcess(t, manyServers(), "", line)
			p.ignoreSIGPIPE()
			full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = full.Close() }()
			var stderr strings.Builder
			p.Stdout, p.Stderr = full, &stderr
			if end := p.end(); end != "exit 1" || !strings.HasSuffix(stderr.String(), ": no space left on device\n") {
				t.Errorf("%s, stderr %q", end, stderr.String())
			}
		})
	}
}

// rulesWithError returns rules with a rejected line, followed by 2000 valid ones, and the
// table that they describe.
func rulesWithError() (rules, table string) {
	var good strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&good, "-A -f %d -s wlc\n", i+1)
	}
	return "-A -f 1 -s wlc\n-A -f 1 -s rr\n" + strings.TrimPrefix(good.String(), "-A -f 1 -s wlc\n"), good.String()
}

func TestX20ClosedStderrDoesNotStopChanges(t *testing.T) {
	rules, table := rulesWithError()
	for _, line := range []string{"ipvsadm -R", "ipvsadm-restore", "ipvsadm-restore --clear"} {
		for _, ignored := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, ignored: %v", line, ignored), func(t *testing.T) {
				p := newProcess(t, "", rules, line)
				if ignored {
					p.ignoreSIGPIPE()
				}
				p.Stdout, p.Stderr = closedPipe(t), closedPipe(t)
				if end := p.end(); end != "exit 255" {
					t.Errorf("%s, want exit 255", end)
				}
				if got := p.table(); got != table {
					t.Errorf("%d of %d services", strings.Count(got, "\n"), strings.Count(table, "\n"))
				}
			})
		}
	}
}

func TestX20ClosedStderrDoesNotStopBoot(t *testing.T) {
	rules, table := rulesWithError()
	for _, verb := range []string{"start", "reload", "restart"} {
		t.Run(verb, func(t *testing.T) {
			if inKernel {
				return // the virtual machine has no rules file
			}
			p := newProcess(t, "-A -f 9999 -s wlc\n", "", "ipvsadm-boot "+verb)
			etc := path.Join(path.Dir(p.saved), "etc")
			if err := errors.Join(os.Mkdir(etc, 0o755), os.WriteFile(path.Join(etc, "ipvsadm.rules"), []byte(rules), 0o600)); err != nil {
				t.Fatal(err)
			}
			p.Stdout, p.Stderr = closedPipe(t), closedPipe(t)
			if end := p.end(); end != "exit 1" {
				t.Errorf("%s, want exit 1", end)
			}
			if got := p.table(); got != table {
				t.Errorf("%d of %d services", strings.Count(got, "\n"), strings.Count(table, "\n"))
			}
		})
	}
}

// If stdout is closed, listings in rules are left out, the other rules are executed, and
// then SIGPIPE ends the process.
func TestX20ClosedStdoutDoesNotStopChanges(t *testing.T) {
	for _, line := range []string{"ipvsadm -R", "ipvsadm-restore", "ipvsadm-restore --clear"} {
		t.Run(line, func(t *testing.T) {
			p := newProcess(t, "", "-A -f 1 -s wlc\n-L -n\n-A -f 2 -s wlc\n-L -n\n-A -f 3 -s wlc\n", line)
			var stderr strings.Builder
			p.Stdout, p.Stderr = closedPipe(t), &stderr
			if end := p.end(); end != "signal SIGPIPE" || stderr.String() != "" {
				t.Errorf("%s, stderr %q", end, stderr.String())
			}
			if got, want := p.table(), "-A -f 1 -s wlc\n-A -f 2 -s wlc\n-A -f 3 -s wlc\n"; got != want {
				t.Errorf("got\n%s", got)
			}
		})
	}
}
