package main

import (
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
)

// A process that has caught SIGTSTP stops all the same, and catches it again later.
func TestDefaultAction(t *testing.T) {
	if os.Getenv("IPVSADM_TEST_STOPS") != "" {
		stopOnce()
	}
	child := exec.Command(os.Args[0], "-test.run=^TestDefaultAction$")
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

// stopOnce is what the other process does.
func stopOnce() {
	caught := make(chan os.Signal, 1)
	signal.Notify(caught, syscall.SIGTSTP, syscall.SIGCONT)
	restore, err := defaultAction(syscall.SIGTSTP)
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

// A watch that is stopped, by ^Z or from elsewhere, gives the terminal back, and
// takes it again when it goes on.
func TestWatchStops(t *testing.T) {
	if os.Getenv("IPVSADM_TEST_STOPS") != "" {
		os.Exit(run([]string{"ipvsadm", "-L", "--watch", "600"}, os.Stdin, os.Stdout, os.Stderr, fakeMachine(ipvstest.New(), "")))
	}
	for name, stop := range map[string]func(child *os.Process, far *os.File) error{
		"^Z":      func(_ *os.Process, far *os.File) error { _, err := far.WriteString("\x1a"); return err },
		"SIGTSTP": func(child *os.Process, _ *os.File) error { return child.Signal(syscall.SIGTSTP) },
	} {
		t.Run(name, func(t *testing.T) {
			far, terminal := openTerminal(t, 80)
			child := exec.Command(os.Args[0], "-test.run=^TestWatchStops$")
			child.Env = append(os.Environ(), "IPVSADM_TEST_STOPS=1", "TERM=xterm")
			child.Stdin, child.Stdout, child.Stderr = terminal, terminal, terminal
			child.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // with us as its shell
			if err := child.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() { _ = child.Process.Kill() }()
			for range 2 {
				waitForScreen(t, far, "no services")
				if !isRaw(t, terminal) {
					t.Error("not raw while it runs")
				}
				if err := stop(child.Process, far); err != nil {
					t.Fatal(err)
				}
				var status syscall.WaitStatus
				if _, err := syscall.Wait4(child.Process.Pid, &status, syscall.WUNTRACED, nil); err != nil || !status.Stopped() {
					t.Fatalf("it did not stop: %v, %#x", err, status)
				}
				if isRaw(t, terminal) || !strings.HasSuffix(waitForScreen(t, far, leaveScreen), leaveScreen) {
					t.Error("the terminal is not given back")
				}
				if err := child.Process.Signal(syscall.SIGCONT); err != nil {
					t.Fatal(err)
				}
			}
			waitForScreen(t, far, "no services")
			if _, err := far.WriteString("q"); err != nil {
				t.Fatal(err)
			}
			if err := child.Wait(); err != nil {
				t.Error(err)
			}
		})
	}
}
