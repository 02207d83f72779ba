// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"errors"
	"fmt"
	"time"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// slack allows for readings that are not quite a second apart.
const slack = interval / 10

// drained tells whether the connections of a target have ended, or do not count any more.
func (d *Drain) drained(t *target) bool {
	switch {
	case t.onePacket():
		return true
	case d.Sessions && t.now.PersistentConns > 0:
		return false
	case t.connections() == 0:
		return true
	}
	silent, known := d.silent(t)
	enough := d.enough(t)
	return known && enough > 0 && silent+slack >= enough && !d.mayStillRead(t, silent)
}

// mayStillRead tells whether a client of a silent target may wait for more data, because it has
// closed its own side only. Once the target is removed, its packets have no server to go to.
func (d *Drain) mayStillRead(t *target, silent time.Duration) bool {
	if !t.tellsHalfClosed() || d.Idle > 0 && silent+slack >= d.Idle {
		return false
	}
	return !d.seesAll(t) || t.silence.halfClosed > 0
}

// enough returns for how long a target must have been silent to be drained, or 0 if silence
// does not drain it.
func (d *Drain) enough(t *target) time.Duration {
	switch {
	case t.onePacket() || t.connections() == 0:
		return 0
	case t.now.ActiveConns > 0 || !d.nodest:
		return d.Idle
	case d.Idle > 0:
		return min(d.Idle, settled)
	}
	return settled
}

// countsEvery is how often the kernel adds up the counters.
const countsEvery = 2 * time.Second

// silent returns how long no packet has come at least, if that is known.
func (d *Drain) silent(t *target) (silent time.Duration, known bool) {
	if d.byCounters() {
		return d.start.Sub(t.lastPacket) - countsEvery, true
	}
	return t.silence.silent, d.seesAll(t)
}

// seesAll tells whether the connection table was read just now, and had all entries of the
// target.
func (d *Drain) seesAll(t *target) bool {
	return !t.silence.read.Before(d.start) && t.silence.seen >= t.connections()
}

// removeDrained removes the targets that are drained, or only notes that they are.
func (d *Drain) removeDrained() error {
	for _, t := range d.targets {
		if t.removed {
			continue
		}
		drained := d.drained(t)
		t.done = drained && d.KeepServers
		if !drained || d.KeepServers {
			continue
		}
		if d.interrupted() {
			return ErrInterrupted
		}
		if err := d.remove(t); err != nil {
			return err
		}
	}
	return nil
}

// remove removes a target, unless it got a connection since it was read.
func (d *Drain) remove(t *target) error {
	list, err := d.Client.Destinations(t.id())
	if err != nil {
		return err
	}
	now, err := t.find(list)
	if err != nil {
		return err
	}
	if !t.onePacket() && (now.Stats.Conns != t.now.Stats.Conns || now.ActiveConns > t.now.ActiveConns) {
		return nil
	}
	if err := d.delete(t); err != nil {
		return err
	}
	t.cut = now.ActiveConns
	return nil
}

// delete deletes a target, and notes that.
func (d *Drain) delete(t *target) error {
	err := d.Client.DelDestination(t.id(), t.server())
	if errors.Is(err, ipvs.ErrResultUnknown) {
		list, readErr := d.Client.Destinations(t.id())
		if _, findErr := t.find(list); readErr == nil && findErr != nil {
			err = nil // it is gone
		}
	}
	switch {
	case errors.Is(err, ipvs.ErrNoService), errors.Is(err, ipvs.ErrNoDestination):
		return &otherProgram{"has removed " + t.String()}
	case err != nil:
		return fmt.Errorf("cannot remove %s: %w", t, err)
	}
	t.removed, t.done, t.foreign = true, true, false
	return nil
}

// finished tells whether all targets are drained.
func (d *Drain) finished() bool {
	for _, t := range d.targets {
		if !t.done {
			return false
		}
	}
	return true
}

// atLimit does what the options say when the time is over.
func (d *Drain) atLimit() error {
	switch d.AtLimit {
	case UndoAtLimit:
		if err := d.undo(); err != nil {
			return err
		}
	case RemoveAtLimit:
		return d.removeAll()
	}
	return ErrNotDrained
}

// removeAll removes the targets that are left.
func (d *Drain) removeAll() error {
	for _, t := range d.targets {
		if t.removed {
			continue
		}
		if d.interrupted() {
			if err := d.undo(); err != nil {
				return err
			}
			return ErrInterrupted
		}
		list, err := d.Client.Destinations(t.id())
		if err != nil {
			return &StoppedError{err}
		}
		now, err := t.find(list)
		if err != nil {
			return &StoppedError{err}
		}
		if err := d.delete(t); err != nil {
			return &StoppedError{err}
		}
		t.now, t.cut = now, now.ActiveConns+now.InactiveConns
	}
	return nil
}
