// SPDX-License-Identifier: Apache-2.0

package ipvs

import (
	"errors"
	"os"
	"syscall"

	"github.com/ipvsadm-go/ipvsadm/ipvs/internal/nlsock"
	"github.com/mdlayher/netlink"
)

// exchangeAny sends a request and receives its replies, over netlink or, if that refuses the
// caller, by socket options.
func exchangeAny[T any](c *connection, flags netlink.HeaderFlags, request []byte, decode func(*T, []byte) error) (*answer[T], error) {
	if c.sockopts.Load() == nil {
		a, err := exchangeNetlink(c, flags, request, decode)
		if errno, _, _ := nlsock.KernelErrno(err); errno != syscall.EPERM || !c.fallBack() {
			return a, err
		}
	}
	return exchangeSockopts(c, request, decode)
}

// exchangeSockopts answers a request of netlink with socket options. The replies have the
// attributes of netlink's, so that reads are the same for both.
func exchangeSockopts[T any](c *connection, request []byte, decode func(*T, []byte) error) (*answer[T], error) {
	replies, err := c.readSockopts(Command(request[0]), request[genlHeaderLen:])
	if err != nil {
		return nil, sockoptFailure(err)
	}
	a := &answer[T]{objects: make([]T, len(replies))}
	for i, reply := range replies {
		if err := decode(&a.objects[i], reply); err != nil {
			return nil, err
		}
	}
	return a, nil
}

// sockoptFailure returns the error of a socket option as netlink would have it.
func sockoptFailure(err error) error {
	var call *os.SyscallError
	if !errors.As(err, &call) {
		return err
	}
	errno, ok := call.Err.(syscall.Errno)
	if !ok {
		return err
	}
	if errno == syscall.ENOPROTOOPT {
		return ErrNoIPVS
	}
	return &netlink.OpError{Op: call.Syscall, Err: errno}
}

// readSockopts carries out a command that reads, and returns the attributes of its replies.
func (c *connection) readSockopts(command Command, attributes []byte) (replies [][]byte, err error) {
	switch command {
	case CommandGetInfo:
		info, _, err := c.sockopts.Load().info()
		return encodeReplies([]Info{info}, err, (*Info).encode)
	case CommandGetConfig:
		timeouts, err := c.sockopts.Load().timeouts()
		return encodeReplies([]Timeouts{timeouts}, err, (*Timeouts).encode)
	case CommandGetDaemons:
		daemons, err := c.sockopts.Load().daemons()
		return encodeReplies(daemons, err, nest(attrDaemon, (*Daemon).encode))
	case CommandGetService:
		services, err := c.servicesOverSockopts(attributes)
		return encodeReplies(services, err, nest(attrService, (*Service).encode))
	case CommandGetDestinations:
		id, err := requestedService(attributes)
		if err != nil {
			return nil, err
		}
		destinations, err := c.sockopts.Load().destinations(id)
		return encodeReplies(destinations, err, nest(attrDestination, (*Destination).encode))
	}
	return nil, needsNetlink(command.String())
}

// encodeReplies encodes one reply for each object, unless err is an error.
func encodeReplies[T any](objects []T, err error, encode func(*T, *encoder)) ([][]byte, error) {
	if err != nil {
		return nil, err
	}
	replies := make([][]byte, len(objects))
	for i := range objects {
		var e encoder
		if encode(&objects[i], &e); e.Err != nil {
			return nil, e.Err
		}
		replies[i] = e.B
	}
	return replies, nil
}

// nest returns an encoder that puts what encode writes into an attribute. It is the inverse of
// nested.
func nest[T any](typ uint16, encode func(*T, *encoder)) func(*T, *encoder) {
	return func(object *T, e *encoder) {
		e.Nest(typ, func(e *encoder) { encode(object, e) })
	}
}

// requestedService returns the service that a request is about, if the socket options know
// it.
func requestedService(attributes []byte) (ServiceID, error) {
	var s Service
	if err := nested(attrService, (*Service).decode)(&s, attributes); err != nil {
		return ServiceID{}, err
	}
	return s.ServiceID, s.ServiceID.fitsSockopts()
}

// servicesOverSockopts reads the service of a request, or all if it names none.
func (c *connection) servicesOverSockopts(attributes []byte) ([]Service, error) {
	if len(attributes) == 0 {
		return c.allOverSockopts()
	}
	id, err := requestedService(attributes)
	if err != nil {
		return nil, err
	}
	s, _, err := c.sockopts.Load().service(id)
	return []Service{s}, err
}

// allOverSockopts lists all services. Those of IPv6, which the socket options hide, are an
// error. /proc shows them, but does not tell the family of a firewall mark: one that it lists
// and the socket options do not, twice in a row, has not just been deleted.
func (c *connection) allOverSockopts() ([]Service, error) {
	suspect := procService{}
	for {
		listed := c.procServices()
		services, err := c.sockopts.Load().services()
		if err != nil {
			return nil, err
		}
		for _, s := range services {
			listed[procServiceOf(s.ServiceID)]--
		}
		hidden := procService{}
		for s, n := range listed {
			switch {
			case n <= 0:
			case s.fwmark == 0 && s.addrPort.Addr().Is6(), s == suspect:
				return nil, needsNetlink(s.String() + " of IPv6")
			case s.fwmark != 0:
				hidden = s
			}
		}
		if hidden == suspect || hidden == (procService{}) {
			return services, nil
		}
		suspect = hidden
	}
}

// String names the service in errors.
func (s procService) String() string {
	return ServiceID{AddrPort: s.addrPort, FWMark: s.fwmark, Protocol: s.protocol}.String()
}

// procServices counts the services of /proc/net/ip_vs. Without it there are none.
func (c *connection) procServices() map[procService]int {
	services := map[procService]int{}
	file, err := c.openTable()
	if err != nil {
		return services
	}
	defer func() { _ = file.Close() }()
	for rows := newProcReader(file); rows.next(); {
		if !rows.row.destination.IsValid() {
			services[rows.row.service]++
		}
	}
	return services
}
