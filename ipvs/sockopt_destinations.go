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
	socket nlsock.Sockopts
	buffer []byte
}

// maxDestEntries bounds the buffer to 1 MB.
const maxDestEntries = 10_000

// newDestinationLister returns a destinationLister in the network namespace of the
// client.
func (c *Client) newDestinationLister() (*destinationLister, error) {
	if c.conn.socket == nil {
		return nil, errNoDestinationLister
	}
	socket, err := c.conn.socket.OpenSockopts()
	if err != nil {
		return nil, err
	}
	return &destinationLister{socket: socket}, nil
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
func isWritten(entry []byte) bool { return hasWritten(entry, destEntryFlags) }

// list returns count entries. The kernel does not say how many of them it has
// written: see isWritten.
func (l *destinationLister) list(id ServiceID, count int) (entries []byte, err error) {
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

func (l *destinationLister) close() { _ = l.socket.Close() }
