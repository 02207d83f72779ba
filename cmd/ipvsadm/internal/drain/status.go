// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// Status is how far a drain is.
type Status struct {
	Time          time.Time
	Elapsed, Wait time.Duration // Wait is 0 without a limit
	Servers       []ServerStatus
	// Notes explain what keeps servers from being drained, and what helps.
	Notes []string
}

// ServerStatus is how far a drain is with one server of a service.
type ServerStatus struct {
	Service ipvs.ServiceID
	Server  ipvs.DestinationID
	// Before is the weight that the server had, and Weight what it has now. Without a
	// reading, the numbers are those before the drain.
	Before, Weight                uint32
	Active, Inactive, Persistents uint32
	State                         State
	// Silent is how long no packet has come.
	Silent time.Duration
	// Text says what the drain waits for.
	Text string
}

// State is what has become of a server.
type State int

// The states.
const (
	Waiting  State = iota // for its connections to end
	Drained               // its connections have ended, and it stays with weight 0
	Removed               // from its service
	Restored              // as it was before
)

var stateWords = [...]string{Waiting: "waiting", Drained: "drained", Removed: "removed", Restored: "restored"}

func (s State) String() string { return stateWords[s] }

func (d *Drain) status() Status {
	s := Status{Time: d.Now(), Wait: d.Wait, Notes: d.notes()}
	s.Elapsed = s.Time.Sub(d.began)
	for _, t := range d.targets {
		server := ServerStatus{
			Service: t.id(), Server: t.server(), Before: t.before.Weight, Weight: t.before.Weight,
			Active: t.now.ActiveConns, Inactive: t.now.InactiveConns, Persistents: t.now.PersistentConns, State: t.state(), Text: d.text(t),
		}
		switch {
		case t.foreign:
			server.Weight = t.now.Weight
		case t.quiesced, t.removed:
			server.Weight = 0
		}
		if !t.lastPacket.IsZero() {
			server.Silent = max(s.Time.Sub(d.lastPacket(t)), 0)
		}
		s.Servers = append(s.Servers, server)
	}
	return s
}

// lastPacket returns when a packet may have come last. The connection table knows better
// than the counters if it was read.
func (d *Drain) lastPacket(t *target) time.Time {
	if !t.silence.read.IsZero() && d.silenceMatters(t) && !d.byCounters() {
		return t.silence.active
	}
	return t.lastPacket
}

func (t *target) state() State {
	switch {
	case t.removed:
		return Removed
	case t.restored:
		return Restored
	case t.done:
		return Drained
	}
	return Waiting
}

// text says in a few words what a target waits for.
func (d *Drain) text(t *target) string {
	switch state := t.state(); {
	case state != Waiting:
		return state.String()
	case d.stuck(t) && t.came:
		return "clients still come back, see below"
	case t.now.ActiveConns > 0:
		return fmt.Sprintf("%d open, newest %s old", t.now.ActiveConns, Clock(d.Now().Sub(t.newest)))
	case t.silence.halfClosed > 0 && t.tellsHalfClosed():
		return fmt.Sprintf("%d half closed, entries end in at most %s", t.silence.halfClosed, Clock(t.silence.last))
	case t.now.InactiveConns > 0 && d.nodest && t.silence.last > 0:
		return fmt.Sprintf("entries end in at most %s", Clock(t.silence.last))
	case t.now.InactiveConns > 0:
		return fmt.Sprintf("%d end by timeout", t.now.InactiveConns)
	case d.Sessions && t.now.PersistentConns > 0:
		return fmt.Sprintf("%d templates", t.now.PersistentConns)
	}
	return "no connections"
}

// stuck tells whether persistent clients of a target are still sent to it.
func (d *Drain) stuck(t *target) bool {
	return t.persistent() && t.now.PersistentConns > 0 && !d.quiesce && t.state() == Waiting
}

// notes explains what the user can do, besides waiting.
func (d *Drain) notes() (notes []string) {
	var names []string
	clients := uint32(0)
	udp := false
	for _, t := range d.targets {
		if d.stuck(t) {
			names = append(names, t.id().String())
			clients += t.now.PersistentConns
		}
		udp = udp || t.id().Protocol == ipvs.UDP && t.state() == Waiting && t.connections() > 0 && !d.nodest
	}
	if len(names) > 0 {
		notes = append(notes, fmt.Sprintf("Persistence: clients of %s are still sent here (%s). To send them elsewhere, and those of all other "+
			"servers with weight 0: sysctl -w net.ipv4.vs.expire_quiescent_template=1", strings.Join(names, ", "), counted(int(clients), "template", "templates")))
	}
	if udp {
		notes = append(notes, "UDP: a client that keeps its port stays here as long as it sends. To remove servers once it pauses for 10 seconds: "+
			"sysctl -w net.ipv4.vs.expire_nodest_conn=1")
	}
	return notes
}

// summary says what the drain has done, and how to go back from there.
func (d *Drain) summary(err error) (lines []string) {
	took := Clock(d.Now().Sub(d.began))
	removed, cut, left, templates := 0, uint64(0), uint64(0), uint64(0)
	for _, t := range d.targets {
		if t.removed {
			removed++
			cut += uint64(t.cut)
		} else {
			left += uint64(t.connections())
			if d.Sessions {
				templates += uint64(t.now.PersistentConns)
			}
		}
	}
	var stopped *StoppedError
	switch {
	case err == nil && d.KeepServers:
		return []string{fmt.Sprintf("Drained in %s; %s, with weight 0.", took, counted(len(d.targets), "server stays", "servers stay"))}
	case err == nil:
		return []string{fmt.Sprintf("Drained in %s; %s removed, %s.", took, counted(removed, "server", "servers"), cutText(cut))}
	case errors.Is(err, ErrInterrupted):
		return []string{fmt.Sprintf("Interrupted after %s; everything is as before.", took)}
	case errors.As(err, &stopped):
		lines = strings.Split(fmt.Sprintf("Stopped after %s: %v", took, stopped), "\n")
	default:
		lines = []string{fmt.Sprintf("Not drained in %s; %s left.", took, leftText(left, templates))}
	}
	if stopped == nil {
		lines = append(lines, d.notes()...)
	}
	if errors.Is(err, ipvs.ErrNoIPVS) {
		return append(lines, "The table is gone with the module; ipvsadm-restore brings back one that was saved.")
	}
	rules := d.undone()
	switch {
	case len(rules) == 0 && stopped == nil:
		return append(lines, "Everything is as before.")
	case len(rules) == 0:
		return append(lines, "Everything else is as before.")
	}
	lines = append(lines, "To go on, drain again. To go back, give these rules to ipvsadm -R:")
	return append(lines, rules...)
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func leftText(connections, templates uint64) string {
	switch {
	case templates == 0:
		return counted(int(connections), "connection is", "connections are")
	case connections == 0:
		return counted(int(templates), "template is", "templates are")
	}
	return fmt.Sprintf("%s and %s are", counted(int(connections), "connection", "connections"), counted(int(templates), "template", "templates"))
}

func cutText(n uint64) string {
	if n == 0 {
		return "no connection was cut"
	}
	return counted(int(n), "connection was cut", "connections were cut")
}

// Clock writes a duration as 0:42 or 1:02:03.
func Clock(d time.Duration) string {
	s := int64(max(d, 0) / time.Second)
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}
