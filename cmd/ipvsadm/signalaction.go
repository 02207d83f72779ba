package main

import (
	"syscall"
	"unsafe"
)

// signalAction has room for a struct sigaction of the kernel, which differs between
// processors. All zero is the default action.
type signalAction [64]byte

// sizeOfSignalSet is what the kernel wants to hear: it has 64 signals.
const sizeOfSignalSet = 8

// defaultAction lets a signal do what it does by default, until restore is called.
// Once Go has caught SIGTSTP, its handler stays, even after signal.Reset, and the
// process does not stop any more.
func defaultAction(s syscall.Signal) (restore func(), err error) {
	var byDefault, before signalAction
	if err := setAction(s, &byDefault, &before); err != nil {
		return nil, err
	}
	return func() { _ = setAction(s, &before, nil) }, nil
}

func setAction(s syscall.Signal, action, before *signalAction) error {
	_, _, errno := syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, uintptr(s),
		uintptr(unsafe.Pointer(action)), uintptr(unsafe.Pointer(before)), sizeOfSignalSet, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}
