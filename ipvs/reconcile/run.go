// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// maxRounds limits how often a run changes the table while other processes change it too.
const maxRounds = 3

// ErrUnstable means that the table still differs from the desired state after a run has
// changed it three times, and the kernel has refused nothing in the end. There are three
// causes:
//
//   - Another process keeps changing the table.
//   - The kernel stores another value than the desired one, without an error, so that each
//     round makes the same change again: see ipvs.Diff. Which persistence timeouts are too
//     long depends on the kernel.
//   - State.Services does not yield the same services each time.
//
// The error of a run names a change that is missing; errors.Is finds ErrUnstable in it.
var ErrUnstable = errors.New("reconcile: the table still differs from the desired state after three rounds of changes: " +
	"another process keeps changing it, the kernel stores another value than the desired one, or the desired services vary")

// Run reads the kernel's state, and changes it to the desired state: see NewPlan and
// Plan.Run.
func Run(client *ipvs.Client, desired State) error {
	p, err := NewPlan(client, desired)
	if err != nil {
		return err
	}
	return p.Run()
}

// Run carries the plan out. It then reads the table again, as another process may have
// changed it meanwhile, and makes the changes that are missing. It stops when none is
// missing, when those that are were refused for good, or after three rounds of changes.
//
// The error is nil once the table was as desired when it was read. Otherwise it is
//
//   - Refusals, if changes were refused in the last round. All others have been made, except
//     that a service keeps its old destinations if it does not get its new ones. A run itself
//     refuses services that are out of scope, occur twice in the state, have a
//     destination twice, or cannot be sent; they stay as they are. So does a daemon if the
//     one with its new settings cannot be sent. If the identity of a service cannot be sent,
//     no service is deleted, because one of those may be meant.
//   - ErrUnstable, if the table still differs although nothing was refused, usually because
//     another process keeps changing it.
//   - The error of the client's context, if that ended. errors.Is matches it. The changes
//     before have been made or refused. Up to 128 changes, those that were sent last, may
//     have been made; the error is then an ipvs.ErrResultUnknown too. The rest was not sent.
//     Services that had destinations and must have some still have some, but a daemon
//     whose settings differed may have been stopped and not started again.
//   - Another error, if the kernel's state could not be read. The changes that were sent
//     before may have been made.
//
// A refusal is for good unless the next round may make the change: because another process
// was faster (fs.ErrExist and fs.ErrNotExist, but not ipvs.ErrNoScheduler), the connection
// failed, or the kernel's answer was lost.
//
// A run frees the memory of the plan, which is empty then. Another Run reads the kernel's
// state anew.
func (p *Plan) Run() error { return p.run(false) }

// RunLocked is Run for a caller that holds a lock that all writers should take. After its
// changes it only reads which services and destinations exist, which is faster, and trusts
// their settings. If there was nothing to change it reads nothing again. With a Scope it
// reads the whole table again, as Run does.
func (p *Plan) RunLocked() error { return p.run(true) }

func (p *Plan) run(locked bool) error {
	if p.spent {
		if err := p.readTable(); err != nil {
			return err
		}
		if err := p.readSettings(); err != nil {
			return err
		}
	}
	p.spent, p.found = true, nil
	refused, err := p.converge(locked)
	p.table = nil
	if err == nil && len(refused) > 0 {
		err = refused
	}
	return err
}

// converge changes the kernel until it has the desired state, and returns the changes that
// were refused in the last round.
func (p *Plan) converge(locked bool) (refused Refusals, err error) {
	for round := 0; ; round++ {
		if round > 0 {
			done, err := p.verify(refused)
			if done || err != nil {
				return nil, err
			}
		}
		if round == maxRounds {
			if len(refused) == 0 {
				err = p.unstable()
			}
			return refused, err
		}
		if round > 0 {
			if err := p.readSettings(); err != nil {
				return nil, err
			}
		}
		result := p.apply()
		if err := result.refused.endedEarly(); err != nil {
			return nil, err
		}
		refused = result.refused
		retry := refused.worthRetry()
		if !retry && (len(refused) > 0 || locked && !result.changed) {
			return refused, nil
		}
		if !retry && locked && p.state.Scope == nil {
			same, err := p.client.HasExactly(p.desiredTable(result.wanted))
			if same || err != nil {
				return nil, err
			}
		}
	}
}

