// SPDX-License-Identifier: Apache-2.0

package nlsock

// Config says how to connect. The zero value stands for a socket of the kernel in the
// network namespace of the calling thread.
type Config struct {
	// Namespace opens another network namespace.
	Namespace func() (*Namespace, error)
	// RawSyscalls makes the system calls of the socket without telling the Go runtime.
	RawSyscalls bool
	// SockoptFallback uses socket options if netlink refuses the caller.
	SockoptFallback bool
	// Transport replaces the socket.
	Transport Transport
}
