// SPDX-License-Identifier: Apache-2.0

package rules

import "errors"

// Outcome returns the error for a run of these rules that ended with err, which may be
// ErrRejected. Any other error comes first, then ErrBad, then ErrRejected.
func (d *Desired) Outcome(err error) error {
	rejected := errors.Is(err, ErrRejected)
	if rejected {
		err = nil
	}
	return outcome(d.Bad, rejected || len(d.rejected.list) > 0, err)
}

// ReplayOutcome returns the error for a replay that ended with err. bad tells whether a
// line was bad. Unlike Outcome, it leaves it to the kernel which lines are rejected.
func ReplayOutcome(bad bool, err error) error {
	if bad && (err == nil || errors.Is(err, ErrRejected)) {
		return ErrBad
	}
	return err
}

func outcome(bad, rejected bool, err error) error {
	switch {
	case err != nil:
		return err
	case bad:
		return ErrBad
	case rejected:
		return ErrRejected
	}
	return nil
}
