package main

import (
	"os/signal"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// takeBrokenPipes makes a write to a closed pipe fail with EPIPE, where the Go
// runtime would end the process. The function that it returns ends the process as
// that write would have without Go: by SIGPIPE, or not at all if whoever started
// the process had SIGPIPE ignored.
//
// signal.Ignored does not know: the runtime takes SIGPIPE over at the start. But its
// handler leaves a signal that it is no longer to handle, as after signal.Ignore, to
// the disposition that it found.
func takeBrokenPipes() (end func()) {
	var handler sigaction
	known := sigpipeAction(nil, &handler)
	signal.Ignore(unix.SIGPIPE)
	return func() {
		if !known || !sigpipeAction(&handler, nil) {
			return
		}
		// A thread gets a signal from itself before the call returns.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		_ = unix.Tgkill(unix.Getpid(), unix.Gettid(), unix.SIGPIPE)
		signal.Ignore(unix.SIGPIPE)
	}
}

// sigaction has room for the kernel's struct sigaction on any machine.
type sigaction [8]uint64

// sigpipeAction is sigaction(2) for SIGPIPE.
func sigpipeAction(set, old *sigaction) bool {
	const maskSize = 8
	_, _, errno := unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(unix.SIGPIPE),
		uintptr(unsafe.Pointer(set)), uintptr(unsafe.Pointer(old)), maskSize, 0, 0)
	return errno == 0
}
