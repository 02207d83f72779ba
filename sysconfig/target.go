// SPDX-License-Identifier: Apache-2.0

package sysconfig

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"golang.org/x/sys/unix"
)

// maxLinks bounds the symbolic links in a path. It is the kernel's limit.
const maxLinks = 40

// target is a file to replace or create: a name in an open directory. Because the
// directory is open, renaming a directory of the path cannot redirect the target.
type target struct {
	path string // as given by the caller
	euid uint32 // effective user ID of the caller
	dir  int    // opened with O_PATH, or -1
	name string
	old  *oldFile // nil if the file does not exist
}

// oldFile is the file that is replaced.
type oldFile struct {
	fd   int // -1 until it is open
	stat unix.Stat_t
}

// errChanged says that another process has just replaced a link, directory or file of
// the path.
var errChanged = errors.New("files and directories there change all the time")

// resolveTarget walks a path and follows its symbolic links. The file need not exist.
// In sticky directories it distrusts links and files of other users, as the kernel
// does with fs.protected_symlinks and fs.protected_regular. The kernel cannot make
// these checks here: it sees neither that a link is followed nor that a file is
// overwritten.
func resolveTarget(path string, euid uint32) (*target, error) {
	for try := 0; ; try++ {
		t := &target{path: path, euid: euid, dir: -1}
		err := t.walk()
		if err == nil {
			err = t.openOld()
		}
		if err == nil {
			return t, nil
		}
		t.close()
		if !errors.Is(err, errChanged) || try == 100 {
			return nil, t.pathError(err)
		}
	}
}

func (t *target) close() {
	t.closeDir()
	if t.old != nil && t.old.fd >= 0 {
		_ = unix.Close(t.old.fd)
	}
}

func (t *target) closeDir() {
	if t.dir >= 0 {
		_ = unix.Close(t.dir)
	}
	t.dir = -1
}

// pathError adds the path to an error.
func (t *target) pathError(err error) error {
	if err == nil {
		return nil
	}
	return &fs.PathError{Op: "replace", Path: t.path, Err: err}
}

// walk resolves the path.
func (t *target) walk() error {
	if err := t.enterStart(t.path); err != nil {
		return err
	}
	rest, links := t.path, 0
	for {
		name, after, more := strings.Cut(strings.TrimLeft(rest, "/"), "/")
		if name == "" {
			return errNotRegular // the path ends in a directory
		}
		link, err := t.step(name, more)
		if err != nil {
			return err
		}
		switch {
		case link == "" && !more && t.name != "":
			return t.check()
		case link == "":
			rest = after
			continue
		}
		if links++; links > maxLinks {
			return unix.ELOOP
		}
		if strings.HasPrefix(link, "/") {
			if err := t.enterStart("/"); err != nil {
				return err
			}
		}
		if rest = link; more {
			rest += "/" + after
		}
	}
}

// enterStart enters the directory where a path starts.
func (t *target) enterStart(path string) error {
	start := "."
	if strings.HasPrefix(path, "/") {
		start = "/"
	}
	return t.enter(unix.AT_FDCWD, start)
}

// enter opens a directory and makes it that of the target.
func (t *target) enter(at int, name string) error {
	dir, err := open(at, name, unix.O_PATH|unix.O_DIRECTORY|unix.O_NOFOLLOW, 0)
	if err != nil {
		return err
	}
	t.closeDir()
	t.dir = dir
	return nil
}

