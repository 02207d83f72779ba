// SPDX-License-Identifier: Apache-2.0

package ipvs

import (
	"errors"
	"fmt"
)

// operation is a Change with its operands apart. Those that the command does not need are
// ignored.
type operation struct {
	command     Command
	all         bool        // CommandZero is for all services
	service     Service     // only its ServiceID, unless the command adds or edits a service
	destination Destination // only its DestinationID, unless the command adds or edits one
	daemon      Daemon
	timeouts    Timeouts
}

// subject names the object of the operation for errors.
func (op *operation) subject() string {
	switch op.command {
	case CommandNewService, CommandSetService, CommandDelService:
		return op.service.ServiceID.String()
	case CommandZero:
		if !op.all {
			return op.service.ServiceID.String()
		}
	case CommandNewDestination, CommandSetDestination, CommandDelDestination:
		id := op.destination.DestinationID
		if id.AddrPort.Addr().Is4In6() {
			// The kernel refuses it and gives no reason.
			return id.String() + " (an IPv4-mapped IPv6 address: call Unmap for IPv4) of " + op.service.ServiceID.String()
		}
		return id.String() + " of " + op.service.ServiceID.String()
	case CommandNewDaemon, CommandDelDaemon:
		return op.daemon.State.String()
	}
	return ""
}

// err returns the error of what cannot be sent.
func (op *operation) err() error {
	var e encoder
	op.encode(&e)
	return op.explain(e.Err)
}

// explain adds the operation to an error of encode.
func (op *operation) explain(err error) error {
	if err == nil {
		return nil
	}
	return op.named(unfit{err})
}

// named adds the operation to an error.
func (op *operation) named(err error) error {
	what := ""
	if op.command != 0 {
		what = op.command.String() + ": "
	}
	if subject := op.subject(); subject != "" {
		what = op.command.String() + " " + subject + ": "
	}
	return fmt.Errorf("ipvs: %s%w", what, err)
}

var errNoProtocol = errors.New("protocol of the service is missing")

// encode writes the attributes of the command's message.
func (op *operation) encode(e *encoder) {
	switch op.command {
	case CommandNewService, CommandSetService:
		s := op.service
		if op.command == CommandNewService && s.FWMark == 0 && s.Protocol == 0 && s.AddrPort.Addr().IsValid() {
			// The kernel takes it, but no packet reaches it. Those of other programs
			// can be edited.
			e.Fail(errNoProtocol)
			return
		}
		// Listed services have this flag. Kernels before 5.13 take a new service
		// with this flag for one that is hashed already, and lose it.
		s.Flags &^= Hashed
		e.Nest(attrService, s.encode)
	case CommandDelService:
		e.Nest(attrService, op.service.ServiceID.encode)
	case CommandNewDestination, CommandSetDestination:
		e.Nest(attrService, op.service.ServiceID.encode)
		e.Nest(attrDestination, op.destination.encode)
	case CommandDelDestination:
		e.Nest(attrService, op.service.ServiceID.encode)
		e.Nest(attrDestination, op.destination.DestinationID.encode)
	case CommandNewDaemon, CommandDelDaemon:
		if err := op.daemon.check(); err != nil {
			e.Fail(err)
			return
		}
		e.Nest(attrDaemon, op.daemon.encode)
	case CommandSetConfig:
		op.timeouts.encode(e)
	case CommandZero:
		if !op.all {
			e.Nest(attrService, op.service.ServiceID.encode)
		}
	case CommandFlush:
	case 0:
		e.Fail(errors.New("the zero Change is not a change"))
	default:
		e.Fail(fmt.Errorf("%s is not a change", op.command))
	}
}
