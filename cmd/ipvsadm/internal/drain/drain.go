// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// Drain takes servers out. All fields must be set.
type Drain struct {
	Options
	Source
	// WayBack writes the rules that put everything back, before the first change. If it
	// fails, nothing changes.
	WayBack func(rules string) error
	// Warn prints a line for the user.
	Warn func(text string)
	// Progress shows how far the drain is.
	Progress Progress

	targets  []*target
	began    time.Time
	start    time.Time     // of the last reading
	tick     time.Duration // what that took of a processor
	large    bool          // the connection table is so large that its reading takes long
	scanned  time.Time     // when it was read last
	scanTook time.Duration // what that took of a processor
	nodest   bool          // net.ipv4.vs.expire_nodest_conn, at the last reading
	quiesce  bool          // net.ipv4.vs.expire_quiescent_template
	checked  bool          // that other servers are left for new clients
	failures int           // readings in a row that failed
}

const (
	interval = time.Second
	// settled is how long inactive connections must have been silent.
	settled = 10 * time.Second
	// readingShare and scanShare bound the part of the time that readings take: of the
	// counters, and of the connection table as long as nothing depends on its reading.
	readingShare, scanShare = 10, 30
	// From so many entries on, or from a reading that took so long, the connection table
	// is large. The kernel begins at the first entry again for each page that it delivers.
	largeTable = 10_000
	longScan   = time.Second
	// maxFailures is how many readings in a row may fail, for example for lack of memory.
	maxFailures = 5
)

// The errors of Run besides those of the kernel before the first change.
var (
	// ErrInterrupted means that a signal ended the drain, and that everything was put back.
	ErrInterrupted = errors.New("interrupted; everything is as before")
	// ErrNotDrained means that the servers were not drained in time.
	ErrNotDrained = errors.New("not drained")
)

// StoppedError means that the drain stopped by itself, after its first change.
type StoppedError struct{ Reason error }

func (e *StoppedError) Error() string { return e.Reason.Error() }
func (e *StoppedError) Unwrap() error { return e.Reason }

// otherProgram is the reason to stop when another program changes what is drained.
type otherProgram struct{ what string }

func (e *otherProgram) Error() string { return "another program " + e.what }

// Run takes the servers out. Whatever it returns, the last thing that Progress gets says
// what has become of each server.
func (d *Drain) Run() error {
	table, err := d.Client.Table()
	if err != nil {
		return err
	}
	table.Sort()
	if d.targets, err = d.selectTargets(table); err != nil {
		return err
	}
	if !d.Force {
		if err := checkLast(table, d.targets); err != nil {
			return err
		}
	}
	d.large = connectionsIn(table) >= largeTable
	d.warn()
	if err := d.WayBack(d.wayBack()); err != nil {
		return err
	}
	d.began = d.Now()
	d.Progress.Begin(d.status())
	err = d.run()
	d.Progress.End(d.status(), d.summary(err), err)
	return err
}

func (d *Drain) run() error {
	if err := d.quiesceAll(); err != nil {
		return cmp.Or(d.undo(), err)
	}
	for next := d.began; ; {
		if d.sleep(next) {
			return cmp.Or(d.undo(), ErrInterrupted)
		}
		d.start = d.Now()
		err := d.read()
		if err == nil {
			err = d.removeDrained()
		}
		if errors.Is(err, ErrInterrupted) {
			return cmp.Or(d.undo(), ErrInterrupted)
		}
		if err = d.tolerate(err); err != nil {
			return d.stop(err)
		}
		if d.finished() {
			return nil
		}
		d.Progress.Reading(d.status())
		limit := d.began.Add(d.Wait)
		if d.Wait > 0 && !d.Now().Before(limit) {
			return d.atLimit()
		}
		next = d.next()
		if d.Wait > 0 && limit.Before(next) {
			next = limit
		}
	}
}

// next returns the time of the next reading: the next whole second since the beginning, or
// later after a long reading, or earlier if a target may be drained then.
func (d *Drain) next() time.Time {
	pause := max(interval, readingShare*d.tick)
	next := d.start.Add(pause - d.start.Sub(d.began)%interval)
	if due, ok := d.due(); ok && due.Before(next) {
		return due
	}
	return next
}

// due returns when a target may have been silent for long enough, if the connection table
// tells, but not so early that readings would take too large a part of the time.
func (d *Drain) due() (due time.Time, ok bool) {
	if d.byCounters() {
		return due, false
	}
	for _, t := range d.targets {
		if t.done || !d.silenceMatters(t) || t.silence.read.IsZero() {
			continue
		}
		for _, last := range []time.Time{t.silence.known, t.silence.active} {
			if at := last.Add(d.enough(t)); at.After(d.start) && (!ok || at.Before(due)) {
				due, ok = at, true
			}
		}
	}
	for _, earliest := range []time.Time{d.start.Add(max(slack, readingShare*d.tick)), d.scanned.Add(readingShare * d.scanTook)} {
		if due.Before(earliest) {
			due = earliest
		}
	}
	return due, ok
}

// tolerate returns nil for an error of a reading that may pass.
func (d *Drain) tolerate(err error) error {
	var other *otherProgram
	var last *LastServerError
	if err == nil {
		d.failures = 0
		return nil
	}
	d.failures++
	if errors.As(err, &other) || errors.As(err, &last) || errors.Is(err, ipvs.ErrNoIPVS) || d.failures >= maxFailures {
		return err
	}
	return nil
}

// stop stops the drain. It leaves the weights as they are, unless everything is to be put
// back at the end, or new clients would get no server.
func (d *Drain) stop(reason error) error {
	var last *LastServerError
	if (d.AtLimit == UndoAtLimit || errors.As(reason, &last)) && !errors.Is(reason, ipvs.ErrNoIPVS) {
		reason = errors.Join(reason, d.undo())
	}
	return &StoppedError{reason}
}

