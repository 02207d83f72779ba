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
	lines      int  // that are good
	bad        bool // there are bad ones too
	services   map[ipvs.ServiceID]*desiredService
	config     ipvs.Config // zero where the file does not say
	configLine int
	daemons    map[ipvs.DaemonState]desiredDaemon
	later      laterLines
	impossible remarks // on lines that the kernel would refuse, such as that of a server of no service
	repeated   remarks // on lines that say again what an earlier one said
}

type desiredService struct {
	ipvs.Service
	line    int // that says so
	deleted bool
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
	d.lines++
	ch, ok := line.command.change()
	if !ok {
		d.later.add(laterLine{shownLine: line.shown(d.later.lastWords())})
		return
	}
	switch err := d.carryOut(&ch, line.number).(type) {
	case syscall.Errno:
		d.impossible.add(line.number, &ipvs.Error{Command: ch.Command, Errno: err})
	case repetition:
		d.repeated.add(line.number, err)
	}
}

// carryOut makes a change in memory. The error is a syscall.Errno, what the kernel
// would say, or a repetition.
func (d *desired) carryOut(ch *ipvs.Change, line int) error {
	switch ch.Command {
	case ipvs.CommandFlush:
		for _, s := range d.services {
			s.deleted = true
		}
		clear(d.services)
	case ipvs.CommandSetConfig:
		d.setConfig(ch.Config)
		d.configLine = line
	case ipvs.CommandNewDaemon:
		if before := d.daemons[ch.Daemon.State]; before == (desiredDaemon{Daemon: ch.Daemon, line: before.line}) {
			return repetition(before.line)
		}
		d.daemons[ch.Daemon.State] = desiredDaemon{Daemon: ch.Daemon, line: line}
	case ipvs.CommandDelDaemon:
		d.daemons[ch.Daemon.State] = desiredDaemon{Daemon: ch.Daemon, stopped: true, line: line}
	case ipvs.CommandZero:
		s := d.services[ch.Service.ServiceID]
		if s == nil && ch.Service.ServiceID != (ipvs.ServiceID{}) {
			return unix.ESRCH
		}
		d.later.add(laterLine{shownLine: shownLine{number: line}, zeroed: s})
	case ipvs.CommandNewService, ipvs.CommandSetService, ipvs.CommandDelService:
		return d.changeService(ch, line)
	default:
		return d.changeServer(ch, line)
	}
	return nil
}

func (d *desired) changeService(ch *ipvs.Change, line int) error {
	id := ch.Service.ServiceID
	s := d.services[id]
	switch {
	case ch.Command == ipvs.CommandNewService && s != nil && s.Service == ch.Service:
		return repetition(s.line)
	case ch.Command == ipvs.CommandNewService && s != nil:
		return unix.EEXIST
	case ch.Command != ipvs.CommandNewService && s == nil:
		return unix.ESRCH
	case ch.Command == ipvs.CommandDelService:
		s.deleted = true
		delete(d.services, id)
	case s != nil:
		s.Service, s.line = ch.Service, line
	default:
		d.services[id] = &desiredService{Service: ch.Service, line: line}
	}
	return nil
}

func (d *desired) changeServer(ch *ipvs.Change, line int) error {
	s := d.services[ch.Service.ServiceID]
	if s == nil {
		return unix.ESRCH
	}
	server := s.servers.find(ch.Destination.DestinationID)
	switch {
	case ch.Command == ipvs.CommandNewDestination && server != nil && server.Destination == ch.Destination:
		return repetition(server.line)
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
	return nil
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

// table has the services in the order of their lines.
func (d *desired) table() ipvs.Table {
	table := make(ipvs.Table, 0, len(d.services))
	for _, s := range d.inOrder() {
		table = append(table, s.entry())
	}
	return table
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
