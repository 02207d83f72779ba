// SPDX-License-Identifier: Apache-2.0

package nlsock

import (
	"context"
	"errors"
	"os"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Socket is a socket of generic netlink.
type Socket struct {
	portID      uint32
	rawSyscalls bool

	mu   sync.Mutex
	fd   int             // until there is a file; -1 after Close
	file *os.File        // nil until a call has to wait
	conn syscall.RawConn // of file

	in       []byte
	recvSize int // how much of in is offered to the kernel
	// received counts datagrams. room and seen are the sizes of the largest buffers
	// that the kernel knew when it made the last datagram, and when it makes the next
	// one.
	received, room, seen int

	// The methods send and receive, and their operands and results. A method value
	// that is made for each call would be allocated each time.
	send, receive       func(fd uintptr) (done bool)
	out                 []byte
	length              int
	sendErr, receiveErr syscall.Errno
}

// Open opens a socket.
func Open(config *Config) (*Socket, error) {
	fd := -1
	var err error
	if config.Namespace == nil {
		fd, err = openFD()
	} else {
		fd, err = openFDInNamespace(config.Namespace)
	}
	if err != nil {
		return nil, err
	}
	s := &Socket{fd: fd, rawSyscalls: config.RawSyscalls}
	if err := s.setUp(fd); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func openFD() (int, error) {
	// The runtime can wait only for a descriptor that does not block.
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_GENERIC)
	return fd, os.NewSyscallError("socket", err)
}

func openFDInNamespace(open func() (*Namespace, error)) (fd int, err error) {
	namespace, err := open()
	if err != nil {
		return -1, err
	}
	defer namespace.Close()
	err = namespace.Do(func() (err error) {
		fd, err = openFD()
		return err
	})
	return fd, err
}

// setUp gives the socket an address.
func (s *Socket) setUp(fd int) (err error) {
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return os.NewSyscallError("bind", err)
	}
	address, err := unix.Getsockname(fd)
	if err != nil {
		return os.NewSyscallError("getsockname", err)
	}
	if a, ok := address.(*unix.SockaddrNetlink); ok {
		s.portID = a.Pid
	}
	// Without this option the kernel returns the whole request with an error.
	// Kernels before 4.3 do not know the option; that does no harm.
	_ = unix.SetsockoptInt(fd, unix.SOL_NETLINK, unix.NETLINK_CAP_ACK, 1)
	s.in, s.recvSize, s.seen = make([]byte, maxRecvSize), SmallBuffer(), MinChunkRoom
	s.send, s.receive = s.trySend, s.tryReceive
	if s.rawSyscalls {
		return nil
	}
	return s.makeFile()
}

// makeFile lets the runtime wait for the descriptor. With raw system calls that is left
// until a call has to wait, because it takes longer than a short command: the kernel has
// usually answered a request before Send returns.
func (s *Socket) makeFile() (err error) {
	s.file = os.NewFile(uintptr(s.fd), "generic netlink socket")
	s.conn, err = s.file.SyscallConn()
	return err
}

// immediately makes a call on the descriptor, unless there is a file. If the call is not
// done, it makes the file. The lock keeps Close from giving the descriptor away meanwhile.
func (s *Socket) immediately(call func(fd uintptr) (done bool)) (done bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.file != nil:
		return false, nil
	case s.fd < 0:
		return false, os.ErrClosed
	case call(uintptr(s.fd)):
		return true, nil
	}
	return false, s.makeFile()
}

// PortID returns the number that the kernel has given to the socket.
func (s *Socket) PortID() uint32 { return s.portID }

// Close closes the socket and ends a Receive that waits.
func (s *Socket) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file != nil {
		return s.file.Close()
	}
	if s.fd < 0 {
		return os.ErrClosed
	}
	fd := s.fd
	s.fd = -1
	return os.NewSyscallError("close", unix.Close(fd))
}

// RawSyscalls reports whether the socket makes its system calls without telling the Go
// runtime.
func (s *Socket) RawSyscalls() bool { return s.rawSyscalls }

