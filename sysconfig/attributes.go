package sysconfig

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
)

// copyAttributes gives a new file the extended attributes of an old one, see
// xattr(7). Where the file system or the kernel says no to those that are the
// kernel's own, such as a security label, they stay as they are.
func copyAttributes(from, to string) error {
	names, err := readAttribute(func(b []byte) (int, error) { return syscall.Listxattr(from, b) })
	if errors.Is(err, syscall.ENOTSUP) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s: extended attributes: %w", from, err)
	}
	for name := range strings.SplitSeq(strings.TrimSuffix(string(names), "\x00"), "\x00") {
		if name == "" {
			continue
		}
		value, err := readAttribute(func(b []byte) (int, error) { return syscall.Getxattr(from, name, b) })
		if err == nil {
			err = syscall.Setxattr(to, name, value, 0)
		}
		if err != nil && !strings.HasPrefix(name, "security.") && !strings.HasPrefix(name, "trusted.") {
			return fmt.Errorf("%s: extended attribute %s: %w", from, name, err)
		}
	}
	return nil
}

// readAttribute asks how much there is, then for that.
func readAttribute(read func([]byte) (int, error)) ([]byte, error) {
	for {
		size, err := read(nil)
		if size <= 0 || err != nil {
			return nil, err
		}
		content := make([]byte, size)
		size, err = read(content)
		if errors.Is(err, syscall.ERANGE) {
			continue // it has grown
		}
		return content[:max(size, 0)], err
	}
}
