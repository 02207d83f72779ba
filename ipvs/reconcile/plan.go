// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"iter"
	"slices"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// Plan holds a desired state and the state of the kernel that NewPlan read. It is not safe
// for concurrent use.
type Plan struct {
	client *ipvs.Client // nil for Diff
	state  State
	table  ipvs.Table // the kernel's services in scope, sorted
	// stops stop daemons that must not run. settings set timeouts and start daemons.
	stops, settings []ipvs.Change
	unfit           Refusals      // daemons that cannot be sent
	found           []ipvs.Daemon // daemons that this run has seen, the latest first
	spent           bool          // a run has used the plan up
}

// NewPlan reads the kernel's state and returns the plan that leads from there to the
// desired state. It changes nothing. The errors are those of Client.Table, Client.Timeouts
// and Client.Daemons, and an error for daemons that contradict each other.
func NewPlan(client *ipvs.Client, desired State) (*Plan, error) {
	if err := desired.checkDaemons(); err != nil {
		return nil, err
	}
	p := &Plan{client: client, state: desired}
	if err := p.readTable(); err != nil {
		return nil, err
	}
	if err := p.readSettings(); err != nil {
		return nil, err
	}
	return p, nil
}

// readTable reads the kernel's services in scope, unless the state leaves services alone.
func (p *Plan) readTable() error {
	if p.state.Services == nil {
		return nil
	}
	p.table = nil // free its memory
	table, err := p.client.Table()
	if err != nil {
		return err
	}
	p.setTable(table)
	return nil
}

// setTable keeps the services in scope, sorted.
func (p *Plan) setTable(table ipvs.Table) {
	if p.state.Scope != nil {
		table = slices.DeleteFunc(table, func(e ipvs.TableEntry) bool { return !p.state.Scope(e.Service.ServiceID) })
	}
	table.Sort()
	p.table = table
}

// canApply returns the error with which a change would fail without being sent.
func (p *Plan) canApply(ch ipvs.Change) error {
	if p.client == nil {
		return ch.Err()
	}
	return p.client.CanApply(ch)
}

// Changes yields the changes of the plan in the order of a run. It yields nothing after a
// run has begun. The rules that package format writes of changes show all their settings.
//
// Changes leaves out services and daemons that a run refuses by itself: see Run. It contains
// a new destination that cannot be sent; ipvs.Change.Err tells.
func (p *Plan) Changes() iter.Seq[ipvs.Change] {
	return func(yield func(ipvs.Change) bool) {
		if p.spent {
			return
		}
		each := func(changes []ipvs.Change) bool {
			for i := range changes {
				if !yield(changes[i]) {
					return false
				}
			}
			return true
		}
		if !each(p.stops) {
			return
		}
		for chunk := range p.tableDiff() {
			if !each(chunk.changes) {
				return
			}
		}
		each(p.settings)
	}
}

// String returns the changes in words, one per line, with the new settings of services and
// destinations. It is empty if there is nothing to change.
func (p *Plan) String() string {
	var b strings.Builder
	for ch := range p.Changes() {
		b.WriteString(describe(ch) + "\n")
	}
	return b.String()
}
