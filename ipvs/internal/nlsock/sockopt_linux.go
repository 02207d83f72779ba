// SPDX-License-Identifier: Apache-2.0

package nlsock

import (
	"errors"
	"os"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// sockoptLayout reports whether the structures of the socket options have their usual layout.
// Only i386 differs: it does not align 64-bit numbers to 8 bytes.
const sockoptLayout = runtime.GOARCH != "386"

// ipv4Socket is a socket of the kernel for its IPv4 socket options.
type ipv4Socket struct {
	file        *os.File
	conn        syscall.RawConn // of file
	rawSyscalls bool
}

// OpenSockopts opens an IPv4 socket in the network namespace of s. Get makes raw system calls
// if s does. On i386 it returns
// errors.ErrUnsupported.
func (s *Socket) OpenSockopts() (Sockopts, error) {
	if !sockoptLayout {
		return nil, errors.ErrUnsupported
	}
	fd := -1
	err := s.InNamespace(func() (err error) {
		fd, err = unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
		return os.NewSyscallError("socket", err)
	})
	if err != nil {
		return nil, err
	}
	file := os.NewFile(uintptr(fd), "IPv4 socket")
	conn, err := file.SyscallConn()
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	return &ipv4Socket{file, conn, s.rawSyscalls}, nil
}

func (s *ipv4Socket) Close() error { return s.file.Close() }

func (s *ipv4Socket) Get(option int, b []byte) error {
	size := uint32(len(b))
	var errno syscall.Errno
	err := s.conn.Control(func(fd uintptr) {
		// A call through a variable would not keep the buffer where it is.
		if s.rawSyscalls {
			_, _, errno = unix.RawSyscall6(unix.SYS_GETSOCKOPT, fd, unix.IPPROTO_IP, uintptr(option),
				uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(unsafe.Pointer(&size)), 0)
			return
		}
		_, _, errno = unix.Syscall6(unix.SYS_GETSOCKOPT, fd, unix.IPPROTO_IP, uintptr(option),
			uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(unsafe.Pointer(&size)), 0)
	})
	return sockoptError("getsockopt", err, errno)
}

func (s *ipv4Socket) Set(option int, b []byte) error {
	var errno syscall.Errno
	err := s.conn.Control(func(fd uintptr) {
		_, _, errno = unix.Syscall6(unix.SYS_SETSOCKOPT, fd, unix.IPPROTO_IP, uintptr(option),
			uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)), 0)
	})
	return sockoptError("setsockopt", err, errno)
}

func sockoptError(call string, err error, errno syscall.Errno) error {
	switch {
	case err != nil:
		return os.ErrClosed
	case errno != 0:
		return os.NewSyscallError(call, errno)
	}
	return nil
}
