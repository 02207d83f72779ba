// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"os/signal"
	"runtime"

	"golang.org/x/sys/unix"
)

// DisableSIGPIPE makes a write to a closed pipe fail with EPIPE instead of ending the
// process. The function raise ends the process by SIGPIPE as the write would have, unless
// the process was started with SIGPIPE ignored.
//
// signal.Ignored cannot tell that, because the runtime installs its handler for SIGPIPE
// at the start. After signal.Ignore, however, that handler passes the signal on to the
// disposition that it found.
func DisableSIGPIPE() (raise func()) {
	var handler signalAction
	known := setAction(unix.SIGPIPE, nil, &handler) == nil
	signal.Ignore(unix.SIGPIPE)
	return func() {
		if !known || setAction(unix.SIGPIPE, &handler, nil) != nil {
			return
		}
		// A signal from a thread to itself is delivered before the call returns.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		_ = unix.Tgkill(unix.Getpid(), unix.Gettid(), unix.SIGPIPE)
		signal.Ignore(unix.SIGPIPE)
	}
}
