// SPDX-License-Identifier: Apache-2.0

package ipvs

import "fmt"

// Change is one write to the kernel: a command and its operands. The functions NewService,
// SetService and so on return a Change for Client.Apply. The methods of Client with the
// same names send the change at once, with the same errors.
//
// A Change is a small value that never changes, whatever becomes of the operands. Changes
// are equal, by ==, if their commands and operands are. The operands are without
// read-only fields, such as counters. The zero Change is not a change: to send it is an
// error.
type Change struct {
	packed string // the command, and the operands as operation.pack writes them
}

// NewService adds a service. The error is fs.ErrExist if the service exists, and
// ErrNoScheduler if the kernel has no such scheduler or persistence engine.
func NewService(s Service) Change {
	return newChange(&operation{command: CommandNewService, service: s})
}

// SetService replaces all settings of a service; its destinations stay. The error is
// ErrNoService if there is no such service, and ErrNoScheduler if the kernel has no such
// scheduler or persistence engine.
func SetService(s Service) Change {
	return newChange(&operation{command: CommandSetService, service: s})
}

// DelService deletes a service with its destinations. The error is ErrNoService if
// there is no such service.
func DelService(id ServiceID) Change {
	return newChange(&operation{command: CommandDelService, service: Service{ServiceID: id}})
}

// NewDestination adds a destination to a service. The error is fs.ErrExist if the
// service has that destination, and ErrNoService if there is no such service.
func NewDestination(id ServiceID, d Destination) Change {
	return newChange(&operation{command: CommandNewDestination, service: Service{ServiceID: id}, destination: d})
}

// SetDestination replaces all settings of a destination; its connections stay. The error
// is ErrNoService or ErrNoDestination if there is no such service or destination.
func SetDestination(id ServiceID, d Destination) Change {
	return newChange(&operation{command: CommandSetDestination, service: Service{ServiceID: id}, destination: d})
}

// DelDestination removes a destination from a service. The error is ErrNoService or
// ErrNoDestination if there is no such service or destination.
func DelDestination(id ServiceID, d DestinationID) Change {
	return newChange(&operation{
		command: CommandDelDestination, service: Service{ServiceID: id}, destination: Destination{DestinationID: d},
	})
}

// ZeroService sets the counters of one service and its destinations to zero. The error
// is ErrNoService if there is no such service.
func ZeroService(id ServiceID) Change {
	return newChange(&operation{command: CommandZero, service: Service{ServiceID: id}})
}

// ZeroAll sets all counters to zero.
func ZeroAll() Change { return newChange(&operation{command: CommandZero, all: true}) }

// Flush deletes all services.
func Flush() Change { return newChange(&operation{command: CommandFlush}) }

// StartDaemon starts a sync daemon. The error is fs.ErrExist if a daemon of that state
// runs already, and ErrNoInterface if there is no such interface.
func StartDaemon(d Daemon) Change {
	return newChange(&operation{command: CommandNewDaemon, daemon: d})
}

// StopDaemon stops the sync daemon of a state. The error is ErrNoDaemon if none runs.
func StopDaemon(state DaemonState) Change {
	return newChange(&operation{command: CommandDelDaemon, daemon: Daemon{State: state}})
}

// SetTimeouts sets the timeouts that are not zero. The error is fs.ErrInvalid if one is
// longer than the kernel can count.
func SetTimeouts(t Timeouts) Change {
	return newChange(&operation{command: CommandSetConfig, timeouts: t})
}

// Command returns the command, 0 for the zero Change.
func (ch Change) Command() Command {
	if ch.packed == "" {
		return 0
	}
	return Command(ch.packed[0])
}

// ServiceID returns the service that the change is about. It is zero for ZeroAll, Flush,
// changes of daemons and timeouts, and the zero Change.
func (ch Change) ServiceID() ServiceID { return ch.Service().ServiceID }

// Service returns the settings of a NewService or SetService. For other changes it has only
// the ServiceID.
func (ch Change) Service() Service { return ch.operation().service }

// Destination returns the settings of a NewDestination or SetDestination. For a
// DelDestination it has only the DestinationID, and for other changes nothing.
func (ch Change) Destination() Destination { return ch.operation().destination }

// Daemon returns the daemon of a StartDaemon. For a StopDaemon it has only the State, and
// for other changes nothing.
func (ch Change) Daemon() Daemon { return ch.operation().daemon }

// Timeouts returns the timeouts of a SetTimeouts.
func (ch Change) Timeouts() Timeouts { return ch.operation().timeouts }

// Err returns the error that Apply returns without asking the kernel, because the change
// cannot be sent: for example, an address is missing, or a name is too long. It is an
// fs.ErrInvalid. For a change that can be sent, Err returns nil.
func (ch Change) Err() error {
	op := ch.operation()
	return op.err()
}

// String returns the change in words, such as
// "add server 10.0.0.2:80 of TCP 10.0.0.1:80, Masq, weight 1".
func (ch Change) String() string {
	op := ch.operation()
	s, d := &op.service, &op.destination
	switch op.command {
	case 0:
		return "no change"
	case CommandNewService, CommandSetService:
		return fmt.Sprintf("%s %s, %s", op.command, s.ServiceID, quoteName(s.Scheduler))
	case CommandNewDestination, CommandSetDestination:
		return fmt.Sprintf("%s %s of %s, %s, weight %d", op.command, d.DestinationID, s.ServiceID, d.Forward, d.Weight)
	case CommandDelDestination:
		return fmt.Sprintf("%s %s of %s", op.command, d.DestinationID, s.ServiceID)
	case CommandSetConfig:
		return fmt.Sprintf("%s %d %d %d", op.command, op.timeouts.TCP, op.timeouts.TCPFin, op.timeouts.UDP)
	case CommandNewDaemon:
		return fmt.Sprintf("%s %s on %s, sync ID %d", op.command, op.daemon.State, quoteName(op.daemon.Interface), op.daemon.SyncID)
	case CommandDelDaemon:
		return fmt.Sprintf("%s %s", op.command, op.daemon.State)
	}
	if subject := op.subject(); subject != "" {
		return fmt.Sprintf("%s %s", op.command, subject)
	}
	return op.command.String()
}

// MarshalText writes what String returns, for logs and JSON. A Change is not read from
// text.
func (ch Change) MarshalText() ([]byte, error) { return []byte(ch.String()), nil }
