// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"slices"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// Diff returns the changes that NewPlan would find if the kernel had the state from. It needs
// no kernel. Timeouts of from that are zero are not known, so it sets any that to has. A
// daemon of from that does not run need not be in Stopped.
//
// The error is that of NewPlan for daemons that contradict each other.
func Diff(from, to State) ([]ipvs.Change, error) {
	for _, s := range []State{from, to} {
		if err := s.checkDaemons(); err != nil {
			return nil, err
		}
	}
	p := &Plan{state: to}
	if from.Services != nil && to.Services != nil {
		table := ipvs.Table(slices.Collect(from.Services))
		for i := range table {
			table[i].Destinations = slices.Clone(table[i].Destinations) // they will be sorted
		}
		p.setTable(table)
	}
	running := make([]ipvs.Daemon, len(from.Daemons))
	for i, d := range from.Daemons {
		running[i] = withDefaults(d)
	}
	p.diffSettings(from.Timeouts, running)
	return slices.Collect(p.Changes()), nil
}
