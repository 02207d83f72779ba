// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"testing"
)

// After a process has caught SIGTSTP, defaultAction makes the signal stop it. restore makes
// the process catch the signal again.
func TestDefaultActionStopsProcess(t *testing.T) {
	if os.Getenv("IPVSADM_TEST_STOPS") != "" {
		stopOnce()
	}
	child := exec.Command(os.Args[0], "-test.run=^TestDefaultActionStopsProcess$")
	child.Env = append(os.Environ(), "IPVSADM_TEST_STOPS=1")
	child.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // with us as its shell
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	var status syscall.WaitStatus
	wait := func() {
		t.Helper()
		if _, err := syscall.Wait4(child.Process.Pid, &status, syscall.WUNTRACED, nil); err != nil {
			t.Fatal(err)
		}
	}
	if wait(); !status.Stopped() || status.StopSignal() != syscall.SIGTSTP {
		t.Fatalf("it did not stop: %#x", status)
	}
	if err := child.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if wait(); status.ExitStatus() != 7 {
		t.Errorf("it did not end well: %#x", status)
	}
}

// stopOnce is the main function of the child process.
func stopOnce() {
	caught := make(chan os.Signal, 1)
	signal.Notify(caught, syscall.SIGTSTP, syscall.SIGCONT)
	restore, err := DefaultAction(syscall.SIGTSTP)
	if err != nil || syscall.Kill(os.Getpid(), syscall.SIGTSTP) != nil {
		os.Exit(1)
	}
	if <-caught != syscall.SIGCONT {
		os.Exit(2)
	}
	restore()
	if syscall.Kill(os.Getpid(), syscall.SIGTSTP) != nil || <-caught != syscall.SIGTSTP {
		os.Exit(3)
	}
	os.Exit(7)
}
