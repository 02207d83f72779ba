// SPDX-License-Identifier: Apache-2.0

package ipvs

import (
	"encoding/binary"
	"os"
	"runtime"
	"syscall"
	"unsafe"

	"github.com/ipvsadm-go/ipvsadm/ipvs/internal/nlsock"
	"golang.org/x/sys/unix"
)

// destinationLister lists the destinations of IPv4 services with the socket option
// IP_VS_SO_GET_DESTS. The kernel lists all destinations of a service under the lock
// that writers take (do_ip_vs_get_ctl in ip_vs_ctl.c), in the order of its dumps.
type destinationLister struct {
	socket      *os.File
	rawSyscalls bool
	buffer      []byte
}

// unwrittenFlags mark an entry that the kernel has not written.
const unwrittenFlags = 1<<32 - 1

// maxDestEntries bounds the buffer to 1 MB.
const maxDestEntries = 10_000

// newDestinationLister returns a destinationLister in the network namespace of the
// client.
func (c *Client) newDestinationLister() (*destinationLister, error) {
	if c.conn.socket == nil || !nlsock.SockoptLayout {
		return nil, errNoDestinationLister
	}
	fd := -1
	err := c.conn.socket.InNamespace(func() (err error) {
		fd, err = unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
		return os.NewSyscallError("socket", err)
	})
	if err != nil {
		return nil, err
	}
	return &destinationLister{socket: os.NewFile(uintptr(fd), "IPv4 socket"), rawSyscalls: c.conn.rawSyscalls()}, nil
}

// matches reports whether a service has exactly these destinations, in this order.
func (l *destinationLister) matches(id ServiceID, destinations []Destination) bool {
	if id.AddressFamily() != IPv4 || len(destinations) >= maxDestEntries {
		return false
	}
	// Leave room for an unexpected one.
	entries, err := l.list(id, len(destinations)+1)
	if err != nil {
		return false
	}
	for _, d := range destinations {
		if !isWritten(entries) || userAddrPort(entries) != d.AddrPort {
			return false
		}
		entries = entries[destEntryLen:]
	}
	return !isWritten(entries)
}

// tell sets what the kernel tells of the destinations of a service: everything but
// tunnels and counters. It is not ok if the kernel does not list all of them in this
// order; it never lists those of another family. A nil lister knows nothing.
func (l *destinationLister) tell(id ServiceID, destinations []Destination) (ok bool) {
	if l == nil || id.AddressFamily() != IPv4 || len(destinations) >= maxDestEntries {
		return false
	}
	entries, err := l.list(id, len(destinations))
	if err != nil {
		return false
	}
	for i := range destinations {
		if !isWritten(entries) || userAddrPort(entries) != destinations[i].AddrPort {
			return false
		}
		destinations[i] = destinationOfEntry(entries)
		destinations[i].Stats = Stats{}
		entries = entries[destEntryLen:]
	}
	return true
}

// isWritten reports whether the kernel has written the first of some entries.
func isWritten(entry []byte) bool {
	return binary.NativeEndian.Uint32(entry[destEntryFlags:]) != unwrittenFlags
}

// list returns count entries. The kernel does not say how many of them it has
// written: see isWritten.
func (l *destinationLister) list(id ServiceID, count int) (entries []byte, err error) {
	length := getDestsLen + count*destEntryLen
	if len(l.buffer) < length {
		l.buffer = make([]byte, length)
	}
	b := l.buffer[:length]
	clear(b[:getDestsLen])
	if id.FWMark != 0 {
		binary.NativeEndian.PutUint32(b[getDestsMark:], id.FWMark)
	} else {
		addr := id.AddrPort.Addr().As4()
		binary.NativeEndian.PutUint16(b, uint16(id.Protocol))
		copy(b[getDestsAddr:], addr[:])
		binary.BigEndian.PutUint16(b[getDestsPort:], id.AddrPort.Port())
	}
	binary.NativeEndian.PutUint32(b[getDestsCount:], uint32(count))
	entries = b[getDestsLen:]
	for at := destEntryFlags; at < len(entries); at += destEntryLen {
		binary.NativeEndian.PutUint32(entries[at:], unwrittenFlags)
	}
	return entries, l.getsockopt(b)
}

func (l *destinationLister) getsockopt(b []byte) error {
	fd := l.socket.Fd()
	size := uint32(len(b))
	var errno syscall.Errno
	// A call through a variable would not keep the buffer where it is.
	if l.rawSyscalls {
		_, _, errno = unix.RawSyscall6(unix.SYS_GETSOCKOPT, fd, unix.IPPROTO_IP, soGetDests,
			uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(unsafe.Pointer(&size)), 0)
	} else {
		_, _, errno = unix.Syscall6(unix.SYS_GETSOCKOPT, fd, unix.IPPROTO_IP, soGetDests,
			uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(unsafe.Pointer(&size)), 0)
	}
	runtime.KeepAlive(l.socket)
	if errno != 0 {
		return os.NewSyscallError("getsockopt", errno)
	}
	return nil
}

func (l *destinationLister) close() { _ = l.socket.Close() }
