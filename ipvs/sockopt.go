// SPDX-License-Identifier: Apache-2.0

package ipvs

import (
	"encoding/binary"
	"errors"
	"fmt"
	"syscall"

	"github.com/ipvsadm-go/ipvsadm/ipvs/internal/nlsock"
)

// SockoptFallback lets root of a user namespace use the IPVS of a network namespace that the
// user namespace owns, as in a rootless container. The kernel refuses such a caller every
// command over netlink with EPERM, but not the older socket options IP_VS_SO_*. If the first
// command is refused so, and the socket options work, the client uses them from then on: see
// Client.UsesSockopts. After any other error it keeps to netlink.
//
// Socket options know only IPv4. They have no persistence engines, no tunnel types, and of
// sync daemons no more than state, interface and sync ID. Counters have 32 bits, except those
// of bytes. A change that does not fit is an errors.ErrUnsupported and is not sent: see
// Client.CanApply. So is a list that would lack IPv6 services or destinations, as far as
// /proc tells. What a service or destination of another program has besides is not seen: it
// reads as if it had no persistence engine and a tunnel of the type IPIP.
//
// A context does not end a call that the kernel is working on.
func SockoptFallback() Option { return func(c *nlsock.Config) { c.SockoptFallback = true } }

// UsesSockopts reports whether the client uses socket options instead of netlink: see
// SockoptFallback. Before the first command it does not.
func (c *Client) UsesSockopts() bool { return c.conn.sockopts.Load() != nil }

// CanApply returns the error with which Apply would fail without sending a change: that of
// Change.Err, or an errors.ErrUnsupported if the client uses socket options and the change
// does not fit them.
func (c *Client) CanApply(ch Change) error {
	if !c.UsesSockopts() {
		return ch.Err()
	}
	op := ch.operation()
	_, _, err := op.sockopt()
	return err
}

// needsNetlink is what the socket options do not have.
type needsNetlink string

func (n needsNetlink) Error() string { return string(n) + " needs netlink, which refuses the caller" }

// Is makes it an errors.ErrUnsupported.
func (needsNetlink) Is(target error) bool { return target == errors.ErrUnsupported }

// fallBack lets the connection use socket options, once netlink has refused a command with
// EPERM. It reports whether they work; if not, it is not tried again.
func (c *connection) fallBack() bool {
	opener := c.sockoptOpener
	c.sockoptOpener = nil
	if opener == nil {
		return false
	}
	socket, err := opener.OpenSockopts()
	if err != nil {
		return false
	}
	s := &sockopts{socket}
	if _, _, err := s.info(); err != nil {
		_ = socket.Close()
		return false
	}
	c.sockopts.Store(s)
	return true
}

// close closes the connection.
func (c *connection) close() error {
	err := c.nl.Close()
	if s := c.sockopts.Load(); s != nil {
		_ = s.socket.Close()
	}
	return err
}

// sockopts reads and changes the table with socket options. Each is one command, which the
// kernel handles under the lock that writers take (do_ip_vs_get_ctl in ip_vs_ctl.c).
type sockopts struct{ socket nlsock.Sockopts }

const (
	// unwrittenMark is in the entries of a list before the kernel writes them, because it
	// does not tell how many it has written. No scheduler name begins with it, and no
	// destination has such flags.
	unwrittenMark = 1<<32 - 1
	// maxSockoptEntries bounds the memory for a list to 100 MB.
	maxSockoptEntries = 1_000_000
)

// get reads a structure of a size.
func (s *sockopts) get(option, size int) ([]byte, error) {
	b := make([]byte, size)
	return b, s.socket.Get(option, b)
}

func (s *sockopts) info() (info Info, services uint32, err error) {
	b, err := s.get(soGetInfo, infoUserLen)
	info = Info{binary.NativeEndian.Uint32(b), binary.NativeEndian.Uint32(b[4:])}
	return info, binary.NativeEndian.Uint32(b[8:]), err
}