// step enters a directory, or finds the file at the end of a path. If the name is a
// symbolic link, step stays in the directory and returns the text of the link.
func (t *target) step(name string, more bool) (link string, err error) {
	if more || name == "." || name == ".." {
		// O_DIRECTORY triggers automounts.
		if err := t.enter(t.dir, name); !errors.Is(err, unix.ENOTDIR) {
			return "", err
		}
	}
	file, err := open(t.dir, name, unix.O_PATH|unix.O_NOFOLLOW, 0)
	if errors.Is(err, unix.ENOENT) && !more {
		t.name = name
		return "", nil
	}
	if err != nil {
		return "", err
	}
	defer func() { _ = unix.Close(file) }()
	var found unix.Stat_t
	if err := unix.Fstat(file, &found); err != nil {
		return "", err
	}
	switch {
	case found.Mode&unix.S_IFMT == unix.S_IFLNK:
		return t.readLink(file, name, &found)
	case more && found.Mode&unix.S_IFMT == unix.S_IFDIR:
		return "", errChanged // it was not a directory a moment ago
	case more:
		return "", unix.ENOTDIR
	}
	t.name, t.old = name, &oldFile{-1, found}
	return "", nil
}

// readLink reads an open link, if it trusts the link's owner.
func (t *target) readLink(link int, name string, found *unix.Stat_t) (string, error) {
	var dir unix.Stat_t
	if err := unix.Fstat(t.dir, &dir); err != nil {
		return "", err
	}
	if !trusted(&dir, found.Uid, t.euid) {
		return "", &foreignError{fmt.Sprintf("the symbolic link %q", name), found.Uid}
	}
	text := make([]byte, unix.PathMax)
	n, err := unix.Readlinkat(link, "", text)
	if err == nil && n == 0 {
		err = unix.ENOENT
	}
	return string(text[:max(n, 0)]), err
}

// check returns an error if the old file is not regular, or may not be replaced.
func (t *target) check() error {
	var dir unix.Stat_t
	switch err := unix.Fstat(t.dir, &dir); {
	case err != nil:
		return err
	case t.old == nil:
		return nil
	case t.old.stat.Mode&unix.S_IFMT != unix.S_IFREG:
		return errNotRegular
	case !trusted(&dir, t.old.stat.Uid, t.euid):
		return &foreignError{"the file", t.old.stat.Uid}
	}
	return nil
}

// openOld opens the old file. The error is errChanged if it is no longer the file that
// step found.
func (t *target) openOld() error {
	if t.old == nil {
		return nil
	}
	const flags = unix.O_NOFOLLOW | unix.O_NONBLOCK | unix.O_NOCTTY
	fd, err := open(t.dir, t.name, unix.O_RDONLY|flags, 0)
	if errors.Is(err, unix.EACCES) {
		fd, err = open(t.dir, t.name, unix.O_WRONLY|flags, 0)
	}
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ELOOP) {
		return errChanged
	}
	if err != nil {
		return err
	}
	t.old.fd = fd
	var now unix.Stat_t
	if err := unix.Fstat(fd, &now); err != nil {
		return err
	}
	if now.Dev != t.old.stat.Dev || now.Ino != t.old.stat.Ino || now.Uid != t.old.stat.Uid {
		return errChanged
	}
	return nil
}

// trusted reports whether a link or file of a user in a directory may decide where the
// caller writes. In a sticky directory that others than its owner may write to, only
// those of the caller and of the directory's owner may.
func trusted(dir *unix.Stat_t, owner, euid uint32) bool {
	sticky := dir.Mode&unix.S_ISVTX != 0 && dir.Mode&(unix.S_IWGRP|unix.S_IWOTH) != 0
	return !sticky || owner == euid || owner == dir.Uid
}

// foreignError says that a link or file in a sticky directory belongs to another user.
type foreignError struct {
	what  string
	owner uint32
}

func (e *foreignError) Error() string {
	return fmt.Sprintf("%s belongs to user %d, in a sticky directory that others may write to", e.what, e.owner)
}

func (e *foreignError) Unwrap() error { return unix.EACCES }

// open is openat(2), repeated after EINTR.
func open(at int, name string, flags int, mode uint32) (fd int, err error) {
	for {
		fd, err = unix.Openat(at, name, flags|unix.O_CLOEXEC, mode)
		if !errors.Is(err, unix.EINTR) {
			return fd, err
		}
	}
}
