// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/termtest"
)

func TestOpenScreenRestoresTerminalOnError(t *testing.T) {
	_, terminal := termtest.Open(t, 80)
	unwritable, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unwritable.Close() }()
	if _, err := openScreen(terminal, unwritable); err == nil {
		t.Fatal("no error")
	}
	if termtest.IsRaw(t, terminal) {
		t.Error("the terminal is left raw")
	}
}

func TestScreenCloseRestoresTerminal(t *testing.T) {
	far, terminal := termtest.Open(t, 80)
	s, err := openScreen(terminal, terminal)
	if err != nil {
		t.Fatal(err)
	}
	if !termtest.IsRaw(t, terminal) {
		t.Error("keys are not read one by one")
	}
	s.close()
	if termtest.IsRaw(t, terminal) {
		t.Error("the terminal is left raw")
	}
	if got := termtest.WaitFor(t, far, leaveScreen); got != enterScreen+leaveScreen {
		t.Errorf("got %q", got)
	}
	if err := syscall.Kill(os.Getpid(), syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	select {
	case caught := <-s.signals:
		t.Errorf("%v is still caught", caught)
	case <-time.After(10 * time.Millisecond):
	}
}

// panicked calls f and returns the value of its panic, or nil.
func panicked(f func()) (cause any) {
	defer func() { cause = recover() }()
	f()
	return nil
}

func TestPanicRestoresTerminal(t *testing.T) {
	for name, goWrong := range map[string]func(*screen){
		"goroutine": func(s *screen) {
			defer s.rescue()
			panic("wrong")
		},
		"drawing": func(s *screen) {
			defer s.close()
			panic("wrong")
		},
	} {
		t.Run(name, func(t *testing.T) {
			far, terminal := termtest.Open(t, 80)
			s := &screen{in: terminal, out: terminal}
			if err := s.enter(); err != nil {
				t.Fatal(err)
			}
			if cause := panicked(func() { goWrong(s) }); cause != "wrong" {
				t.Errorf("ends with %v", cause)
			}
			if termtest.IsRaw(t, terminal) || !strings.HasSuffix(termtest.WaitFor(t, far, leaveScreen), leaveScreen) {
				t.Error("the terminal is not restored")
			}
		})
	}
}
