// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"os"

	"golang.org/x/sys/unix"
)

// WasClosed tells whether a standard stream was closed when the process started. The Go
// runtime opens /dev/null in its place, for reading and writing, where shells that discard
// output open it for writing only.
func WasClosed(stream *os.File) bool {
	var found unix.Stat_t
	fd := int(stream.Fd())
	if unix.Fstat(fd, &found) != nil || found.Mode&unix.S_IFMT != unix.S_IFCHR || found.Rdev != unix.Mkdev(1, 3) {
		return false
	}
	flags, err := unix.FcntlInt(stream.Fd(), unix.F_GETFL, 0)
	return err == nil && flags&unix.O_ACCMODE == unix.O_RDWR
}
