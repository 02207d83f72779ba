// SPDX-License-Identifier: Apache-2.0

package ipvs

import (
	"errors"
	"os"
	"strconv"
	"syscall"
)

// send makes the changes of a span, over netlink or, if that refuses the caller, by socket
// options. It reports whether ip_vs is gone.
func (c *connection) send(s span) (gone bool) {
	if c.sockopts.Load() == nil {
		gone = c.sendNetlink(s)
		if !errors.Is(s.errs[0], syscall.EPERM) || !c.fallBack() {
			return gone
		}
		clear(s.errs) // netlink has refused all of them
	}
	return c.sendSockopts(s)
}

// sendSockopts makes the changes of a span, one by one, and reports whether ip_vs is gone.
func (c *connection) sendSockopts(s span) (gone bool) {
	for i := range s.errs {
		if err := c.nl.Err(); err != nil {
			s.setUnknown(unsent(err))
			return false
		}
		op := s.changes[s.index[s.from+i]].operation()
		option, b, err := op.sockopt()
		if err != nil {
			s.errs[i] = err
			continue
		}
		err = c.sockopts.Load().socket.Set(option, b)
		var call *os.SyscallError
		errno := syscall.Errno(0)
		switch {
		case err == nil:
		case !errors.As(err, &call) || !errors.As(call.Err, &errno):
			s.setUnknown(unsent(err))
			return false
		case errno == syscall.ENOPROTOOPT:
			s.setUnknown(ErrNoIPVS)
			return true
		case errno == syscall.EINTR && op.command == CommandDelDaemon:
			// The daemon's thread had not begun to run; it is stopped: see trySend.
		default:
			s.setErrno(i, errno)
		}
	}
	return false
}

// sockopt returns the socket option of the operation and its value.
func (op *operation) sockopt() (option int, b []byte, err error) {
	if err := op.err(); err != nil {
		return 0, nil, err
	}
	if err := op.fitsSockopts(); err != nil {
		return 0, nil, op.named(err)
	}
	b = make([]byte, svcUserLen+destUserLen)
	service, destination := b[:svcUserLen], b[svcUserLen:]
	switch op.command {
	case CommandNewService, CommandSetService:
		s := op.service
		s.Flags &^= Hashed // as in encode
		s.putUser(service)
		if op.command == CommandNewService {
			return soSetAdd, service, nil
		}
		return soSetEdit, service, nil
	case CommandDelService:
		op.service.ServiceID.putUser(service)
		return soSetDel, service, nil
	case CommandNewDestination, CommandSetDestination:
		op.service.ServiceID.putUser(service)
		op.destination.putUser(destination)
		if op.command == CommandNewDestination {
			return soSetAddDest, b, nil
		}
		return soSetEditDest, b, nil
	case CommandDelDestination:
		op.service.ServiceID.putUser(service)
		op.destination.DestinationID.putUser(destination)
		return soSetDelDest, b, nil
	case CommandNewDaemon:
		op.daemon.putUser(b)
		return soSetStartDaemon, b[:daemonUserLen], nil
	case CommandDelDaemon:
		op.daemon.putUser(b)
		return soSetStopDaemon, b[:daemonUserLen], nil
	case CommandSetConfig:
		op.timeouts.putUser(b)
		return soSetTimeout, b[:timeoutUserLen], nil
	case CommandZero:
		if !op.all {
			op.service.ServiceID.putUser(service)
		}
		return soSetZero, service, nil
	}
	return soSetFlush, nil, nil
}

// fitsSockopts returns an error for what a socket option would leave out.
func (op *operation) fitsSockopts() error {
	switch op.command {
	case CommandFlush, CommandSetConfig, CommandDelDaemon:
		return nil
	case CommandNewDaemon:
		return op.daemon.fitsSockopts()
	case CommandZero:
		if op.all {
			return nil
		}
		if id := op.service.ServiceID; id.FWMark == 0 && id.AddrPort.Port() == 0 && id.AddrPort.Addr().IsUnspecified() {
			return needsNetlink("the service 0.0.0.0:0") // the kernel would zero all services
		}
	}
	if err := op.service.ServiceID.fitsSockopts(); err != nil {
		return err
	}
	switch op.command {
	case CommandNewService, CommandSetService:
		return op.service.fitsSockopts()
	case CommandNewDestination, CommandSetDestination:
		return op.destination.fitsSockopts()
	case CommandDelDestination:
		return op.destination.DestinationID.fitsSockopts()
	}
	return nil
}

func (id *ServiceID) fitsSockopts() error {
	switch {
	case id.AddressFamily() != IPv4:
		return needsNetlink("IPv6")
	case id.FWMark == 0 && id.Protocol != TCP && id.Protocol != UDP && id.Protocol != SCTP:
		return needsNetlink("protocol " + id.Protocol.String())
	}
	return nil
}

func (s *Service) fitsSockopts() error {
	switch {
	case s.PersistenceEngine != "":
		return needsNetlink("persistence engine " + strconv.Quote(s.PersistenceEngine))
	case s.FlagsMask != 0 && s.FlagsMask != ^ServiceFlags(0):
		return needsNetlink("an edit of some flags")
	}
	return nil
}

func (id *DestinationID) fitsSockopts() error {
	if !id.AddrPort.Addr().Is4() {
		return needsNetlink("IPv6")
	}
	return nil
}

func (d *Destination) fitsSockopts() error {
	if d.TunnelType != IPIP || d.TunnelPort != 0 || d.TunnelFlags != 0 {
		return needsNetlink("tunnel type " + d.TunnelType.String() + " with its port and flags")
	}
	return d.DestinationID.fitsSockopts()
}

func (d *Daemon) fitsSockopts() error {
	if d.MaxLen != 0 || d.Group.IsValid() || d.Port != 0 || d.TTL != 0 {
		return needsNetlink("a sync daemon with a maximum length, group, port or TTL")
	}
	return nil
}
