package sysconfig

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// copyAttributes gives a new file the extended attributes of the old one, see
// xattr(7). Where the file system or the kernel says no to those that are the
// kernel's own, such as a security label, they stay as they are.
func (p *place) copyAttributes(to *os.File) error {
	from := p.old.fd
	names, err := readAttribute(func(b []byte) (int, error) { return unix.Flistxattr(from, b) })
	if errors.Is(err, unix.ENOTSUP) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s: extended attributes: %w", p.path, err)
	}
	for name := range strings.SplitSeq(strings.TrimSuffix(string(names), "\x00"), "\x00") {
		if name == "" {
			continue
		}
		value, err := readAttribute(func(b []byte) (int, error) { return unix.Fgetxattr(from, name, b) })
		if err == nil {
			err = unix.Fsetxattr(int(to.Fd()), name, value, 0)
		}
		if err != nil && !strings.HasPrefix(name, "security.") && !strings.HasPrefix(name, "trusted.") {
			return fmt.Errorf("%s: extended attribute %s: %w", p.path, name, err)
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
		if errors.Is(err, unix.ERANGE) {
			continue // it has grown
		}
		return content[:max(size, 0)], err
	}
}
