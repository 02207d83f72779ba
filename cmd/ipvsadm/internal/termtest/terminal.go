// SPDX-License-Identifier: Apache-2.0

// Package termtest opens pseudoterminals for tests.
package termtest

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Open opens a pseudoterminal with 24 rows, see Resize. The test writes keys to far and reads from it
// what the program under test has written to terminal. Both are closed at the end of the
// test.
func Open(t testing.TB, columns uint16) (far, terminal *os.File) {
	t.Helper()
	far, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = far.Close() })
	fd := int(far.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	Resize(t, far, columns, 24)
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = terminal.Close() })
	return far, terminal
}

// Resize changes the size of the terminal. The kernel tells that only to a process whose
// controlling terminal it is; a test has to send SIGWINCH to any other.
func Resize(t testing.TB, far *os.File, columns, rows uint16) {
	t.Helper()
	if err := unix.IoctlSetWinsize(int(far.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: rows, Col: columns}); err != nil {
		t.Fatal(err)
	}
}

// IsRaw tells whether a terminal is in raw mode.
func IsRaw(t testing.TB, terminal *os.File) bool {
	t.Helper()
	modes, err := unix.IoctlGetTermios(int(terminal.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return modes.Lflag&unix.ICANON == 0
}

// ReadAvailable returns what was written to the terminal since the last call. It does not
// wait.
func ReadAvailable(t testing.TB, far *os.File) string {
	t.Helper()
	fd := int(far.Fd()) // which makes reads block
	if err := unix.SetNonblock(fd, true); err != nil {
		t.Fatal(err)
	}
	var b []byte
	buf := make([]byte, 4096)
	for {
		n, err := unix.Read(fd, buf)
		if n <= 0 || err != nil {
			return string(b)
		}
		b = append(b, buf[:n]...)
	}
}

// WaitFor waits until text was written to the terminal, and returns everything written
// until then. It fails the test after a minute.
func WaitFor(t testing.TB, far *os.File, text string) string {
	t.Helper()
	drawn := ""
	for deadline := time.Now().Add(time.Minute); !strings.Contains(drawn, text); time.Sleep(5 * time.Millisecond) {
		if drawn += ReadAvailable(t, far); time.Now().After(deadline) {
			t.Fatalf("never draws %q: %q", text, drawn)
		}
	}
	return drawn
}

// LeaveScreen is the sequence with which package watch restores the terminal.
const LeaveScreen = "\x1b[?7h\x1b[?25h\x1b[?1049l"
