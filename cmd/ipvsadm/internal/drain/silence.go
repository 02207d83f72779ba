// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"hash/maphash"
	"iter"
	"math"
	"net/netip"
	"time"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// silence finds out for how long no packet came on any connection of a server. It compares
// readings of the connection table: a packet restarts the timer of its entry, so while an
// entry gets none, the moment of its expiry stays the same.
//
// A busy machine may interrupt a reading, and then nobody knows when exactly the kernel has
// written an entry. So each reading bounds the moment of expiry, and several readings bound
// it closely.
//
// Timeouts depend on the protocol, the state, sysctls and --set, so it needs none of them.
// The counters of the server are cheaper, but the kernel brings them up to date only every
// two seconds, and with run_estimation=0 never.
type silence struct {
	timers map[uint64]timer // by the hash of an entry
	known  time.Time        // when a packet has come last
	active time.Time        // when one may have come last, which the next reading may deny
	silent time.Duration    // how long no packet had come at least at the last reading
	read   time.Time        // when the last reading ended, zero before it
	seen   uint32           // entries in it
	last   time.Duration    // the longest time to an expiry in it

	halfClosed uint32 // TCP connections in it that only the client has closed

	reading reading // in progress
}

// reading is a reading of the connection table. All times are since epoch.
type reading struct {
	began  time.Duration
	timers map[uint64]timer
	known  time.Duration // and the others are as those of silence
	active time.Duration
	silent time.Duration
}

// timer is what is known of the timer of an entry, and of the last packet, which started it.
// All moments are since epoch.
type timer struct {
	min, max      time.Duration // it ends between these moments
	after, before time.Duration // the packet came between these moments
	timeout       time.Duration // it runs for so long at least
	quiet         time.Duration // no other packet came before this moment
}

var seed = maphash.MakeSeed()

const (
	// rounding is what /proc cuts off a time at most.
	rounding = time.Second
	// tolerance is how far the bounds of one timer may be apart, because the kernel's
	// clock ticks.
	tolerance = 250 * time.Millisecond
)

// begin begins a reading.
func (s *silence) begin(began time.Duration) {
	s.reading = reading{began: began, timers: make(map[uint64]timer, len(s.timers)), silent: math.MaxInt64}
	s.seen, s.last, s.halfClosed = 0, 0, 0
}

// add adds an entry that was written before a time since epoch.
func (s *silence) add(e *ipvs.ConnEntry, before time.Duration) {
	s.seen++
	s.last = max(s.last, e.Expires)
	if e.Protocol == "TCP" && e.State == "CLOSE_WAIT" {
		s.halfClosed++
	}
	key := maphash.Comparable(seed, entryKey{e.Protocol, e.State, e.Client, e.Virtual, e.Destination})
	now := newTimer(s.reading.began, before, e.Expires)
	packet := before
	if t, known := s.timers[key]; known {
		now, packet = t.compare(now)
	}
	s.reading.timers[key] = now
	s.reading.known = max(s.reading.known, now.packet())
	s.reading.active = max(s.reading.active, packet)
	s.reading.silent = min(s.reading.silent, before-packet)
}

// entryKey identifies an entry in a state, as a packet that changes the state restarts the
// timer, too.
type entryKey struct {
	protocol, state              string
	client, virtual, destination netip.AddrPort
}

// end ends a reading. One without entries tells nothing.
func (s *silence) end(epoch time.Time, ended time.Duration) {
	r := &s.reading
	if s.seen == 0 {
		r.known, r.active, r.silent = ended, ended, 0
	}
	s.timers, s.silent = r.timers, r.silent
	s.known, s.active, s.read = epoch.Add(r.known), epoch.Add(r.active), epoch.Add(ended)
	s.reading = reading{}
}

// newTimer returns what a reading that began at a time tells of an entry that was written
// before another.
func newTimer(began, before, expires time.Duration) timer {
	return timer{min: began + expires, max: before + expires + rounding, after: began, before: before, timeout: expires, quiet: began}
}

// packet returns when the packet came at the latest.
func (t *timer) packet() time.Duration {
	if latest := t.max - t.timeout; latest >= t.after-rounding {
		return min(latest, t.before)
	}
	return t.before // the timeout is another one now
}

// compare compares the timer with what a later reading tells of it. It returns what both tell,
// and when the last packet may have come.
func (t timer) compare(now timer) (both timer, packet time.Duration) {
	switch {
	case now.max < t.min-tolerance: // a packet, and a shorter timeout
		return now, now.before
	case now.min > t.max+tolerance: // a packet
		now.timeout = max(now.timeout, t.timeout, t.min-t.packet())
		now.after = t.quiet
		if now.min <= t.max+rounding {
			now.after = t.after // earlier readings may have missed it
		}
		return now, now.packet()
	}
	hidden := max(now.max-t.max-tolerance, 0) // by so much, a packet may have come later
	t.max = max(min(t.max, now.max), t.min)
	if hidden <= rounding-tolerance {
		t.quiet, t.min = now.quiet, min(max(t.min, now.min), t.max)
	}
	return t, min(t.packet()+hidden, now.before)
}

// connTable assigns entries of the connection table to targets.
type connTable struct {
	byServer map[netip.AddrPort][]*target
	byAddr   map[netip.Addr][]*target // of servers for all ports
}

func newConnTable(targets []*target) *connTable {
	c := &connTable{map[netip.AddrPort][]*target{}, map[netip.Addr][]*target{}}
	for _, t := range targets {
		if end := t.server().AddrPort; end.Port() != 0 {
			c.byServer[end] = append(c.byServer[end], t)
		} else {
			c.byAddr[end.Addr()] = append(c.byAddr[end.Addr()], t)
		}
	}
	return c
}

// read reads the entries of all targets.
func (c *connTable) read(entries iter.Seq2[ipvs.ConnEntry, error], now func() time.Time, epoch time.Time, targets []*target) error {
	began := now().Sub(epoch)
	for _, t := range targets {
		t.silence.begin(began)
	}
	for e, err := range entries {
		if err != nil {
			return err
		}
		if e.Client.Port() == 0 {
			continue // a template, whose timer tells nothing of packets
		}
		before := now().Sub(epoch)
		for _, t := range c.byServer[e.Destination] {
			t.add(&e, before)
		}
		for _, t := range c.byAddr[e.Destination.Addr()] {
			t.add(&e, before)
		}
	}
	ended := now().Sub(epoch)
	for _, t := range targets {
		t.silence.end(epoch, ended)
	}
	return nil
}

// add adds an entry of the server if it may belong to the service. An entry does not tell
// the firewall mark that it came with.
func (t *target) add(e *ipvs.ConnEntry, before time.Duration) {
	if id := t.id(); id.FWMark == 0 {
		port := id.AddrPort.Port()
		if e.Protocol != id.Protocol.String() || e.Virtual.Addr() != id.AddrPort.Addr() || port != 0 && port != e.Virtual.Port() {
			return
		}
	}
	t.silence.add(e, before)
}
