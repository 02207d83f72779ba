package main

import (
	"context"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func isRaw(t *testing.T, terminal *os.File) bool {
	t.Helper()
	modes, err := unix.IoctlGetTermios(int(terminal.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return modes.Lflag&unix.ICANON == 0
}

// readAvailable returns what was written to a terminal so far.
func readAvailable(t *testing.T, far *os.File) string {
	t.Helper()
	fd := int(far.Fd()) // which makes reads block
	if err := unix.SetNonblock(fd, true); err != nil {
		t.Fatal(err)
	}
	var b []byte
	part := make([]byte, 4096)
	for {
		n, err := unix.Read(fd, part)
		if n <= 0 || err != nil {
			return string(b)
		}
		b = append(b, part[:n]...)
	}
}

// waitForScreen waits until a text is drawn, and returns all that was drawn until
// then. The kernel takes its time to hand on what was written to a terminal.
func waitForScreen(t *testing.T, far *os.File, text string) string {
	t.Helper()
	drawn := ""
	for deadline := time.Now().Add(20 * time.Second); !strings.Contains(drawn, text); time.Sleep(5 * time.Millisecond) {
		if drawn += readAvailable(t, far); time.Now().After(deadline) {
			t.Fatalf("never draws %q: %q", text, drawn)
		}
	}
	return drawn
}

func TestScreenThatCannotBeWritten(t *testing.T) {
	_, terminal := openTerminal(t, 80)
	unwritable, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unwritable.Close() }()
	if _, err := openScreen(terminal, unwritable); err == nil {
		t.Fatal("no error")
	}
	if isRaw(t, terminal) {
		t.Error("the terminal is left raw")
	}
}

func TestScreenGivesTheTerminalBack(t *testing.T) {
	far, terminal := openTerminal(t, 80)
	s, err := openScreen(terminal, terminal)
	if err != nil {
		t.Fatal(err)
	}
	if !isRaw(t, terminal) {
		t.Error("keys are not read one by one")
	}
	s.close()
	if isRaw(t, terminal) {
		t.Error("the terminal is left raw")
	}
	if got := waitForScreen(t, far, leaveScreen); got != enterScreen+leaveScreen {
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

// panicked runs a function and returns what it panicked with.
func panicked(f func()) (cause any) {
	defer func() { cause = recover() }()
	f()
	return nil
}

func TestPanicGivesTheTerminalBack(t *testing.T) {
	for name, goWrong := range map[string]func(*screen){
		"goroutine": func(s *screen) {
			defer s.rescue()
			panic("wrong")
		},
		"look-up of names": func(s *screen) {
			useResolver(t, func(context.Context, string, string) (net.Conn, error) { panic("wrong") })
			n := newNames()
			n.rescue = s.rescue
			n.ask(t.Context(), netip.MustParseAddr("192.0.2.1"))
		},
		"drawing": func(s *screen) {
			defer s.close()
			panic("wrong")
		},
	} {
		t.Run(name, func(t *testing.T) {
			far, terminal := openTerminal(t, 80)
			s := &screen{in: terminal, out: terminal}
			if err := s.enter(); err != nil {
				t.Fatal(err)
			}
			if cause := panicked(func() { goWrong(s) }); cause != "wrong" {
				t.Errorf("ends with %v", cause)
			}
			if isRaw(t, terminal) || !strings.HasSuffix(waitForScreen(t, far, leaveScreen), leaveScreen) {
				t.Error("the terminal is not given back")
			}
		})
	}
}
