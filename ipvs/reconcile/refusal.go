// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// Refusal is a change that was refused or could not be sent, or whose answer was lost. Only
// in the last case may the change have been made. Err is
//
//   - an *ipvs.Error if the kernel refused the change;
//   - another fs.ErrInvalid if the run did not send the change, because it cannot be sent
//     (see ipvs.Change.Err), or because of a mistake in the State;
//   - an ipvs.ErrResultUnknown if the kernel's answer was lost;
//   - the error of the connection, or ipvs.ErrNoIPVS, if the change could not be sent.
type Refusal struct {
	Change ipvs.Change
	Err    error
}

// MarshalJSON returns an object with the texts "change", in the words of Plan.String, and
// "error".
func (r Refusal) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Change string `json:"change"`
		Err    string `json:"error"`
	}{describe(r.Change), fmt.Sprint(r.Err)})
}

// Refusals is the error of a run some of whose changes were refused in its last round. A
// run returns at least one. errors.Is and errors.As look at the error of each.
type Refusals []Refusal

func (r Refusals) Error() string {
	switch len(r) {
	case 0:
		return "reconcile: no change was refused"
	case 1:
		return r[0].Err.Error()
	case 2:
		return fmt.Sprintf("%v (and 1 more change was refused)", r[0].Err)
	}
	return fmt.Sprintf("%v (and %d more changes were refused)", r[0].Err, len(r)-1)
}

// Unwrap returns the errors of all refusals.
func (r Refusals) Unwrap() []error {
	errs := make([]error, len(r))
	for i := range r {
		errs[i] = r[i].Err
	}
	return errs
}

// stateError is a mistake in the desired state.
type stateError string

func (e stateError) Error() string { return "reconcile: " + string(e) }

// Is makes it an fs.ErrInvalid.
func (stateError) Is(target error) bool { return target == fs.ErrInvalid }

// isFinal tells whether the same change would be refused again. Otherwise another process
// may have made a change first, or the connection failed.
func (r *Refusal) isFinal() bool {
	if e := (*ipvs.Error)(nil); errors.As(r.Err, &e) {
		isRace := errors.Is(e, fs.ErrExist) || errors.Is(e, fs.ErrNotExist) && !errors.Is(e, ipvs.ErrNoScheduler)
		return !isRace
	}
	return errors.Is(r.Err, fs.ErrInvalid) // it cannot be sent, or the state has a mistake
}

// endedEarly returns an error if the context of the client ended before all changes were
// made, and otherwise nil.
func (r Refusals) endedEarly() error {
	for i := range r {
		if err := r[i].Err; errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
			return fmt.Errorf("reconcile: the run ended early: %w", err)
		}
	}
	return nil
}

func (r *Refusal) isOfSettings() bool {
	switch r.Change.Command() {
	case ipvs.CommandSetConfig, ipvs.CommandNewDaemon, ipvs.CommandDelDaemon:
		return true
	}
	return false
}

// anyFinal tells whether one of the changes would be refused again.
func (r Refusals) anyFinal() bool {
	return slices.ContainsFunc(r, func(r Refusal) bool { return r.isFinal() })
}

// worthRetry tells whether another round may make one of the changes. It cannot add
// destinations to a service that the kernel does not take.
func (r Refusals) worthRetry() bool {
	never := map[ipvs.ServiceID]bool{}
	for i := range r {
		if r[i].Change.Command() == ipvs.CommandNewService && r[i].isFinal() {
			never[r[i].Change.ServiceID()] = true
		}
	}
	return slices.ContainsFunc(r, func(r Refusal) bool {
		return !r.isFinal() && !(errors.Is(r.Err, ipvs.ErrNoService) && never[r.Change.ServiceID()])
	})
}
