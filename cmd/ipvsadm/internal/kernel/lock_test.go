// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// aLock returns a lock of a namespace, which is an ordinary file here.
func aLock(t *testing.T) tableLock {
	t.Helper()
	dir := t.TempDir()
	l := tableLock{filepath.Join(dir, "run"), filepath.Join(dir, "namespace"), 5 * time.Second}
	if err := os.WriteFile(l.namespace, nil, 0o444); err != nil {
		t.Fatal(err)
	}
	return l
}

// holdNamespace locks the namespace itself, as any process in it may.
func holdNamespace(t *testing.T, l tableLock) {
	t.Helper()
	file, err := os.Open(l.namespace)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
}

func TestLockIsExclusive(t *testing.T) {
	l := aLock(t)
	unlock, locked := l.lock()
	if !locked {
		t.Fatal("not locked")
	}
	info, err := os.Stat(l.directory)
	if err != nil || info.Mode() != os.ModeDir|0o700 {
		t.Errorf("the directory is %v, %v", info, err)
	}
	short := l
	short.wait = 50 * time.Millisecond
	again, lockedAgain := short.lock()
	if lockedAgain {
		t.Error("locked twice")
	}
	again()
	time.AfterFunc(100*time.Millisecond, unlock)
	again, lockedAgain = l.lock()
	if !lockedAgain {
		t.Error("not locked after it was unlocked")
	}
	again()
	if left, err := os.ReadDir(l.directory); err != nil || len(left) != 0 {
		t.Errorf("left %v, %v", left, err)
	}
}

// A process that may not open the lock file cannot delay a restore.
func TestLockDoesNotWaitForNamespace(t *testing.T) {
	l := aLock(t)
	holdNamespace(t, l)
	start := time.Now()
	unlock, locked := l.lock()
	unlock()
	if took := time.Since(start); locked || took > time.Second {
		t.Errorf("locked: %v, after %v", locked, took)
	}
}

func TestLockIsPerNamespace(t *testing.T) {
	l := aLock(t)
	unlock, locked := l.lock()
	defer unlock()
	other := l
	other.namespace = aLock(t).namespace
	unlockOther, otherLocked := other.lock()
	defer unlockOther()
	if !locked || !otherLocked {
		t.Errorf("locked: %v and %v", locked, otherLocked)
	}
}

// Without a safe directory for the lock file, only the namespace is locked.
func TestLockUnsafeDirectory(t *testing.T) {
	for name, prepare := range map[string]func(dir string) error{
		"a link":                   func(dir string) error { return os.Symlink(t.TempDir(), dir) },
		"a file":                   func(dir string) error { return os.WriteFile(dir, nil, 0o600) },
		"writable for others":      func(dir string) error { return errors.Join(os.Mkdir(dir, 0o700), os.Chmod(dir, 0o702)) },
		"a link in the file's way": nil,
	} {
		l := aLock(t)
		victim := filepath.Join(t.TempDir(), "victim")
		if prepare != nil {
			if err := prepare(l.directory); err != nil {
				t.Fatal(err)
			}
		} else {
			unlock, _ := l.lock()
			names, err := filepath.Glob(l.directory + "/*")
			unlock()
			if err != nil || len(names) != 1 {
				t.Fatalf("%q, %v", names, err)
			}
			if err := os.Symlink(victim, names[0]); err != nil {
				t.Fatal(err)
			}
		}
		unlock, locked := l.lock()
		short := l
		short.wait = 50 * time.Millisecond
		again, lockedAgain := short.lock()
		if !locked || lockedAgain {
			t.Errorf("%s: locked: %v, and again: %v", name, locked, lockedAgain)
		}
		again()
		unlock()
		if _, err := os.Lstat(victim); err == nil {
			t.Errorf("%s: it was followed", name)
		}
	}
}

func TestFlockUntilReturnsOtherErrorsAtOnce(t *testing.T) {
	fd, err := unix.Open(t.TempDir(), unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	file := os.NewFile(uintptr(fd), "path")
	defer func() { _ = file.Close() }()
	start := time.Now()
	if err := flockUntil(file, start.Add(5*time.Second)); !errors.Is(err, unix.EBADF) || time.Since(start) > time.Second {
		t.Errorf("%v after %v", err, time.Since(start))
	}
}

func TestLockManyWaiters(t *testing.T) {
	l := aLock(t)
	l.wait = time.Minute
	var inside atomic.Int32
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for range 20 {
				unlock, locked := l.lock()
				if n := inside.Add(1); n != 1 || !locked {
					t.Errorf("%d have the lock, locked: %v", n, locked)
				}
				time.Sleep(time.Millisecond)
				inside.Add(-1)
				unlock()
			}
		})
	}
	wait.Wait()
}
