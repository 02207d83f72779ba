package ipvs

import (
	"fmt"
)

// Change is one write to the kernel: a command and what it is about. Of the
// other fields only those that the command needs count. The functions NewService,
// SetService and so on make changes.
type Change struct {
	Command     Command
	Service     Service     // its ServiceID alone, unless a service is added or edited
	Destination Destination // its DestinationID alone, unless one is added or edited
	Daemon      Daemon
	Config      Config
}

// NewService adds a service. The kernel refuses one that exists.
func NewService(s Service) Change { return Change{Command: CommandNewService, Service: s} }

// SetService replaces all settings of a service; its destinations stay.
func SetService(s Service) Change { return Change{Command: CommandSetService, Service: s} }

// DelService deletes a service with its destinations.
func DelService(id ServiceID) Change {
	return Change{Command: CommandDelService, Service: Service{ServiceID: id}}
}

// NewDestination adds a destination to a service.
func NewDestination(id ServiceID, d Destination) Change {
	return Change{Command: CommandNewDestination, Service: Service{ServiceID: id}, Destination: d}
}

// SetDestination replaces all settings of a destination; its connections stay.
func SetDestination(id ServiceID, d Destination) Change {
	return Change{Command: CommandSetDestination, Service: Service{ServiceID: id}, Destination: d}
}

// DelDestination takes a destination out of a service.
func DelDestination(id ServiceID, d DestinationID) Change {
	return Change{
		Command: CommandDelDestination, Service: Service{ServiceID: id},
		Destination: Destination{DestinationID: d},
	}
}

// ZeroService sets the counters of one service and its destinations to zero.
func ZeroService(id ServiceID) Change {
	return Change{Command: CommandZero, Service: Service{ServiceID: id}}
}

// ZeroAll sets all counters to zero.
func ZeroAll() Change { return Change{Command: CommandZero} }

// Flush deletes all services.
func Flush() Change { return Change{Command: CommandFlush} }

// StartDaemon starts a sync daemon.
func StartDaemon(d Daemon) Change { return Change{Command: CommandNewDaemon, Daemon: d} }

// StopDaemon stops a sync daemon. Only its State counts.
func StopDaemon(state DaemonState) Change {
	return Change{Command: CommandDelDaemon, Daemon: Daemon{State: state}}
}

// SetConfig sets the timeouts that are not zero.
func SetConfig(c Config) Change { return Change{Command: CommandSetConfig, Config: c} }

// subject names what the change is about, for errors.
func (ch Change) subject() string {
	switch ch.Command {
	case CommandNewService, CommandSetService, CommandDelService:
		return ch.Service.ServiceID.String()
	case CommandZero:
		if ch.Service.ServiceID != (ServiceID{}) {
			return ch.Service.ServiceID.String()
		}
	case CommandNewDestination, CommandSetDestination, CommandDelDestination:
		return ch.Destination.DestinationID.String() + " of " + ch.Service.ServiceID.String()
	case CommandNewDaemon, CommandDelDaemon:
		return ch.Daemon.State.String()
	}
	return ""
}

// subjectOf reads from a change's message what it is about.
func subjectOf(message []byte) (Command, string) {
	ch := Change{Command: Command(message[0])}
	for a := (decoder{rest: message[genlHeaderLen:]}); a.next(); {
		switch a.typ {
		case attrService:
			_ = ch.Service.UnmarshalBinary(a.value)
		case attrDestination:
			_ = ch.Destination.UnmarshalBinary(a.value)
		case attrDaemon:
			_ = ch.Daemon.UnmarshalBinary(a.value)
		}
	}
	return ch.Command, ch.subject()
}

// MarshalBinary returns the attributes of the command's message.
func (ch Change) MarshalBinary() ([]byte, error) {
	return marshal(ch.encode)
}

func (ch *Change) encode(e *encoder) {
	switch ch.Command {
	case CommandNewService, CommandSetService:
		s := ch.Service
		s.Stats = Stats{}
		// A listing has this flag. Kernels before 5.13 take a new service with
		// it for one that is in their table already, and lose it.
		s.Flags &^= Hashed
		e.nest(attrService, s.encode)
	case CommandDelService:
		e.nest(attrService, ch.Service.ServiceID.encode)
	case CommandNewDestination, CommandSetDestination:
		e.nest(attrService, ch.Service.ServiceID.encode)
		d := ch.Destination.settings()
		e.nest(attrDestination, d.encode)
	case CommandDelDestination:
		e.nest(attrService, ch.Service.ServiceID.encode)
		e.nest(attrDestination, ch.Destination.DestinationID.encode)
	case CommandNewDaemon, CommandDelDaemon:
		e.nest(attrDaemon, ch.Daemon.encode)
	case CommandSetConfig:
		ch.Config.encode(e)
	case CommandZero:
		if ch.Service.ServiceID != (ServiceID{}) {
			e.nest(attrService, ch.Service.ServiceID.encode)
		}
	case CommandFlush:
	default:
		e.fail(fmt.Errorf("%s is not a change", ch.Command))
	}
}
