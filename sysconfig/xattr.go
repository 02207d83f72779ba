// SPDX-License-Identifier: Apache-2.0

package sysconfig

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// copyXattrs copies the extended attributes of the old file to a new one; see xattr(7).
// It leaves the attributes security.* and trusted.*, such as a security label, as they
// are if the file system or the kernel refuses to copy them.
func (t *target) copyXattrs(to *os.File) error {
	from := t.old.fd
	names, err := readXattr(func(b []byte) (int, error) { return unix.Flistxattr(from, b) })
	if errors.Is(err, unix.ENOTSUP) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s: extended attributes: %w", t.path, err)
	}
	for name := range strings.SplitSeq(strings.TrimSuffix(string(names), "\x00"), "\x00") {
		if name == "" {
			continue
		}
		value, err := readXattr(func(b []byte) (int, error) { return unix.Fgetxattr(from, name, b) })
		if err == nil {
			err = unix.Fsetxattr(int(to.Fd()), name, value, 0)
		}
		if err != nil && !strings.HasPrefix(name, "security.") && !strings.HasPrefix(name, "trusted.") {
			return fmt.Errorf("%s: extended attribute %s: %w", t.path, name, err)
		}
	}
	return nil
}

// readXattr calls read for the size of its result, and then with a buffer of that size.
func readXattr(read func([]byte) (int, error)) ([]byte, error) {
	for {
		size, err := read(nil)
		if size <= 0 || err != nil {
			return nil, err
		}
		content := make([]byte, size)
		size, err = read(content)
		if errors.Is(err, unix.ERANGE) {
			continue // the attribute has grown since
		}
		return content[:max(size, 0)], err
	}
}
