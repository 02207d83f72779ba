// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/diagnose"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/diagnose/diagnosetest"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/kernel"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/resolve"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"
)

// The lab sets IPVS_KERNEL=1, because it has a real kernel, and IPVSADM, the path of the
// binary. Tests that need a kernel then fail without one.
var (
	inKernel = os.Getenv("IPVS_KERNEL") == "1"
	binary   = os.Getenv("IPVSADM")
)

// TestScripts runs the scripts in testdata/scripts. In the lab it runs the real binary on
// the real kernel, with a network namespace for each script. Everywhere else it calls run
// with the fake kernel.
//
// Besides the commands of testscript, scripts have:
//
//	ipvsadm WORDS... [<FILE]     run one of the tools, with FILE as standard input;
//	                             "! ipvsadm" must fail
//	status N                     check the exit status of the last run
//
// The directory etc of a script takes the place of /etc.
func TestScripts(t *testing.T) {
	tools := fakeTools
	if inKernel {
		tools = kernelTools
	}
	testscript.Run(t, testscript.Params{
		Dir:   "../../testdata/scripts",
		Setup: tools.setUp,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"ipvsadm":         tools.command("ipvsadm"),
			"ipvsadm-save":    tools.command("ipvsadm-save"),
			"ipvsadm-restore": tools.command("ipvsadm-restore"),
			"ipvsadm-boot":    tools.command("ipvsadm-boot"),
			"status":          checkStatus,
		},
	})
}

// toolRunner runs a tool and returns its exit status.
type toolRunner struct {
	setUp func(*testscript.Env) error
	run   func(ts *testscript.TestScript, args []string, stdin io.Reader) int
}

type kernelKey struct{}
type statusKey struct{}

var fakeTools = toolRunner{
	setUp: func(env *testscript.Env) error {
		env.Values[kernelKey{}] = ipvstest.New()
		env.Values[statusKey{}] = new(int)
		return nil
	},
	run: func(ts *testscript.TestScript, args []string, stdin io.Reader) int {
		kernel := ts.Value(kernelKey{}).(*ipvstest.Kernel)
		return run(args, stdin, ts.Stdout(), ts.Stderr(), fakeHost(kernel, ts.Getenv("WORK")))
	},
}

// kernelTools starts processes. The script's goroutine is locked to its thread, whose
// namespaces the processes inherit.
var kernelTools = toolRunner{
	setUp: func(env *testscript.Env) error {
		env.Values[statusKey{}] = new(int)
		if _, err := enterNamespace(env.Defer); err != nil {
			return err
		}
		return mountEtc(filepath.Join(env.WorkDir, "etc"))
	},
	run: func(ts *testscript.TestScript, args []string, stdin io.Reader) int {
		cmd := exec.Command(binary, args[1:]...)
		cmd.Args[0] = args[0]
		cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, ts.Stdout(), ts.Stderr()
		err := cmd.Run()
		if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) {
			ts.Check(err)
		}
		return cmd.ProcessState.ExitCode()
	},
}

// mountEtc mounts a directory, if it exists, on /etc.
func mountEtc(dir string) error {
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		return err
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	return unix.Mount(dir, "/etc", "", unix.MS_BIND, "")
}

func (r toolRunner) command(tool string) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		var stdin io.Reader = strings.NewReader("")
		if n := len(args); n > 0 && strings.HasPrefix(args[n-1], "<") {
			stdin = strings.NewReader(ts.ReadFile(args[n-1][1:]))
			args = args[:n-1]
		}
		status := r.run(ts, append([]string{tool}, args...), stdin)
		*ts.Value(statusKey{}).(*int) = status
		if neg != (status != 0) {
			ts.Fatalf("%s: exit status %d", tool, status)
		}
	}
}

func checkStatus(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 || neg {
		ts.Fatalf("usage: status N")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	if got := *ts.Value(statusKey{}).(*int); got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}

// fakeHost returns a host with a fake kernel. Its IPVS counts as loaded, and there is no
// network for names.
func fakeHost(k *ipvstest.Kernel, root string) host {
	present := func() (bool, error) { return true, nil }
	nothing := func() {}
	return host{
		root: root, getenv: os.Getenv, dial: k.Dial, moduleLoaded: present, loadModule: func() bool { return false }, unloadModules: func() error { return nil },
		lock:         func() (func(), bool) { return nothing, false },
		netns:        func(name string) (namespace, error) { return nil, errors.New("no namespace " + name) },
		findNetNS:    func() ([]kernel.FoundNamespace, int, error) { return []kernel.FoundNamespace{{Own: true}}, 0, nil },
		facts:        func(string, *ipvs.Client) (diagnose.Facts, func()) { return new(diagnosetest.Machine), nothing },
		resolver:     resolve.New(func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("no network") }),
		raiseSIGPIPE: nothing,
		signals:      func() (<-chan os.Signal, func()) { return nil, nothing },
		now:          time.Now, after: time.After,
	}
}

// runFake runs ipvsadm against a fake kernel.
func runFake(k *ipvstest.Kernel, stdin string, words ...string) (stdout, stderr string, status int) {
	var out, err strings.Builder
	status = run(append([]string{"ipvsadm"}, words...), strings.NewReader(stdin), &out, &err, fakeHost(k, ""))
	return out.String(), err.String(), status
}

// runLines runs command lines that must succeed.
func runLines(t *testing.T, k *ipvstest.Kernel, lines ...string) {
	t.Helper()
	for _, line := range lines {
		words := strings.Fields(line)
		var stderr strings.Builder
		args := append([]string{path.Base(words[0])}, words[1:]...)
		if status := run(args, strings.NewReader(""), io.Discard, &stderr, fakeHost(k, "")); status != 0 {
			t.Fatalf("%s: exit status %d: %s", line, status, stderr.String())
		}
	}
}

// want is the expected result of a command line.
type want struct {
	stdout, stderr string
	status         int
}

func check(t *testing.T, k *ipvstest.Kernel, line string, w want) {
	t.Helper()
	checkInput(t, k, "", line, w)
}

// checkInput runs a command line with standard input.
func checkInput(t *testing.T, k *ipvstest.Kernel, stdin, line string, w want) {
	t.Helper()
	stdout, stderr, status := runFake(k, stdin, strings.Fields(line)[1:]...)
	if got := (want{stdout, stderr, status}); got != w {
		t.Errorf("%s\n got %s\nwant %s", line, got, w)
	}
}

func (w want) String() string {
	return fmt.Sprintf("status %d\nstdout:\n%s\nstderr:\n%s", w.status, w.stdout, w.stderr)
}
