// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"cmp"
	"io"
	"maps"
	"slices"
	"strings"
	"syscall"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/cmdline"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/resolve"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"golang.org/x/sys/unix"
)

// Desired is the state that rules describe. Lines are applied to it in order, as the
// kernel would apply them; lines that zero counters, or that list or save the table,
// wait until the kernel has that state.
type Desired struct {
	// KeepTable makes Reconcile leave services and destinations alone.
	KeepTable bool
	// Bad is set if at least one line could not be parsed.
	Bad bool

	lines        int // that could be parsed
	services     map[ipvs.ServiceID]*desiredService
	timeouts     ipvs.Timeouts // zero where the rules do not say
	timeoutsLine int
	daemons      map[ipvs.DaemonState]desiredDaemon
	sysctls      []outputLine // lines that set sysctls, which are executed first
	deferred     deferredLines
	rejected     diagnostics // lines that the kernel would reject, such as a destination without its service
	duplicates   diagnostics // lines that repeat an earlier one
	missing      map[subject]*missing
	otherPorts   []OtherPort
}

// OtherPort is a server that was written with another port than that of its service, which it
// gets instead.
type OtherPort struct {
	Service ipvs.ServiceID
	Server  ipvs.DestinationID
	Port    uint16 // that was written
}

// OtherPorts returns these servers, in the order of their lines.
func (d *Desired) OtherPorts() []OtherPort { return d.otherPorts }

type desiredService struct {
	ipvs.Service
	line         int // the line that last set it
	deleted      bool
	destinations destinationList
}

// desiredDaemon is a sync daemon that must run or, if stopped is set, must not.
type desiredDaemon struct {
	ipvs.Daemon
	stopped bool
	line    int    // the line that says so, 0 if a configuration does
	origin  string // the configuration, as a prefix for messages
}

// NewDesired returns a state without services that leaves timeouts and daemons alone.
func NewDesired() *Desired {
	return &Desired{
		services: map[ipvs.ServiceID]*desiredService{},
		daemons:  map[ipvs.DaemonState]desiredDaemon{},
		missing:  map[subject]*missing{},
	}
}

// Read applies the rules in r. Lines that the kernel would reject have no effect; see
// ReportDiagnostics.
func (d *Desired) Read(r io.Reader, hosts *resolve.Resolver, report *Report) {
	d.Bad = readDescription(r, hosts, report, d.add)
}

// ReadInto is Read for rules that are to be replayed on an empty table: it adds the lines
// to replay, except those that only repeat an earlier one.
func (d *Desired) ReadInto(replay *Replay, r io.Reader, hosts *resolve.Resolver, report *Report) {
	replay.cleared = true
	d.Bad = readDescription(r, hosts, report, func(line Line) {
		d.lines++
		if e := &line.Command.Edit; line.Command.Kind == cmdline.Change && e.Command != ipvs.CommandZero {
			if earlier, ok := d.apply(e, line.Number).(duplicate); ok {
				d.duplicates.add(line.Number, earlier)
				return
			}
		}
		replay.Add(line)
	})
}

// AddDaemon adds a daemon that must run, unless the rules mention a daemon of its state.
// origin is a prefix for messages, such as "/etc/default/ipvsadm: DAEMON: ".
func (d *Desired) AddDaemon(daemon ipvs.Daemon, origin string) {
	if _, named := d.daemons[daemon.State]; !named {
		d.daemons[daemon.State] = desiredDaemon{Daemon: daemon, origin: origin}
	}
}

// Sysctls returns the words of the lines that set sysctls.
func (d *Desired) Sysctls() (lines [][]string) {
	for _, line := range d.sysctls {
		lines = append(lines, strings.Split(line.words, " "))
	}
	return lines
}

// IsEmpty tells whether Reconcile would have nothing to do: KeepTable is set, and there
// are no daemons.
func (d *Desired) IsEmpty() bool { return d.KeepTable && len(d.daemons) == 0 }

func (d *Desired) add(line Line) {
	d.lines++
	if line.Command.Kind == cmdline.Sysctl {
		d.sysctls = append(d.sysctls, line.output(""))
		return
	}
	if line.Command.Kind != cmdline.Change {
		d.deferred.add(deferredLine{outputLine: line.output(d.deferred.lastWords())})
		return
	}
	e := &line.Command.Edit
	if e.WrittenPort != 0 {
		d.otherPorts = append(d.otherPorts, OtherPort{e.Service.ServiceID, e.Destination.DestinationID, e.WrittenPort})
	}
	switch err := d.apply(e, line.Number).(type) {
	case syscall.Errno:
		d.rejected.add(line.Number, d.refusal(e, err, line.Number))
	case duplicate:
		d.duplicates.add(line.Number, err)
	}
}

