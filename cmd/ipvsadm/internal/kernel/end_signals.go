// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"os"
	"os/signal"

	"golang.org/x/sys/unix"
)

// CatchEnd catches the signals that ask a program to end, until stop is called. A signal
// that the process was started to ignore, as nohup does with SIGHUP, stays ignored.
func CatchEnd() (received <-chan os.Signal, stop func()) {
	caught := make(chan os.Signal, 8)
	for _, s := range []os.Signal{unix.SIGINT, unix.SIGTERM, unix.SIGHUP} {
		if !signal.Ignored(s) {
			signal.Notify(caught, s)
		}
	}
	return caught, func() { signal.Stop(caught) }
}
