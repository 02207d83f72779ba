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

// errNotZero says that another program has set a weight, which stays then.
var errNotZero = errors.New("the weight is not 0")

// undo puts back the weights that are still 0, and the servers that were removed. Signals
// do not end it. The error is a *StoppedError with what could not be put back.
func (d *Drain) undo() error {
	var failures []string
	for _, t := range d.targets {
		for range undoTries {
			if t.refused = d.putBack(t); t.refused == nil {
				break
			}
		}
		if t.refused != nil {
			failures = append(failures, "cannot put back "+t.String()+": "+t.refused.Error())
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
		if now.Weight != 0 {
			return errNotZero
		}
		now.Weight = t.before.Weight
		return nil
	})
	if err != nil && !errors.Is(err, errNotZero) {
		return err
	}
	t.quiesced, t.done, t.restored = false, false, true
	return nil
}
