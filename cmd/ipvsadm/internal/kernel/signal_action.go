// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"syscall"
	"unsafe"
)

// signalAction has room for the kernel's struct sigaction on any architecture. The zero
// value is the default action.
type signalAction [8]uint64

// sizeOfSignalSet is the size of the kernel's sigset_t, of 64 signals.
const sizeOfSignalSet = 8

// DefaultAction sets the default action of a signal until restore is called.
// signal.Reset is not enough: once Go has caught SIGTSTP, its handler stays installed, and
// the signal no longer stops the process.
func DefaultAction(s syscall.Signal) (restore func(), err error) {
	var byDefault, before signalAction
	if err := setAction(s, &byDefault, &before); err != nil {
		return nil, err
	}
	return func() { _ = setAction(s, &before, nil) }, nil
}

// setAction is sigaction(2).
func setAction(s syscall.Signal, action, before *signalAction) error {
	_, _, errno := syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, uintptr(s),
		uintptr(unsafe.Pointer(action)), uintptr(unsafe.Pointer(before)), sizeOfSignalSet, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}
