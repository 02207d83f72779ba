// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"iter"
	"slices"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	ipvsreconcile "github.com/ipvsadm-go/ipvsadm/ipvs/reconcile"
)

// state returns the state that the kernel must have.
func (d *Desired) state() ipvsreconcile.State {
	s := ipvsreconcile.State{Timeouts: d.timeouts}
	if !d.KeepTable {
		s.Services = d.entries()
	}
	for _, daemon := range d.daemons {
		if daemon.stopped {
			s.Stopped = append(s.Stopped, daemon.State)
		} else {
			s.Daemons = append(s.Daemons, daemon.Daemon)
		}
	}
	return s
}

// Daemons returns the sync daemons that are started.
func (d *Desired) Daemons() []ipvs.Daemon { return d.state().Daemons }

// Table returns the services with their destinations, in the order of the rules.
func (d *Desired) Table() ipvs.Table { return slices.Collect(d.entries()) }

// entries yields the services with their destinations, in the order of their lines.
func (d *Desired) entries() iter.Seq[ipvs.TableEntry] {
	return func(yield func(ipvs.TableEntry) bool) {
		for _, s := range d.servicesInOrder() {
			if !yield(s.entry()) {
				return
			}
		}
	}
}
