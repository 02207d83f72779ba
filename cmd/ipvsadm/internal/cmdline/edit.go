// SPDX-License-Identifier: Apache-2.0

package cmdline

import "github.com/ipvsadm-go/ipvsadm/ipvs"

// Edit is what a command of kind Change says. Fields that its Command does not need are zero.
type Edit struct {
	Command     ipvs.Command
	Service     ipvs.Service     // only its ServiceID, unless the command adds or edits a service
	Destination ipvs.Destination // only its DestinationID, unless the command adds or edits one
	Daemon      ipvs.Daemon      // only its State, if the command stops one
	Timeouts    ipvs.Timeouts
	// WrittenPort is the port that was given for a server that gets that of its service
	// instead, and 0 if there is none.
	WrittenPort uint16
}

// Change returns the change of the kernel that the command makes.
func (e *Edit) Change() ipvs.Change {
	id := e.Service.ServiceID
	switch e.Command {
	case ipvs.CommandNewService:
		return ipvs.NewService(e.Service)
	case ipvs.CommandSetService:
		return ipvs.SetService(e.Service)
	case ipvs.CommandDelService:
		return ipvs.DelService(id)
	case ipvs.CommandNewDestination:
		return ipvs.NewDestination(id, e.Destination)
	case ipvs.CommandSetDestination:
		return ipvs.SetDestination(id, e.Destination)
	case ipvs.CommandDelDestination:
		return ipvs.DelDestination(id, e.Destination.DestinationID)
	case ipvs.CommandFlush:
		return ipvs.Flush()
	case ipvs.CommandZero:
		if id == (ipvs.ServiceID{}) {
			return ipvs.ZeroAll()
		}
		return ipvs.ZeroService(id)
	case ipvs.CommandSetConfig:
		return ipvs.SetTimeouts(e.Timeouts)
	case ipvs.CommandNewDaemon:
		return ipvs.StartDaemon(e.Daemon)
	}
	return ipvs.StopDaemon(e.Daemon.State)
}

// edit returns what a command of kind Change says.
func (b *builder) edit() Edit {
	service := ipvs.Service{ServiceID: b.service.ServiceID}
	switch b.action {
	case addService:
		return Edit{Command: ipvs.CommandNewService, Service: b.service}
	case editService:
		return Edit{Command: ipvs.CommandSetService, Service: b.service}
	case deleteService:
		return Edit{Command: ipvs.CommandDelService, Service: service}
	case addServer:
		return Edit{Command: ipvs.CommandNewDestination, Service: service, Destination: b.destination, WrittenPort: b.writtenPort}
	case editServer:
		return Edit{Command: ipvs.CommandSetDestination, Service: service, Destination: b.destination, WrittenPort: b.writtenPort}
	case deleteServer:
		id := b.destination.DestinationID
		return Edit{Command: ipvs.CommandDelDestination, Service: service, Destination: ipvs.Destination{DestinationID: id}}
	case flush:
		return Edit{Command: ipvs.CommandFlush}
	case zero:
		return Edit{Command: ipvs.CommandZero, Service: service}
	case setTimeouts:
		return Edit{Command: ipvs.CommandSetConfig, Timeouts: b.timeouts}
	case startDaemon:
		return Edit{Command: ipvs.CommandNewDaemon, Daemon: b.daemon}
	}
	return Edit{Command: ipvs.CommandDelDaemon, Daemon: ipvs.Daemon{State: b.daemon.State}}
}
