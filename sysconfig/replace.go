package sysconfig

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// newFileMode is the mode of a file that was not there before: rules tell what
// is behind a director.
const newFileMode fs.FileMode = 0o600

// maxLinks is how many symbolic links are followed, as the kernel does.
const maxLinks = 40

// Replace gives a file new content, whole or not at all: at any moment, and
// after a crash, the file is the old one or the new one. A file that exists
// keeps its mode, its owner and its extended attributes, such as access control
// lists; a new one has the mode 0600. Symbolic links are followed, so they stay
// links.
//
// It writes a temporary file in the same directory, so that directory must be
// writable. A temporary file that somebody who was killed has left there goes
// after an hour, with the next replacement. What is no regular file, such as a
// device, is refused.
func Replace(path string, content []byte) error {
	path, err := target(path)
	if err != nil {
		return err
	}
	mode := newFileMode
	old, err := os.Lstat(path)
	switch {
	case err == nil && !old.Mode().IsRegular():
		return &fs.PathError{Op: "replace", Path: path, Err: errors.New("not a regular file")}
	case err == nil:
		mode = old.Mode().Perm()
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	removeUnfinished(path)
	temporary, err := os.CreateTemp(filepath.Dir(path), unfinished(path)+"*")
	if err != nil {
		return err
	}
	if err := fill(temporary, content, mode, path, old); err != nil {
		return errors.Join(err, os.Remove(temporary.Name()))
	}
	if err := os.Rename(temporary.Name(), path); err != nil {
		return errors.Join(err, os.Remove(temporary.Name()))
	}
	return syncDir(filepath.Dir(path))
}

// unfinished is how the names of temporary files begin.
// There must be room for the rest, as a name has 255 bytes at most.
func unfinished(path string) string {
	name := filepath.Base(path)
	return "." + name[:min(len(name), 200)] + ".unfinished-"
}

// removeUnfinished removes what was left by those who were killed an hour ago or
// more. It does not matter if it cannot.
func removeUnfinished(path string) {
	dir, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return
	}
	for _, entry := range dir {
		if !strings.HasPrefix(entry.Name(), unfinished(path)) {
			continue
		}
		if info, err := entry.Info(); err == nil && info.Mode().IsRegular() && time.Since(info.ModTime()) > time.Hour {
			_ = os.Remove(filepath.Join(filepath.Dir(path), entry.Name()))
		}
	}
}

// target follows the symbolic links at the end of a path, also to where there is
// no file yet. Each is followed from the directory that is really meant: only
// there a ".." in it leads to the right place.
func target(path string) (string, error) {
	for range maxLinks {
		dir, name := filepath.Split(path)
		dir, err := filepath.EvalSymlinks(cmp.Or(dir, "."))
		if err != nil {
			return "", err
		}
		path = filepath.Join(dir, name)
		link, err := os.Readlink(path)
		switch {
		case err != nil:
			return path, nil // no link, or nothing there
		case filepath.IsAbs(link):
			path = link
		default:
			path = dir + "/" + link
		}
	}
	return "", &fs.PathError{Op: "replace", Path: path, Err: syscall.ELOOP}
}

// fill writes the temporary file to the disk and closes it. It gets the mode and,
// if there is an old file, what that has besides. The owner comes last: another
// one's file could not be changed any more without more rights.
func fill(f *os.File, content []byte, mode fs.FileMode, path string, old fs.FileInfo) (err error) {
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := f.Chmod(mode); err != nil {
		return err
	}
	if old != nil {
		if err := errors.Join(copyAttributes(path, f.Name()), giveTo(f, old)); err != nil {
			return err
		}
	}
	if _, err := f.Write(content); err != nil {
		return err
	}
	return f.Sync()
}

// giveTo gives a new file the owner of an old one. That it has already needs no
// right to change owners.
func giveTo(f *os.File, old fs.FileInfo) error {
	now, err := f.Stat()
	if err != nil {
		return err
	}
	mine, known := now.Sys().(*syscall.Stat_t)
	owner, knownToo := old.Sys().(*syscall.Stat_t)
	if !known || !knownToo {
		return fmt.Errorf("%s: no owner", f.Name())
	}
	if mine.Uid == owner.Uid && mine.Gid == owner.Gid {
		return nil
	}
	return f.Chown(int(owner.Uid), int(owner.Gid))
}

// syncDir makes a rename outlast a crash.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