// apply makes a change in memory. The error is a duplicate, or the syscall.Errno
// with which the kernel would reject the change.
func (d *Desired) apply(e *cmdline.Edit, line int) error {
	switch e.Command {
	case ipvs.CommandFlush:
		for _, s := range d.services {
			s.deleted = true
		}
		clear(d.services)
	case ipvs.CommandSetConfig:
		d.setTimeouts(e.Timeouts)
		d.timeoutsLine = line
	case ipvs.CommandNewDaemon:
		if before, known := d.daemons[e.Daemon.State]; known && !before.stopped {
			if before.Daemon == e.Daemon {
				return duplicate(before.line)
			}
			return unix.EEXIST
		}
		d.daemons[e.Daemon.State] = desiredDaemon{Daemon: e.Daemon, line: line}
	case ipvs.CommandDelDaemon:
		d.daemons[e.Daemon.State] = desiredDaemon{Daemon: e.Daemon, stopped: true, line: line}
	case ipvs.CommandZero:
		s := d.services[e.Service.ServiceID]
		if s == nil && e.Service.ServiceID != (ipvs.ServiceID{}) {
			return unix.ESRCH
		}
		d.deferred.add(deferredLine{outputLine: outputLine{number: line}, zeroed: s})
	case ipvs.CommandNewService, ipvs.CommandSetService, ipvs.CommandDelService:
		return d.changeService(e, line)
	default:
		return d.changeDestination(e, line)
	}
	return nil
}

func (d *Desired) changeService(e *cmdline.Edit, line int) error {
	id := e.Service.ServiceID
	s := d.services[id]
	switch {
	case e.Command == ipvs.CommandNewService && s != nil && s.Service == e.Service:
		return duplicate(s.line)
	case e.Command == ipvs.CommandNewService && s != nil:
		return unix.EEXIST
	case e.Command != ipvs.CommandNewService && s == nil:
		return unix.ESRCH
	case e.Command == ipvs.CommandDelService:
		s.deleted = true
		delete(d.services, id)
	case s != nil:
		s.Service, s.line = e.Service, line
	default:
		d.services[id] = &desiredService{Service: e.Service, line: line}
		d.found(subject{service: id}, line)
	}
	return nil
}

func (d *Desired) changeDestination(e *cmdline.Edit, line int) error {
	s := d.services[e.Service.ServiceID]
	if s == nil {
		return unix.ESRCH
	}
	destination := s.destinations.find(e.Destination.DestinationID)
	switch {
	case e.Command == ipvs.CommandNewDestination && destination != nil && destination.Destination == e.Destination:
		return duplicate(destination.line)
	case e.Command == ipvs.CommandNewDestination && destination != nil:
		return unix.EEXIST
	case e.Command == ipvs.CommandNewDestination:
		s.destinations.add(e.Destination, line)
		d.found(subject{e.Service.ServiceID, e.Destination.DestinationID}, line)
	case destination == nil:
		return unix.ENOENT
	case e.Command == ipvs.CommandDelDestination:
		s.destinations.remove(destination)
	default:
		*destination = desiredDestination{e.Destination, line}
	}
	return nil
}

// setTimeouts sets the timeouts that are not zero, as the kernel does.
func (d *Desired) setTimeouts(c ipvs.Timeouts) {
	d.timeouts = ipvs.Timeouts{
		TCP:    cmp.Or(c.TCP, d.timeouts.TCP),
		TCPFin: cmp.Or(c.TCPFin, d.timeouts.TCPFin),
		UDP:    cmp.Or(c.UDP, d.timeouts.UDP),
	}
}

// servicesInOrder returns the services in the order of their lines.
func (d *Desired) servicesInOrder() []*desiredService {
	return slices.SortedFunc(maps.Values(d.services), func(a, b *desiredService) int { return cmp.Compare(a.line, b.line) })
}

// entry returns the service with its destinations, in the order in which they were added.
func (s *desiredService) entry() ipvs.TableEntry {
	return ipvs.TableEntry{Service: s.Service, Destinations: s.destinations.remaining()}
}

// lineOf returns the line that asks for a change, or 0 if no line mentions its subject.
func (d *Desired) lineOf(ch ipvs.Change) int {
	switch ch.Command() {
	case ipvs.CommandNewDaemon, ipvs.CommandDelDaemon:
		return d.daemons[ch.Daemon().State].line
	case ipvs.CommandSetConfig:
		return d.timeoutsLine
	}
	s := d.services[ch.ServiceID()]
	if s == nil {
		return 0
	}
	if destination := s.destinations.find(ch.Destination().DestinationID); destination != nil {
		return destination.line
	}
	return s.line
}
