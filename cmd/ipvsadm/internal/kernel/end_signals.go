// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"os"
	"os/signal"
	"time"

	"golang.org/x/sys/unix"
)

// settleTime lets a thread that handles a signal go on. See CatchEnd.
const settleTime = 10 * time.Millisecond

// CatchEnd catches the signals that ask a program to end, until stop is called. A signal
// that the process was started to ignore, as nohup does with SIGHUP, stays ignored.
//
// A signal that came before ends the process, by the thread that handles it. If that thread
// has to wait for a processor, the process would end in the middle of what it does then
// (dieFromSignal in runtime/signal_unix.go). So CatchEnd waits for it.
func CatchEnd() (received <-chan os.Signal, stop func()) {
	caught := make(chan os.Signal, 8)
	for _, s := range []os.Signal{unix.SIGINT, unix.SIGTERM, unix.SIGHUP} {
		if !signal.Ignored(s) {
			signal.Notify(caught, s)
		}
	}
	time.Sleep(settleTime)
	return caught, func() { signal.Stop(caught) }
}
