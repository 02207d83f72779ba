// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"errors"
	"io/fs"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// undoTries is how often a request to put a target back is sent, for a kernel that is short
// of memory.
const undoTries = 3

// errAsBefore says that a weight need not be put back.
var errAsBefore = errors.New("the weight is as before")

// undo puts back the weights that are still 0, and the servers that were removed. Signals
// do not end it. The error is a *StoppedError with what could not be put back, or what
// another program has changed.
func (d *Drain) undo() error {
	var failures []string
	var other *otherProgram
	for _, t := range d.targets {
		var err error
		for range undoTries {
			if err = d.putBack(t); err == nil {
				break
			}
		}
		switch {
		case errors.As(err, &other) && t.foreign: // that is known already
		case errors.As(err, &other):
			t.foreign = true
			failures = append(failures, other.Error())
		case errors.Is(err, ipvs.ErrNoIPVS):
			return &StoppedError{err}
		case err != nil:
			failures = append(failures, "cannot put back "+t.String()+": "+err.Error())
		}
	}
	if failures != nil {
		return &StoppedError{errors.New(strings.Join(failures, "\n"))}
	}
	return nil
}

// putBack puts one target back.
func (d *Drain) putBack(t *target) error {
	switch {
	case t.removed:
		if err := d.Client.NewDestination(t.id(), t.before); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		t.removed, t.quiesced, t.done, t.restored = false, false, false, true
		return nil
	case !t.quiesced:
		return nil
	}
	err := d.Client.EditDestination(t.id(), t.server(), func(now *ipvs.Destination) error {
		switch now.Weight {
		case 0:
			now.Weight = t.before.Weight
			return nil
		case t.before.Weight:
			return errAsBefore
		}
		return t.changedTo(now.Weight)
	})
	switch {
	case errors.Is(err, ipvs.ErrNoService), errors.Is(err, ipvs.ErrNoDestination):
		return &otherProgram{"has removed " + t.String()}
	case err != nil && !errors.Is(err, errAsBefore):
		return err
	}
	t.quiesced, t.done, t.restored = false, false, true
	return nil
}
