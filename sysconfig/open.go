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
func Open(root, path string) (*os.File, error) {
	file, err := os.OpenFile(below(root, path), os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, readError(path, err)
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() && !isNull(info) {
		err = errNoFile
	}
	if err != nil {
		_ = file.Close()
		return nil, readError(path, err)
	}
	return file, nil
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
