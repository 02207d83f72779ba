// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// tableLock locks the table of a network namespace against other restores.
type tableLock struct {
	directory string // of the lock files, which only root may open
	namespace string // path of the network namespace
	wait      time.Duration
}

const (
	lockDirectory = "/run/ipvsadm"
	lockWait      = 5 * time.Second
	lockPause     = 20 * time.Millisecond
)

// LockTable locks the table of the current network namespace against other restores,
// until unlock is called. It waits up to five seconds for the lock. locked is false if
// another process still holds it then, or if /proc is missing; unlock must be called all
// the same.
func LockTable() (unlock func(), locked bool) {
	return tableLock{lockDirectory, "/proc/self/ns/net", lockWait}.lock()
}

// lock takes two locks. It waits for that of a file in directory, which is named after
// the network namespace. The lock of the namespace itself excludes restores that have
// another /run, as in a container. lock does not wait for it, because any process in the
// namespace may hold it, unless the file cannot be used.
func (l tableLock) lock() (unlock func(), locked bool) {
	namespace, err := os.Open(l.namespace)
	if err != nil {
		return func() {}, false
	}
	deadline := time.Now().Add(l.wait)
	file, name, err := l.lockFile(namespace, deadline)
	switch {
	case errors.Is(err, unix.EWOULDBLOCK):
		return func() { _ = namespace.Close() }, false
	case err != nil:
		locked := flockUntil(namespace, deadline) == nil
		return func() { _ = namespace.Close() }, locked
	}
	locked = flockUntil(namespace, time.Now()) == nil
	return func() {
		_ = namespace.Close()
		_ = os.Remove(name) // waiting processes check for that
		_ = file.Close()
	}, locked
}

// lockFile opens and locks the lock file of a namespace. The error is EWOULDBLOCK if
// another process holds the lock at the deadline.
func (l tableLock) lockFile(namespace *os.File, deadline time.Time) (file *os.File, name string, err error) {
	var found unix.Stat_t
	if err := unix.Fstat(int(namespace.Fd()), &found); err != nil {
		return nil, "", err
	}
	name = fmt.Sprintf("%s/net-%d.lock", l.directory, found.Ino)
	for {
		if err := l.makeDirectory(); err != nil {
			return nil, "", err
		}
		file, err = os.OpenFile(name, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
		if err != nil {
			return nil, "", err
		}
		err = flockUntil(file, deadline)
		if err == nil {
			err = unix.Fstat(int(file.Fd()), &found)
		}
		if err == nil && found.Nlink > 0 {
			return file, name, nil
		}
		_ = file.Close()
		if err != nil {
			return nil, "", err
		}
	}
}

// makeDirectory makes the directory. It fails if other users may write to it.
func (l tableLock) makeDirectory() error {
	if err := os.Mkdir(l.directory, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	var found unix.Stat_t
	if err := unix.Lstat(l.directory, &found); err != nil {
		return err
	}
	if found.Mode&unix.S_IFMT != unix.S_IFDIR || found.Mode&0o022 != 0 || int(found.Uid) != os.Geteuid() {
		return unix.EPERM
	}
	return nil
}

// flockUntil waits until it has locked a file, or until the deadline. It only waits while
// another process holds the lock; any other error returns at once.
func flockUntil(file *os.File, deadline time.Time) error {
	for {
		err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case !errors.Is(err, unix.EWOULDBLOCK), !time.Now().Before(deadline):
			return err
		}
		time.Sleep(lockPause)
	}
}
