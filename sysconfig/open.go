// SPDX-License-Identifier: Apache-2.0

package sysconfig

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

var errNotRegular = errors.New("not a regular file")

// Open opens a file below the root directory of a machine for reading. Errors have the
// path without root. The file must be regular or /dev/null: Open refuses pipes and
// other devices, which may never end. If the file does not exist, the error is
// fs.ErrNotExist.
func Open(root, path string) (*os.File, error) { return openRegular(join(root, path), path) }

// OpenRules opens a rules file of the running system. It refuses the same files as
// Open.
func OpenRules(path string) (*os.File, error) { return openRegular(path, path) }

// openRegular opens a file. Errors have name instead of path.
func openRegular(path, name string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, readError(name, err)
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() && !isNull(info) {
		err = errNotRegular
	}
	if err != nil {
		_ = file.Close()
		return nil, readError(name, err)
	}
	return file, nil
}

// Exposed says why users other than root and the caller can change an open file: any
// user may write to it, or it belongs to another user. It returns an empty string if
// neither is the case.
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

// join returns the path on the running system of a file below root.
func join(root, path string) string { return filepath.Join(root, path) }

// readError adds the path below root to an error.
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