// quiesceAll sets all weights to 0.
func (d *Drain) quiesceAll() error {
	for _, t := range d.targets {
		if d.interrupted() {
			return ErrInterrupted
		}
		if t.before.Weight == 0 {
			continue
		}
		var other *otherProgram
		err := d.Client.EditDestination(t.id(), t.server(), func(now *ipvs.Destination) error {
			if now.Weight != t.before.Weight {
				return t.changedTo(now.Weight)
			}
			now.Weight, t.quiesced = 0, true
			return nil
		})
		switch {
		case errors.As(err, &other): // perhaps to 0, in a drain of its own
			t.foreign = true
			return &StoppedError{other}
		case errors.Is(err, ipvs.ErrNoService), errors.Is(err, ipvs.ErrNoDestination):
			return &StoppedError{&otherProgram{"has removed " + t.String()}}
		case err != nil:
			return &StoppedError{fmt.Errorf("cannot set the weight of %s to 0: %w", t, err)}
		}
	}
	return nil
}

// changedTo returns the error for a weight that another program has set, and notes it.
func (t *target) changedTo(weight uint32) *otherProgram {
	t.now.Weight = weight
	return &otherProgram{fmt.Sprintf("set the weight of %s to %d", t, weight)}
}

// read reads the servers that are not done, and where that decides, the connection table.
func (d *Drain) read() error {
	d.nodest, d.quiesce = d.isSet("expire_nodest_conn"), d.isSet("expire_quiescent_template")
	spent := d.Spent()
	servers := map[ipvs.ServiceID][]ipvs.Destination{}
	var changed error // the first one, after a look at all targets
	for _, t := range d.targets {
		if t.removed {
			continue
		}
		id := t.id()
		if _, ok := servers[id]; !ok {
			list, err := d.Client.Destinations(id)
			if err != nil {
				return err
			}
			servers[id] = list
		}
		now, err := t.find(servers[id])
		if err != nil {
			changed = cmp.Or(changed, err)
			continue
		}
		t.note(now, d.start)
	}
	d.tick = d.Spent() - spent
	if changed != nil {
		return changed
	}
	if err := d.checkOthers(servers); err != nil {
		return err
	}
	return d.scan()
}

// checkOthers returns a *LastServerError if at the first reading no server is left for new
// clients. Another program, such as a drain of another server, may have set the weights of
// the others to 0 at the same time.
func (d *Drain) checkOthers(servers map[ipvs.ServiceID][]ipvs.Destination) error {
	if d.Force || d.checked {
		return nil
	}
	d.checked = true
	var last []ipvs.ServiceID
	for _, t := range d.targets {
		usable := slices.ContainsFunc(servers[t.id()], func(s ipvs.Destination) bool { return s.Weight > 0 })
		if t.quiesced && !usable && !slices.Contains(last, t.id()) {
			last = append(last, t.id())
		}
	}
	if len(last) > 0 {
		return &LastServerError{last}
	}
	return nil
}

// find returns the target in a list of the servers of its service.
func (t *target) find(servers []ipvs.Destination) (now ipvs.Destination, err error) {
	defer func() { t.foreign = err != nil }()
	for _, now := range servers {
		switch {
		case now.DestinationID != t.server():
		case now.Weight != 0:
			return now, t.changedTo(now.Weight)
		default:
			return now, nil
		}
	}
	return ipvs.Destination{}, &otherProgram{"has removed " + t.String()}
}

// connectionsIn counts the connections and templates of a table.
func connectionsIn(table ipvs.Table) (n uint64) {
	for _, entry := range table {
		for _, d := range entry.Destinations {
			n += uint64(d.ActiveConns) + uint64(d.InactiveConns) + uint64(d.PersistentConns)
		}
	}
	return n
}

// scan reads the connection table if it matters how long connections have been silent, or
// who has closed them.
func (d *Drain) scan() error {
	var targets []*target
	for _, t := range d.targets {
		if !t.removed && d.silenceMatters(t) && d.needsTable(t) {
			targets = append(targets, t)
		}
	}
	if len(targets) == 0 || !d.scanDue(targets, d.Now()) {
		return nil
	}
	spent := d.Spent()
	err := newConnTable(targets).read(d.Client.ConnEntries(), d.Now, d.began, targets)
	d.scanned, d.scanTook = d.Now(), d.Spent()-spent
	d.large = d.large || d.scanTook >= longScan
	return err
}

// scanDue tells whether to read the connection table: because it was not read for a while,
// or because its reading may tell that a target is drained.
func (d *Drain) scanDue(targets []*target, now time.Time) bool {
	since := now.Sub(d.scanned)
	switch {
	case since >= scanShare*d.scanTook:
		return true
	case since < readingShare*d.scanTook:
		return false
	}
	for _, t := range targets {
		if t.silence.read.IsZero() || now.Sub(t.silence.known)+slack >= d.enough(t) {
			return true
		}
	}
	return false
}

// silenceMatters tells whether a target is drained once it was silent for a while.
func (d *Drain) silenceMatters(t *target) bool { return d.enough(t) > 0 }

// needsTable tells whether to read the connection table for a target. The counters of the
// server tell nearly as well how long it was silent, but not who has closed its connections.
func (d *Drain) needsTable(t *target) bool {
	if !d.byCounters() {
		return true
	}
	silent, _ := d.silent(t)
	return t.tellsHalfClosed() && silent+slack >= d.enough(t)
}

// byCounters tells whether the counters say when the last packet came, because a reading of
// the connection table would take long.
func (d *Drain) byCounters() bool { return d.large && d.countsPackets() }
