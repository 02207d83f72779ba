package main

import (
	"cmp"
	"maps"
	"slices"
	"syscall"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"golang.org/x/sys/unix"
)

// desired is what a rules file says that the kernel shall be.
type desired struct {
	keepTable  bool // whatever services there are shall stay
	services   map[ipvs.ServiceID]*desiredService
	config     ipvs.Config // zero where the file does not say
	configLine int
	daemons    map[ipvs.DaemonState]desiredDaemon
	later      []ruleLine // what shows or zeroes something, when all else is done
	impossible []impossibleLine
}

// impossibleLine is a line that the kernel would refuse, such as that of a server
// of a service that is not there.
type impossibleLine struct {
	number int
	err    error
}

type desiredService struct {
	ipvs.Service
	line    int // that says so
	servers serverList
}

// desiredDaemon shall run, or if stopped is set it shall not.
type desiredDaemon struct {
	ipvs.Daemon
	stopped bool
	line    int    // that says so, 0 for what a configuration says
	origin  string // which configuration, with a colon
}

func newDesired() *desired {
	return &desired{
		services: map[ipvs.ServiceID]*desiredService{},
		daemons:  map[ipvs.DaemonState]desiredDaemon{},
	}
}

// add carries out a line in memory. One that the kernel would refuse is without
// effect.
func (d *desired) add(line ruleLine) {
	ch, ok := line.command.change()
	if !ok {
		d.later = append(d.later, line.kept())
		return
	}
	var errno syscall.Errno
	switch ch.Command {
	case ipvs.CommandFlush:
		clear(d.services)
		d.forgetZeroing(func(ipvs.ServiceID) bool { return true })
	case ipvs.CommandSetConfig:
		d.setConfig(ch.Config)
		d.configLine = line.number
	case ipvs.CommandNewDaemon:
		d.daemons[ch.Daemon.State] = desiredDaemon{Daemon: ch.Daemon, line: line.number}
	case ipvs.CommandDelDaemon:
		d.daemons[ch.Daemon.State] = desiredDaemon{Daemon: ch.Daemon, stopped: true, line: line.number}
	case ipvs.CommandZero:
		if id := ch.Service.ServiceID; id != (ipvs.ServiceID{}) && d.services[id] == nil {
			errno = unix.ESRCH
			break
		}
		d.later = append(d.later, line.kept())
	case ipvs.CommandNewService, ipvs.CommandSetService, ipvs.CommandDelService:
		errno = d.changeService(&ch, line.number)
	default:
		errno = d.changeServer(&ch, line.number)
	}
	if errno != 0 {
		d.impossible = append(d.impossible, impossibleLine{line.number, &ipvs.Error{Command: ch.Command, Errno: errno}})
	}
}

func (d *desired) changeService(ch *ipvs.Change, line int) syscall.Errno {
	id := ch.Service.ServiceID
	s := d.services[id]
	switch {
	case ch.Command == ipvs.CommandNewService && s != nil:
		return unix.EEXIST
	case ch.Command != ipvs.CommandNewService && s == nil:
		return unix.ESRCH
	case ch.Command == ipvs.CommandDelService:
		delete(d.services, id)
		d.forgetZeroing(func(zeroed ipvs.ServiceID) bool { return zeroed == id })
	case s != nil:
		s.Service, s.line = ch.Service, line
	default:
		d.services[id] = &desiredService{Service: ch.Service, line: line}
	}
	return 0
}

func (d *desired) changeServer(ch *ipvs.Change, line int) syscall.Errno {
	s := d.services[ch.Service.ServiceID]
	if s == nil {
		return unix.ESRCH
	}
	server := s.servers.find(ch.Destination.DestinationID)
	switch {
	case ch.Command == ipvs.CommandNewDestination && server != nil:
		return unix.EEXIST
	case ch.Command == ipvs.CommandNewDestination:
		s.servers.add(ch.Destination, line)
	case server == nil:
		return unix.ENOENT
	case ch.Command == ipvs.CommandDelDestination:
		s.servers.remove(server)
	default:
		*server = desiredServer{ch.Destination, line}
	}
	return 0
}

// forgetZeroing drops what was to be zeroed of services that are gone.
func (d *desired) forgetZeroing(gone func(ipvs.ServiceID) bool) {
	d.later = slices.DeleteFunc(d.later, func(line ruleLine) bool {
		ch, ok := line.command.change()
		return ok && ch.Command == ipvs.CommandZero && ch.Service.ServiceID != (ipvs.ServiceID{}) && gone(ch.Service.ServiceID)
	})
}

// setConfig keeps earlier values where the new ones are zero, as the kernel does.
func (d *desired) setConfig(c ipvs.Config) {
	d.config = ipvs.Config{
		TCP:    cmp.Or(c.TCP, d.config.TCP),
		TCPFin: cmp.Or(c.TCPFin, d.config.TCPFin),
		UDP:    cmp.Or(c.UDP, d.config.UDP),
	}
}

// inOrder lists the services in the order of their lines.
func (d *desired) inOrder() []*desiredService {
	return slices.SortedFunc(maps.Values(d.services), func(a, b *desiredService) int { return cmp.Compare(a.line, b.line) })
}

// entry is the service with its servers, in the order in which they were added.
func (s *desiredService) entry() ipvs.TableEntry {
	return ipvs.TableEntry{Service: s.Service, Destinations: s.servers.left()}
}

// lineOf is the line to blame if the kernel refuses a change, 0 if it is about
// something that the file does not mention.
func (d *desired) lineOf(ch ipvs.Change) int {
	switch ch.Command {
	case ipvs.CommandNewDaemon, ipvs.CommandDelDaemon:
		return d.daemons[ch.Daemon.State].line
	case ipvs.CommandSetConfig:
		return d.configLine
	}
	s := d.services[ch.Service.ServiceID]
	if s == nil {
		return 0
	}
	if server := s.servers.find(ch.Destination.DestinationID); server != nil {
		return server.line
	}
	return s.line
}
