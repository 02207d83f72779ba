// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"os"

	"golang.org/x/sys/unix"
)

// HasNoReader tells whether an output is a pipe, a socket or a terminal whose other end is
// closed, so that a write would fail.
func HasNoReader(output *os.File) bool {
	poll := []unix.PollFd{{Fd: int32(output.Fd())}} // without events it asks for errors only
	n, err := unix.Poll(poll, 0)
	return err == nil && n > 0 && poll[0].Revents&(unix.POLLERR|unix.POLLHUP) != 0
}