func (s *sockopts) timeouts() (Timeouts, error) {
	b, err := s.get(soGetTimeout, timeoutUserLen)
	return timeoutsOfUser(b), err
}

// daemons lists the running daemons: the master, then the backup.
func (s *sockopts) daemons() (daemons []Daemon, err error) {
	b, err := s.get(soGetDaemon, 2*daemonUserLen)
	for ; len(b) > 0; b = b[daemonUserLen:] {
		if d := daemonOfUser(b); d.State != 0 {
			daemons = append(daemons, d)
		}
	}
	return daemons, err
}

// service reads a service, and how many destinations it has.
func (s *sockopts) service(id ServiceID) (service Service, destinations uint32, err error) {
	b := make([]byte, svcEntryLen)
	id.putUser(b)
	if err := s.socket.Get(soGetService, b); err != nil {
		return service, 0, err
	}
	service, destinations = serviceOfEntry(b)
	return service, destinations, nil
}

// services lists the services of IPv4.
func (s *sockopts) services() ([]Service, error) {
	_, count, err := s.info()
	if err != nil {
		return nil, err
	}
	entries, err := s.list(soGetServices, make([]byte, getServicesLen), 0, int64(count), svcEntryLen, svcUserScheduler)
	if err != nil {
		return nil, err
	}
	services := make([]Service, 0, count)
	for ; len(entries) > 0; entries = entries[svcEntryLen:] {
		service, _ := serviceOfEntry(entries)
		services = append(services, service)
	}
	return services, nil
}

// destinations lists the destinations of a service, none if there is no such service.
func (s *sockopts) destinations(id ServiceID) ([]Destination, error) {
	for range readTries {
		_, before, err := s.service(id)
		if errors.Is(err, syscall.ESRCH) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		head := make([]byte, getDestsLen)
		id.putUser(head)
		entries, err := s.list(soGetDests, head, getDestsCount, int64(before), destEntryLen, destEntryFlags)
		if errors.Is(err, syscall.ESRCH) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		count := len(entries) / destEntryLen
		if count < int(before) {
			// The others have been deleted, or are of IPv6: the kernel counts those.
			_, after, err := s.service(id)
			if err == nil && after == before {
				return nil, needsNetlink("an IPv6 destination")
			}
			continue
		}
		destinations := make([]Destination, 0, count)
		for ; len(entries) > 0; entries = entries[destEntryLen:] {
			destinations = append(destinations, destinationOfEntry(entries))
		}
		return destinations, nil
	}
	return nil, errInterrupted
}

// list reads a list of entries. It has a head, in which the number of entries that follow is
// at countAt. The kernel writes the four bytes at markAt of each entry. count is how many
// entries there were; list makes room for more until the kernel leaves some of it.
func (s *sockopts) list(option int, head []byte, countAt int, count int64, size, markAt int) (entries []byte, err error) {
	for room := count + 1; ; room *= 2 {
		if room > maxSockoptEntries {
			return nil, fmt.Errorf("the kernel reports %d entries, more than %d", room, maxSockoptEntries)
		}
		b := make([]byte, len(head)+int(room)*size)
		copy(b, head)
		binary.NativeEndian.PutUint32(b[countAt:], uint32(room))
		entries = b[len(head):]
		markUnwritten(entries, size, markAt)
		if err := s.socket.Get(option, b); err != nil {
			return nil, err
		}
		for at := 0; at < len(entries); at += size {
			if !hasWritten(entries[at:], markAt) {
				return entries[:at], nil
			}
		}
	}
}

// markUnwritten puts unwrittenMark into entries of a size, at an offset in each that the
// kernel overwrites.
func markUnwritten(entries []byte, size, at int) {
	for ; at < len(entries); at += size {
		binary.NativeEndian.PutUint32(entries[at:], unwrittenMark)
	}
}

// hasWritten reports whether the kernel has written an entry with the mark at an offset.
func hasWritten(entry []byte, at int) bool {
	return binary.NativeEndian.Uint32(entry[at:]) != unwrittenMark
}
