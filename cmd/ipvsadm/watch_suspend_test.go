// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/termtest"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
)

// A watch that is suspended, by ^Z or by a signal, restores the terminal, and enters the
// screen again when it is resumed.
func TestWatchSuspendAndResume(t *testing.T) {
	if os.Getenv("IPVSADM_TEST_STOPS") != "" {
		os.Exit(run([]string{"ipvsadm", "-L", "--watch", "600"}, os.Stdin, os.Stdout, os.Stderr, fakeHost(ipvstest.New(), "")))
	}
	for name, stop := range map[string]func(child *os.Process, far *os.File) error{
		"^Z":      func(_ *os.Process, far *os.File) error { _, err := far.WriteString("\x1a"); return err },
		"SIGTSTP": func(child *os.Process, _ *os.File) error { return child.Signal(syscall.SIGTSTP) },
	} {
		t.Run(name, func(t *testing.T) {
			far, terminal := termtest.Open(t, 80)
			child := exec.Command(os.Args[0], "-test.run=^TestWatchSuspendAndResume$")
			child.Env = append(os.Environ(), "IPVSADM_TEST_STOPS=1", "TERM=xterm")
			child.Stdin, child.Stdout, child.Stderr = terminal, terminal, terminal
			child.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // with us as its shell
			if err := child.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() { _ = child.Process.Kill() }()
			for range 2 {
				termtest.WaitFor(t, far, "no services")
				if !termtest.IsRaw(t, terminal) {
					t.Error("not raw while it runs")
				}
				if err := stop(child.Process, far); err != nil {
					t.Fatal(err)
				}
				var status syscall.WaitStatus
				if _, err := syscall.Wait4(child.Process.Pid, &status, syscall.WUNTRACED, nil); err != nil || !status.Stopped() {
					t.Fatalf("it did not stop: %v, %#x", err, status)
				}
				if termtest.IsRaw(t, terminal) || !strings.HasSuffix(termtest.WaitFor(t, far, termtest.LeaveScreen), termtest.LeaveScreen) {
					t.Error("the terminal is not restored")
				}
				if err := child.Process.Signal(syscall.SIGCONT); err != nil {
					t.Fatal(err)
				}
			}
			termtest.WaitFor(t, far, "no services")
			if _, err := far.WriteString("q"); err != nil {
				t.Fatal(err)
			}
			if err := child.Wait(); err != nil {
				t.Error(err)
			}
		})
	}
}
