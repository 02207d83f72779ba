// SPDX-License-Identifier: Apache-2.0

package sysctl

import (
	"io/fs"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

func TestReasonsOfTheKernel(t *testing.T) {
	for errno, want := range map[syscall.Errno]string{
		unix.EINVAL: "est_cpulist: the kernel does not take this value",
		unix.ERANGE: "est_cpulist: the kernel does not take this value: it names something that this machine lacks, such as a CPU",
		unix.ENOMEM: "est_cpulist: cannot allocate memory",
	} {
		err := &fs.PathError{Op: "write", Path: Path + "/est_cpulist", Err: errno}
		if got := reason("est_cpulist", err).Error(); got != want {
			t.Errorf("%v: got %s", errno, got)
		}
	}
}