// Control calls do with the descriptor of the socket.
func (s *Socket) Control(do func(fd uintptr)) error {
	done, err := s.immediately(func(fd uintptr) (done bool) {
		do(fd)
		return true
	})
	if done || err != nil {
		return err
	}
	return s.conn.Control(do)
}

// Bound makes Receive fail when ctx ends.
func (s *Socket) Bound(ctx context.Context) (release func()) {
	if _, err := s.immediately(func(uintptr) (done bool) { return false }); err != nil {
		return func() {} // closed
	}
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(ended)
		_ = s.file.SetReadDeadline(time.Unix(1, 0)) // fails if the socket is closed
	})
	return func() {
		if !stop() {
			<-ended
			_ = s.file.SetReadDeadline(time.Time{})
		}
	}
}

// Send sends a datagram to the kernel.
func (s *Socket) Send(datagram []byte) error {
	s.out = datagram
	done, failed := s.immediately(s.send)
	if !done && failed == nil {
		failed = s.conn.Write(s.send)
	}
	s.out = nil
	switch {
	case failed != nil:
		return failed
	case s.sendErr != 0:
		return os.NewSyscallError("sendto", s.sendErr)
	}
	return nil
}

func (s *Socket) trySend(fd uintptr) (done bool) {
	for {
		// A call through a variable would not keep the buffer where it is.
		if s.rawSyscalls {
			_, _, s.sendErr = unix.RawSyscall6(unix.SYS_SENDTO, fd, uintptr(unsafe.Pointer(unsafe.SliceData(s.out))), uintptr(len(s.out)), 0, 0, 0)
		} else {
			_, _, s.sendErr = unix.Syscall6(unix.SYS_SENDTO, fd, uintptr(unsafe.Pointer(unsafe.SliceData(s.out))), uintptr(len(s.out)), 0, 0, 0)
		}
		if s.sendErr != unix.EINTR {
			return s.sendErr != unix.EAGAIN
		}
	}
}

// Receive receives a datagram.
func (s *Socket) Receive() ([]byte, error) {
	done, failed := s.immediately(s.receive)
	if !done && failed == nil {
		failed = s.conn.Read(s.receive)
	}
	switch {
	case failed != nil:
		return nil, failed
	case s.receiveErr != 0:
		return nil, os.NewSyscallError("recvfrom", s.receiveErr)
	case s.length > s.recvSize:
		return nil, errors.New("an answer larger than the receive buffer")
	}
	s.received++
	s.room, s.seen = s.seen, max(s.seen, min(s.recvSize, maxChunkRoom))
	return s.in[:s.length], nil
}

// tryReceive receives a datagram, cut to recvSize, and stores its full length.
func (s *Socket) tryReceive(fd uintptr) (done bool) {
	for {
		var n uintptr
		if s.rawSyscalls {
			n, _, s.receiveErr = unix.RawSyscall6(unix.SYS_RECVFROM, fd, uintptr(unsafe.Pointer(unsafe.SliceData(s.in))), uintptr(s.recvSize), unix.MSG_TRUNC, 0, 0)
		} else {
			n, _, s.receiveErr = unix.Syscall6(unix.SYS_RECVFROM, fd, uintptr(unsafe.Pointer(unsafe.SliceData(s.in))), uintptr(s.recvSize), unix.MSG_TRUNC, 0, 0)
		}
		s.length = int(n)
		if s.receiveErr != unix.EINTR {
			return s.receiveErr != unix.EAGAIN
		}
	}
}

// Datagram returns the number of the last datagram, and the room that it had for data at
// least.
func (s *Socket) Datagram() (number, room int) { return s.received, s.room }

// GrowBuffer makes the chunks of dumps large.
func (s *Socket) GrowBuffer() { s.recvSize = maxRecvSize }

// SetBuffer sets the size of the receive buffer, which bounds the chunks of dumps.
func (s *Socket) SetBuffer(size int) { s.recvSize = size }

// HasLargeBuffer reports whether the next dump has large chunks from the first one on.
func (s *Socket) HasLargeBuffer() bool { return s.recvSize == maxRecvSize }
