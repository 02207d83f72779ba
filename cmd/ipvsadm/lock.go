package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// tableLock keeps other restores from the table of a network namespace.
type tableLock struct {
	directory string // of the files that only root can open, and so lock
	namespace string // stands for the network namespace, which has the table
	wait      time.Duration
}

const lockPause = 20 * time.Millisecond

// lockTable locks the table until unlock is called.
func lockTable() (unlock func(), locked bool) {
	return tableLock{"/run/ipvsadm", "/proc/self/ns/net", 5 * time.Second}.lock()
}

// lock waits for a file below /run, named for the network namespace. The namespace
// itself is locked too, but nobody waits for that: anybody in it may hold it. It
// tells of restores that see another /run, as in a container. Where there is no
// such file, it is all there is to wait for. The table is not locked where there is
// no /proc, nor if the lock stays another's for long.
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
		locked := lockBy(namespace, deadline) == nil
		return func() { _ = namespace.Close() }, locked
	}
	locked = lockBy(namespace, time.Now()) == nil
	return func() {
		_ = namespace.Close()
		_ = os.Remove(name) // those who wait for it see that
		_ = file.Close()
	}, locked
}

// lockFile opens and locks the file for a namespace. Of EWOULDBLOCK, another has it.
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
		err = lockBy(file, deadline)
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

// makeDirectory makes sure of the directory: nobody else may change what is in it.
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

// lockBy waits for the lock of a file. What is no use to wait for is an error at once.
func lockBy(file *os.File, deadline time.Time) error {
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
