// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"iter"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// State is a desired state. The zero State leaves everything as it is.
type State struct {
	// Services yields the services that must exist, each once, with exactly the
	// destinations that they must have, each once. slices.Values yields those of an
	// ipvs.Table. Read-only fields, such as counters, are ignored.
	//
	// nil leaves all services alone. A sequence that yields nothing deletes them all, or
	// all in Scope. Beware of a table that could not be read or was never set: the
	// slices.Values of a nil or empty ipvs.Table is such a sequence, so without a Scope it
	// deletes every service of the kernel.
	//
	// A plan and its run call Services several times. It must yield the same services in
	// the same order each time, and must not reuse anything that it has yielded.
	Services iter.Seq[ipvs.TableEntry]
	// Scope tells which services of the kernel belong to this state. A plan leaves all
	// others alone. nil selects all services. Timeouts and daemons have no scope: they
	// are those of the network namespace.
	Scope func(ipvs.ServiceID) bool
	// Timeouts are set where they are not zero.
	Timeouts ipvs.Timeouts
	// Daemons are the sync daemons that must run, at most one of each state. Zero fields
	// stand for the kernel's defaults: see SameDaemon.
	Daemons []ipvs.Daemon
	// Stopped are the states of the sync daemons that must not run. A daemon whose state
	// is in neither list is left alone.
	Stopped []ipvs.DaemonState
}

func (s *State) owns(id ipvs.ServiceID) bool { return s.Scope == nil || s.Scope(id) }
