// SPDX-License-Identifier: Apache-2.0

package ipvs

import (
	"encoding/binary"

	"github.com/ipvsadm-go/ipvsadm/ipvs/internal/nlsock"
)

// destinationLister lists the destinations of IPv4 services with the socket option
// IP_VS_SO_GET_DESTS. The kernel lists all destinations of a service under the lock
// that writers take (do_ip_vs_get_ctl in ip_vs_ctl.c), in the order of its dumps.
type destinationLister struct {
	conn   *connection
	socket nlsock.Sockopts // nil until the first list
	err    error           // of its opening
	buffer []byte
}

// maxDestEntries bounds the buffer to 1 MB.
const maxDestEntries = 10_000

// newDestinationLister returns a destinationLister in the network namespace of the
// client. It opens its socket when it lists for the first time.
func (c *Client) newDestinationLister() *destinationLister { return &destinationLister{conn: c.conn} }

// open opens the socket if it has not been tried yet.
func (l *destinationLister) open() error {
	switch {
	case l.socket != nil || l.err != nil:
	case l.conn.socket == nil:
		l.err = errNoDestinationLister
	default:
		l.socket, l.err = l.conn.socket.OpenSockopts()
	}
	return l.err
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
// order; it never lists those of another family.
func (l *destinationLister) tell(id ServiceID, destinations []Destination) (ok bool) {
	if id.AddressFamily() != IPv4 || len(destinations) >= maxDestEntries {
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
func isWritten(entry []byte) bool { return hasWritten(entry, destEntryFlags) }

// list returns count entries. The kernel does not say how many of them it has
// written: see isWritten.
func (l *destinationLister) list(id ServiceID, count int) (entries []byte, err error) {
	if err := l.open(); err != nil {
		return nil, err
	}
	length := getDestsLen + count*destEntryLen
	if len(l.buffer) < length {
		l.buffer = make([]byte, length)
	}
	b := l.buffer[:length]
	clear(b[:getDestsLen])
	id.putUser(b)
	binary.NativeEndian.PutUint32(b[getDestsCount:], uint32(count))
	entries = b[getDestsLen:]
	markUnwritten(entries, destEntryLen, destEntryFlags)
	return entries, l.socket.Get(soGetDests, b)
}

func (l *destinationLister) close() {
	if l.socket != nil {
		_ = l.socket.Close()
	}
}
