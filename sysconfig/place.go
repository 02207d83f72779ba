package sysconfig

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"golang.org/x/sys/unix"
)

// maxLinks is how many symbolic links are followed, as the kernel does.
const maxLinks = 40

// place is where a file is or will be: a name in an open directory. Whoever may
// rename directories meanwhile cannot lead it elsewhere.
type place struct {
	path string // as the caller wrote it
	euid uint32 // of the caller
	dir  int    // open with O_PATH
	name string
	old  *oldFile // nil if nothing is there
}

// oldFile is a file that is replaced.
type oldFile struct {
	fd   int // -1 until it is open
	stat unix.Stat_t
}

// errReplaced says that somebody else has replaced something on the way just now.
var errReplaced = errors.New("files and directories there change all the time")

// findPlace walks a path and follows the symbolic links in it, also to where there
// is no file yet. In sticky directories it trusts no others, as the kernel does
// with fs.protected_symlinks and fs.protected_regular: the kernel itself does not
// see that a link is followed here, nor that a file is written to.
func findPlace(path string, euid uint32) (*place, error) {
	for try := 0; ; try++ {
		p := &place{path: path, euid: euid, dir: -1}
		err := p.walk()
		if err == nil {
			err = p.openOld()
		}
		if err == nil {
			return p, nil
		}
		p.close()
		if !errors.Is(err, errReplaced) || try == 100 {
			return nil, p.failed(err)
		}
	}
}

func (p *place) close() {
	p.leave()
	if p.old != nil && p.old.fd >= 0 {
		_ = unix.Close(p.old.fd)
	}
}

func (p *place) leave() {
	if p.dir >= 0 {
		_ = unix.Close(p.dir)
	}
	p.dir = -1
}

// failed names the file in an error.
func (p *place) failed(err error) error {
	if err == nil {
		return nil
	}
	return &fs.PathError{Op: "replace", Path: p.path, Err: err}
}

func (p *place) walk() error {
	if err := p.begin(p.path); err != nil {
		return err
	}
	rest, links := p.path, 0
	for {
		name, after, more := strings.Cut(strings.TrimLeft(rest, "/"), "/")
		if name == "" {
			return errNoFile // but the directory itself
		}
		link, err := p.step(name, more)
		if err != nil {
			return err
		}
		switch {
		case link == "" && !more && p.name != "":
			return p.check()
		case link == "":
			rest = after
			continue
		}
		if links++; links > maxLinks {
			return unix.ELOOP
		}
		if strings.HasPrefix(link, "/") {
			if err := p.begin("/"); err != nil {
				return err
			}
		}
		if rest = link; more {
			rest += "/" + after
		}
	}
}

// begin goes to where a path begins.
func (p *place) begin(path string) error {
	start := "."
	if strings.HasPrefix(path, "/") {
		start = "/"
	}
	return p.enter(unix.AT_FDCWD, start)
}

func (p *place) enter(at int, name string) error {
	dir, err := open(at, name, unix.O_PATH|unix.O_DIRECTORY|unix.O_NOFOLLOW, 0)
	if err != nil {
		return err
	}
	p.leave()
	p.dir = dir
	return nil
}

// step enters a directory, or finds the file that a path ends with. If that name
// is a symbolic link it stays where it is and returns what the link says.
func (p *place) step(name string, more bool) (link string, err error) {
	if more || name == "." || name == ".." {
		// O_DIRECTORY mounts what is mounted on demand.
		if err := p.enter(p.dir, name); !errors.Is(err, unix.ENOTDIR) {
			return "", err
		}
	}
	file, err := open(p.dir, name, unix.O_PATH|unix.O_NOFOLLOW, 0)
	if errors.Is(err, unix.ENOENT) && !more {
		p.name = name
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
		return p.readLink(file, name, &found)
	case more && found.Mode&unix.S_IFMT == unix.S_IFDIR:
		return "", errReplaced // it was none just now
	case more:
		return "", unix.ENOTDIR
	}
	p.name, p.old = name, &oldFile{-1, found}
	return "", nil
}

// readLink reads a link that is open, so it is the one whose owner was looked at.
func (p *place) readLink(link int, name string, found *unix.Stat_t) (string, error) {
	var dir unix.Stat_t
	if err := unix.Fstat(p.dir, &dir); err != nil {
		return "", err
	}
	if !trusted(&dir, found.Uid, p.euid) {
		return "", &foreignError{fmt.Sprintf("the symbolic link %q", name), found.Uid}
	}
	text := make([]byte, unix.PathMax)
	n, err := unix.Readlinkat(link, "", text)
	if err == nil && n == 0 {
		err = unix.ENOENT
	}
	return string(text[:max(n, 0)]), err
}

// check refuses what is there if it is no file, or not one that may be replaced.
func (p *place) check() error {
	var dir unix.Stat_t
	switch err := unix.Fstat(p.dir, &dir); {
	case err != nil:
		return err
	case p.old == nil:
		return nil
	case p.old.stat.Mode&unix.S_IFMT != unix.S_IFREG:
		return errNoFile
	case !trusted(&dir, p.old.stat.Uid, p.euid):
		return &foreignError{"the file", p.old.stat.Uid}
	}
	return nil
}

// openOld opens the old file, if that is still the one that was looked at.
func (p *place) openOld() error {
	if p.old == nil {
		return nil
	}
	const flags = unix.O_NOFOLLOW | unix.O_NONBLOCK | unix.O_NOCTTY
	fd, err := open(p.dir, p.name, unix.O_RDONLY|flags, 0)
	if errors.Is(err, unix.EACCES) {
		fd, err = open(p.dir, p.name, unix.O_WRONLY|flags, 0)
	}
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ELOOP) {
		return errReplaced
	}
	if err != nil {
		return err
	}
	p.old.fd = fd
	var now unix.Stat_t
	if err := unix.Fstat(fd, &now); err != nil {
		return err
	}
	if now.Dev != p.old.stat.Dev || now.Ino != p.old.stat.Ino || now.Uid != p.old.stat.Uid {
		return errReplaced
	}
	return nil
}

// trusted tells whether what a user has in a directory may decide where the caller
// writes. In a sticky directory that more than its owner may write to, that is only
// what the caller or the directory's owner has put there.
func trusted(dir *unix.Stat_t, owner, euid uint32) bool {
	sticky := dir.Mode&unix.S_ISVTX != 0 && dir.Mode&(unix.S_IWGRP|unix.S_IWOTH) != 0
	return !sticky || owner == euid || owner == dir.Uid
}

// foreignError says that something in a sticky directory is another user's.
type foreignError struct {
	what  string
	owner uint32
}

func (e *foreignError) Error() string {
	return fmt.Sprintf("%s belongs to user %d, in a sticky directory that others may write to", e.what, e.owner)
}

func (e *foreignError) Unwrap() error { return unix.EACCES }

// open is openat(2), again after a signal.
func open(at int, name string, flags int, mode uint32) (fd int, err error) {
	for {
		fd, err = unix.Openat(at, name, flags|unix.O_CLOEXEC, mode)
		if !errors.Is(err, unix.EINTR) {
			return fd, err
		}
	}
}
