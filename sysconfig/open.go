package sysconfig

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

var errNoFile = errors.New("not a regular file")

// Open opens a file below the root directory of a machine for reading. Errors
// name it as it is called there. Besides regular files it opens /dev/null; a
// pipe or another device, which may never end, is an error.
func Open(root, path string) (*os.File, error) { return openRegular(below(root, path), path) }

// OpenRules opens a rules file that somebody names, with the same errors.
func OpenRules(path string) (*os.File, error) { return openRegular(path, path) }

// openRegular opens a file that errors call by another name.
func openRegular(path, name string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, readError(name, err)
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() && !isNull(info) {
		err = errNoFile
	}
	if err != nil {
		_ = file.Close()
		return nil, readError(name, err)
	}
	return file, nil
}

// Exposed tells who besides root and the caller can change an open file: others may
// write to it, or it belongs to them. It is empty if that is nobody.
func Exposed(file *os.File) string {
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return ""
	}
	owner, known := info.Sys().(*syscall.Stat_t)
	switch {
	case info.Mode().Perm()&0o002 != 0:
		return "any user may write to it"
	case known && owner.Uid != 0 && int(owner.Uid) != os.Geteuid():
		return fmt.Sprintf("it belongs to user %d", owner.Uid)
	}
	return ""
}

func isNull(info fs.FileInfo) bool {
	null, err := os.Stat(os.DevNull)
	return err == nil && os.SameFile(info, null)
}

// below is where a file is whose path begins at root.
func below(root, path string) string { return filepath.Join(root, path) }

// readError names a file as it is called below root.
func readError(path string, err error) error {
	if err == nil {
		return nil
	}
	var inner *fs.PathError
	if errors.As(err, &inner) {
		err = inner.Err
	}
	return fmt.Errorf("%s: %w", path, err)
}
