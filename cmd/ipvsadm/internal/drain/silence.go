// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"hash/maphash"
	"iter"
	"maps"
	"net/netip"
	"time"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// silence finds out for how long no packet came on any connection of a server. It compares
// readings of the connection table: a packet restarts the timer of its entry, so while an
// entry gets none, the moment of its expiry stays the same.
//
// Timeouts depend on the protocol, the state, sysctls and --set, so it needs none of them.
// The counters of the server are cheaper, but the kernel brings them up to date only every
// two seconds, and with run_estimation=0 never.
type silence struct {
	expiry map[uint64]time.Duration // by the hash of an entry: when it expires, since epoch
	active time.Time                // when a packet may have come last
	read   time.Time                // of the last reading, zero before it
	seen   uint32                   // entries in the last reading
	last   time.Duration            // the longest time to an expiry in the last reading

	// Of the reading in progress: the entries, those whose expiry differs, by how much at
	// most, and whether there are new ones.
	next, differs map[uint64]time.Duration
	most          time.Duration
	fresh         bool
}

var seed = maphash.MakeSeed()

// rounding is how far two moments of expiry may be apart without a packet. /proc cuts times
// to whole seconds.
const rounding = time.Second + 250*time.Millisecond

// maxGap is the longest time between two entries of a reading. A busy machine may take
// longer, and then nobody knows when the kernel has written the entries.
const maxGap = 2 * time.Second

// begin begins a reading.
func (s *silence) begin() {
	s.next, s.differs = map[uint64]time.Duration{}, map[uint64]time.Duration{}
	s.seen, s.last, s.most, s.fresh = 0, 0, 0, false
}

// add adds an entry, which was read at a time since epoch.
func (s *silence) add(e *ipvs.ConnEntry, at time.Duration) {
	s.seen++
	s.last = max(s.last, e.Expires)
	key := maphash.Comparable(seed, entryKey{e.Protocol, e.State, e.Client, e.Virtual, e.Destination})
	now := at + e.Expires
	before, known := s.expiry[key]
	if !known {
		s.fresh, before = true, now
	}
	if difference := (now - before).Abs(); difference > rounding {
		s.differs[key] = now
		s.most = max(s.most, difference)
	}
	s.next[key] = before
}

// entryKey identifies an entry in a state, as a packet that changes the state restarts the
// timer, too.
type entryKey struct {
	protocol, state              string
	client, virtual, destination netip.AddrPort
}

// end ends a reading whose entries may have been read so much later than they were written.
// A difference that may come from that is none for now: after a packet it would not go away.
func (s *silence) end(at time.Time, late time.Duration) {
	if s.fresh || s.most > rounding+late || s.read.IsZero() {
		s.active = at
		maps.Copy(s.next, s.differs)
	}
	s.expiry, s.read = s.next, at
	s.next, s.differs = nil, nil
}

// duration is how long the server was silent at the last reading.
func (s *silence) duration() time.Duration { return s.read.Sub(s.active) }

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

// read reads the entries of all targets. A reading that took too long does not count.
func (c *connTable) read(entries iter.Seq2[ipvs.ConnEntry, error], now func() time.Time, epoch time.Time, targets []*target) error {
	for _, t := range targets {
		t.silence.begin()
	}
	at, gap := now(), time.Duration(0)
	for e, err := range entries {
		if err != nil {
			return err
		}
		before := at
		at = now()
		gap = max(gap, at.Sub(before))
		if e.Client.Port() == 0 {
			continue // a template, whose timer tells nothing of packets
		}
		for _, t := range c.byServer[e.Destination] {
			t.add(&e, at.Sub(epoch))
		}
		for _, t := range c.byAddr[e.Destination.Addr()] {
			t.add(&e, at.Sub(epoch))
		}
	}
	if gap > maxGap {
		return nil
	}
	for _, t := range targets {
		t.silence.end(at, gap)
	}
	return nil
}

// add adds an entry of the server if it may belong to the service. An entry does not tell
// the firewall mark that it came with.
func (t *target) add(e *ipvs.ConnEntry, at time.Duration) {
	if id := t.id(); id.FWMark == 0 {
		port := id.AddrPort.Port()
		if e.Protocol != id.Protocol.String() || e.Virtual.Addr() != id.AddrPort.Addr() || port != 0 && port != e.Virtual.Port() {
			return
		}
	}
	t.silence.add(e, at)
}
