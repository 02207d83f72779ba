// SPDX-License-Identifier: Apache-2.0

// Package reconcile changes the kernel's IPVS table to a desired state with the fewest
// changes, and without interrupting traffic.
//
// A State says which services with their destinations must exist, which sync daemons must
// run, and which timeouts apply. What it does not mention stays as it is. NewPlan compares
// a State with the kernel and returns a Plan; it changes nothing. Plan.Changes and
// Plan.String tell what would change, and Plan.Run changes it:
//
//	plan, err := reconcile.NewPlan(client, reconcile.State{Services: slices.Values(table)})
//	...
//	err = plan.Run()
//
// Diff compares two states in the same way, without a kernel.
//
// # Order
//
// Services and destinations whose settings are right are not touched, so they keep their
// connections and counters. The rest changes in this order:
//
//  1. Daemons that must not run stop. While one runs, the kernel refuses destinations
//     of a different family from their service's.
//  2. For up to 128 services at a time, new services, edits of services and new
//     destinations come first, then edits and deletions of destinations. If a new
//     destination of a service is refused, the other destinations of that service stay as
//     they are.
//  3. Services that must not exist are deleted.
//  4. Timeouts are set, and daemons start. A daemon with other settings is stopped and
//     started; if the kernel refuses the new one, the old one is started again. If the new
//     one cannot be sent at all, the old one is not stopped.
//
// So a run never deletes the last destination of a service that shall have some, unless
// another process has meanwhile deleted those that the service shall have.
//
// # Other writers
//
// The kernel has no transactions: other processes may change the table between any two
// requests. A run therefore reads the table again after its changes, and makes those that
// are missing, in three rounds at most. It does the same after a failed send or a lost
// answer. If the table still differs then, it returns ErrUnstable, or Refusals if changes
// were refused. A run verifies services and destinations in this way, but not timeouts and
// daemons, unless it may have to make changes of those again.
//
// Two managers can share a table if the Scope of each selects its own services. Each reads the
// whole table, but changes only services in its Scope, and never flushes the table.
package reconcile
