package main

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// namespacePath stands for the network namespace, which has the table.
	namespacePath = "/proc/self/ns/net"
	lockWait      = 5 * time.Second
	lockPause     = 20 * time.Millisecond
)

// lockTable keeps other restores from the table until unlock is called. It is not
// locked where there is no /proc, nor if the lock stays another's for long: anybody
// in the namespace may hold it.
func lockTable() (unlock func(), locked bool) {
	file, err := os.Open(namespacePath)
	if err != nil {
		return func() {}, false
	}
	for deadline := time.Now().Add(lockWait); ; time.Sleep(lockPause) {
		err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil || time.Now().After(deadline) {
			return func() { _ = file.Close() }, err == nil
		}
	}
}
