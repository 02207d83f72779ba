// SPDX-License-Identifier: Apache-2.0

package nlsock

// Sockopts is an IPv4 socket for the socket options of the kernel's IPVS, at the level
// IPPROTO_IP.
type Sockopts interface {
	// Get calls getsockopt. The kernel reads b, too. Get does not tell how much of b the
	// kernel has written.
	Get(option int, b []byte) error
	// Set calls setsockopt.
	Set(option int, b []byte) error
	// Close closes the socket. Calls after it return os.ErrClosed.
	Close() error
}

// SockoptOpener is a Transport that can open a Sockopts in its network namespace.
type SockoptOpener interface {
	Transport
	OpenSockopts() (Sockopts, error)
}
