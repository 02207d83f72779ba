// SPDX-License-Identifier: Apache-2.0

package ipvs

// Diff returns the fewest changes that turn table from into table to. It does not
// touch services and destinations with the SameSettings, so they keep their
// connections, counters and persistence. It ignores read-only fields.
//
// The changes are in an order that does not interrupt traffic: a service in both
// tables gets its new destinations before it loses old ones, and services that only
// from has are deleted last.
//
// Diff does not know what the kernel can store. If the kernel stores another value than
// it was sent, the next Diff has the same change again. That is so for a Service.Timeout
// above 4294967 seconds, and for tunnel options on kernels before 5.2, which ignore them.
//
// A table should have each service once, and a service each destination once, as those
// that Client.Table reads. Of duplicates in from, Diff compares the last one. It adds an
// identity as often as to has it, and deletes an identity as often as from has it; the
// kernel refuses the repetitions with EEXIST, ESRCH or ENOENT.
func Diff(from, to Table) []Change {
	old := make(map[ServiceID]*TableEntry, len(from))
	for i := range from {
		old[from[i].Service.ServiceID] = &from[i]
	}
	kept := make(map[ServiceID]bool, len(to))
	additions := 0
	for i := range to {
		id := to[i].Service.ServiceID
		kept[id] = true
		if old[id] == nil {
			additions += 1 + len(to[i].Destinations)
		}
	}
	// A new table consists of additions: allocate them at once.
	changes := make([]Change, 0, additions)
	for i := range to {
		changes = appendEntryDiff(changes, old[to[i].Service.ServiceID], &to[i])
	}
	for i := range from {
		if id := from[i].Service.ServiceID; !kept[id] {
			changes = append(changes, DelService(id))
		}
	}
	return changes
}

// appendEntryDiff appends the changes that turn one service from into to. from is
// nil if the service is new.
func appendEntryDiff(changes []Change, from, to *TableEntry) []Change {
	id := to.Service.ServiceID
	if from == nil {
		changes = append(changes, NewService(to.Service))
		for _, d := range to.Destinations {
			changes = append(changes, NewDestination(id, d))
		}
		return changes
	}
	if !from.Service.sameSettings(&to.Service) {
		changes = append(changes, SetService(to.Service))
	}
	old := make(map[DestinationID]*Destination, len(from.Destinations))
	for i := range from.Destinations {
		old[from.Destinations[i].DestinationID] = &from.Destinations[i]
	}
	// Add before editing: an edit may set the weight of the only old destination
	// to 0.
	kept := make(map[DestinationID]bool, len(to.Destinations))
	for _, d := range to.Destinations {
		kept[d.DestinationID] = true
		if old[d.DestinationID] == nil {
			changes = append(changes, NewDestination(id, d))
		}
	}
	for i := range to.Destinations {
		d := &to.Destinations[i]
		if before := old[d.DestinationID]; before != nil && !before.sameSettings(d) {
			changes = append(changes, SetDestination(id, *d))
		}
	}
	for _, d := range from.Destinations {
		if !kept[d.DestinationID] {
			changes = append(changes, DelDestination(id, d.DestinationID))
		}
	}
	return changes
}