// verify reads the table again, and tells whether the kernel has the desired state, although
// some changes were refused. It reads timeouts and daemons only if theirs were.
func (p *Plan) verify(refused Refusals) (done bool, err error) {
	if err := p.readTable(); err != nil {
		return false, err
	}
	if _, differs := p.firstChange(); differs || refused.anyFinal() {
		return false, nil
	}
	if slices.ContainsFunc(refused, func(r Refusal) bool { return r.isOfSettings() }) {
		err = p.readSettings()
		return err == nil && len(p.stops)+len(p.settings) == 0, err
	}
	return true, nil
}

// unstable returns ErrUnstable with a change that is missing. There is none if the desired
// services vary.
func (p *Plan) unstable() error {
	if ch, differs := p.firstChange(); differs {
		return fmt.Errorf("%w; missing: %s", ErrUnstable, describe(ch))
	}
	return ErrUnstable
}

// desiredTable returns the n desired services.
func (p *Plan) desiredTable(n int) ipvs.Table {
	if p.state.Services == nil {
		return nil
	}
	table := make(ipvs.Table, 0, n)
	return slices.AppendSeq(table, p.state.Services)
}

// result is what came of the changes of one round.
type result struct {
	changed bool // the table needed changes
	wanted  int  // how many services must exist
	refused Refusals
}

// apply makes the changes of the plan.
func (p *Plan) apply() (r result) {
	// While a daemon runs, the kernel refuses destinations of a different family.
	r.refused = p.applySettings(p.stops)
	for chunk := range p.tableDiff() {
		r.changed = r.changed || len(chunk.changes) > 0
		r.wanted += chunk.wanted
		r.refused = append(r.refused, chunk.refused...)
		refused := p.applyServiceChanges(chunk.changes)
		r.refused = append(r.refused, refused...)
		if refused.endedEarly() != nil {
			return r
		}
	}
	p.table = nil // free its memory
	r.refused = append(r.refused, p.unfit...)
	r.refused = append(r.refused, p.applySettings(p.settings)...)
	return r
}

// applyServiceChanges makes the changes of some services. It adds before it deletes, so
// that no service is ever without destinations, and reuses the memory of changes. If the
// kernel refuses a new destination, the other destinations of that service stay as they
// are.
func (p *Plan) applyServiceChanges(changes []ipvs.Change) (refused Refusals) {
	additions, others := changes[:0], []ipvs.Change(nil)
	for i := range changes {
		switch changes[i].Command() {
		case ipvs.CommandNewService, ipvs.CommandSetService, ipvs.CommandNewDestination:
			additions = append(additions, changes[i])
		default:
			others = append(others, changes[i])
		}
	}
	refused = p.send(additions)
	incomplete := map[ipvs.ServiceID]bool{}
	for _, r := range refused {
		if r.Change.Command() == ipvs.CommandNewDestination {
			incomplete[r.Change.ServiceID()] = true
		}
	}
	others = slices.DeleteFunc(others, func(ch ipvs.Change) bool { return incomplete[ch.ServiceID()] })
	return append(refused, p.send(others)...)
}

// send makes changes and returns those that the kernel refused. It is no error if what it
// deletes is gone already.
func (p *Plan) send(changes []ipvs.Change) (refused Refusals) {
	for i, err := range p.client.Apply(changes) {
		if err != nil && !(isDelete(changes[i]) && errors.Is(err, fs.ErrNotExist)) {
			refused = append(refused, Refusal{changes[i], err})
		}
	}
	return refused
}

func isDelete(ch ipvs.Change) bool {
	return ch.Command() == ipvs.CommandDelService || ch.Command() == ipvs.CommandDelDestination
}
