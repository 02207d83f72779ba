// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
)

// bootOn runs a verb of ipvsadm-boot on a machine with these files. Each is "PATH
// CONTENT", or "PATH FIFO" for a named pipe.
func bootOn(t *testing.T, k *ipvstest.Kernel, stdout io.Writer, verb string, files ...string) (stderr string, status int) {
	t.Helper()
	root := t.TempDir()
	for _, file := range files {
		path, content, _ := strings.Cut(file, " ")
		path = filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if content == "FIFO" {
			if err := syscall.Mkfifo(path, 0o600); err != nil {
				t.Fatal(err)
			}
		} else if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var said strings.Builder
	status = run([]string{"ipvsadm-boot", verb}, strings.NewReader(""), stdout, &said, fakeHost(k, root))
	return said.String(), status
}

func TestBootAutoFalseNeedsNoIPVS(t *testing.T) {
	for _, verb := range []string{"start", "restart", "reload", "stop", "unload"} {
		k := unloaded()
		k.Inject(ipvstest.Fault{Command: ipvs.CommandGetInfo, Times: -1, Effect: ipvstest.Before(func() { t.Errorf("%s asks for IPVS", verb) })})
		if stderr, status := bootOn(t, k, io.Discard, verb, "/etc/default/ipvsadm AUTO=false"); status != 0 {
			t.Errorf("%s: status %d, %s", verb, status, stderr)
		}
	}
}

func TestBootStopDoesNotSaveToPipe(t *testing.T) {
	k := ipvstest.New()
	runLines(t, k, "ipvsadm -A -f 1")
	stderr, status := bootOn(t, k, io.Discard, "stop", "/etc/ipvsadm.rules FIFO", "/etc/sysconfig/ipvsadm-config IPVS_SAVE_ON_STOP=yes")
	if stderr != "/etc/ipvsadm.rules: not a regular file\n" || status != lsbFailed {
		t.Errorf("status %d, %s", status, stderr)
	}
	check(t, k, "ipvsadm -S -n", want{stdout: "-A -f 1 -s wlc\n"})
}

func TestBootStartWarnsOfExposedRules(t *testing.T) {
	for _, test := range []struct {
		name, want string
		prepare    func(path string) error
	}{
		{"only root's", "", func(path string) error { return os.Chmod(path, 0o664) }},
		{"writable", "any user may write to it", func(path string) error { return os.Chmod(path, 0o602) }},
		{"another user's", "it belongs to user 4242", func(path string) error { return os.Chown(path, 4242, -1) }},
	} {
		root := t.TempDir()
		path := filepath.Join(root, "etc/ipvsadm.rules")
		if err := errors.Join(os.Mkdir(filepath.Dir(path), 0o755), os.WriteFile(path, []byte("-A -f 1\n"), 0o600)); err != nil {
			t.Fatal(err)
		}
		if err := test.prepare(path); errors.Is(err, os.ErrPermission) {
			continue // only root gives files away
		} else if err != nil {
			t.Fatal(err)
		}
		k := ipvstest.New()
		var stderr strings.Builder
		status := run([]string{"ipvsadm-boot", "start"}, strings.NewReader(""), io.Discard, &stderr, fakeHost(k, root))
		warning := ""
		if test.want != "" {
			warning = "/etc/ipvsadm.rules: " + test.want + "\n"
		}
		if status != 0 || stderr.String() != warning {
			t.Errorf("%s: status %d, %q, want %q", test.name, status, stderr.String(), warning)
		}
		check(t, k, "ipvsadm -S -n", want{stdout: "-A -f 1 -s wlc\n"})
	}
}

// By the LSB, status 1 would mean that IPVS is dead.
func TestBootStatusUnknownIfOutputFails(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = full.Close() }()
	k := ipvstest.New()
	for _, services := range []int{0, 2000} { // the latter more than fits into a buffer
		for mark := range services {
			runLines(t, k, fmt.Sprintf("ipvsadm -A -f %d", mark+1))
		}
		stderr, status := bootOn(t, k, full, "status")
		if want := "ipvsadm-boot: cannot write the output: write /dev/full: no space left on device\n"; stderr != want || status != lsbUnknown {
			t.Errorf("status %d, %s", status, stderr)
		}
	}
}

// A verb that cannot tell whether the module is loaded must not claim that there are no
// services.
func TestBootFailsIfModuleStateIsUnknown(t *testing.T) {
	k := ipvstest.New()
	runLines(t, k, "ipvsadm -A -f 1")
	m := fakeHost(k, t.TempDir())
	m.moduleLoaded = func() (bool, error) { return false, errors.New("cannot tell") }
	for verb, want := range map[string]int{"stop": lsbFailed, "panic": lsbFailed, "save": lsbFailed, "status": lsbUnknown} {
		var stdout, stderr strings.Builder
		status := run([]string{"ipvsadm-boot", verb}, strings.NewReader(""), &stdout, &stderr, m)
		if status != want || stdout.String() != "" || stderr.String() != "cannot tell\n" {
			t.Errorf("%s: status %d, want %d, %q, %q", verb, status, want, stdout.String(), stderr.String())
		}
	}
	check(t, k, "ipvsadm -S -n", want{stdout: "-A -f 1 -s wlc\n"})
}
