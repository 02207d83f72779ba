// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"os/signal"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Signals that end a program are caught until stop, and one that is ignored stays so.
func TestCatchEnd(t *testing.T) {
	signal.Ignore(unix.SIGHUP)
	defer signal.Reset(unix.SIGHUP)
	caught, stop := CatchEnd()
	defer stop()
	for _, s := range []unix.Signal{unix.SIGHUP, unix.SIGTERM, unix.SIGINT} {
		if err := unix.Kill(unix.Getpid(), s); err != nil {
			t.Fatal(err)
		}
		if s == unix.SIGHUP {
			continue
		}
		select {
		case got := <-caught:
			if got != s {
				t.Errorf("got %v, want %v", got, s)
			}
		case <-time.After(10 * time.Second):
			t.Errorf("%v is not caught", s)
		}
	}
}
