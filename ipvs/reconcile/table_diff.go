// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"iter"
	"slices"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// diffChunk is how many services are compared before their changes are made. It bounds
// the memory for changes.
const diffChunk = 128

// chunk holds the changes of up to diffChunk services. wanted is how many of those must
// exist.
type chunk struct {
	changes []ipvs.Change
	refused Refusals // services that must not be changed as the state says
	wanted  int
}

// tableDiff yields the changes of services and destinations, up to diffChunk services at a
// time. Deletions of services come last. There are none if a service of the state has an
// identity that cannot be sent, because one of those services may be meant.
func (p *Plan) tableDiff() iter.Seq[chunk] {
	return func(yield func(chunk) bool) {
		if p.state.Services == nil {
			return
		}
		matched := make([]bool, len(p.table))
		var refused Refusals
		var from, to ipvs.Table // of this chunk
		identified := true
		flush := func() bool {
			changes, unfit := p.dropUnfitEdits(ipvs.Diff(from, to))
			more := yield(chunk{changes, append(refused, unfit...), len(to)})
			from, to, refused = from[:0], to[:0], nil
			return more
		}
		for entry := range p.state.Services {
			i, exists := p.find(entry.Service.ServiceID)
			if err := p.check(&entry, exists, exists && matched[i]); err != nil {
				identified = identified && (exists || ipvs.DelService(entry.Service.ServiceID).Err() == nil)
				refused = append(refused, Refusal{ipvs.NewService(entry.Service), err})
			} else {
				if exists {
					from = append(from, p.table[i])
				}
				to = append(to, entry)
			}
			if exists {
				matched[i] = true
			}
			if len(to) == diffChunk && !flush() {
				return
			}
		}
		if !flush() {
			return
		}
		if identified {
			p.deletions(matched)(yield)
		}
	}
}

// dropUnfitEdits drops all changes of services whose edits cannot be sent, so that they stay
// as they are, and returns those edits.
func (p *Plan) dropUnfitEdits(changes []ipvs.Change) (fit []ipvs.Change, unfit Refusals) {
	drop := map[ipvs.ServiceID]bool{}
	for _, ch := range changes {
		if ch.Command() != ipvs.CommandSetService {
			continue
		}
		if err := p.canApply(ch); err != nil {
			unfit = append(unfit, Refusal{ch, err})
			drop[ch.ServiceID()] = true
		}
	}
	if len(unfit) == 0 {
		return changes, nil
	}
	return slices.DeleteFunc(changes, func(ch ipvs.Change) bool { return drop[ch.ServiceID()] }), unfit
}

// find returns the index of a service in the kernel's table.
func (p *Plan) find(id ipvs.ServiceID) (int, bool) {
	i, found := slices.BinarySearchFunc(p.table, id, func(e ipvs.TableEntry, id ipvs.ServiceID) int {
		return e.Service.ServiceID.Compare(id)
	})
	return i, found && p.table[i].Service.ServiceID == id // Compare ignores what cannot be sent
}

var (
	errOutOfScope       error = stateError("the service is out of scope")
	errTwice            error = stateError("the state has the service twice")
	errDestinationTwice error = stateError("the state has a destination of the service twice")
)

// check returns an error if a service of the state cannot be brought about: its changes
// would repeat for ever, touch what belongs to others, or cannot be sent. exists tells that
// the kernel has the service, and again that the state has had it before. That is known only
// of services that exist, because a set of all would take much memory; the kernel refuses to
// add a new service twice, and it exists in the next round.
func (p *Plan) check(entry *ipvs.TableEntry, exists, again bool) error {
	switch {
	case again:
		return errTwice
	case !p.state.owns(entry.Service.ServiceID):
		return errOutOfScope
	case hasDuplicates(entry.Destinations):
		return errDestinationTwice
	case !exists:
		return p.canApply(ipvs.NewService(entry.Service))
	}
	return nil // dropUnfitEdits checks it if it changes
}

// maxUnindexed is the number of destinations up to which a linear search is fast enough.
const maxUnindexed = 16

func hasDuplicates(destinations []ipvs.Destination) bool {
	if len(destinations) <= maxUnindexed {
		for i := range destinations {
			for j := range i {
				if destinations[i].DestinationID == destinations[j].DestinationID {
					return true
				}
			}
		}
		return false
	}
	seen := make(map[ipvs.DestinationID]bool, len(destinations))
	for i := range destinations {
		seen[destinations[i].DestinationID] = true
	}
	return len(seen) < len(destinations)
}

// deletions yields the deletions of the services that are not matched.
func (p *Plan) deletions(matched []bool) iter.Seq[chunk] {
	return func(yield func(chunk) bool) {
		var changes []ipvs.Change
		for i := range p.table {
			if matched[i] {
				continue
			}
			changes = append(changes, ipvs.DelService(p.table[i].Service.ServiceID))
			if len(changes) == diffChunk {
				if !yield(chunk{changes: changes}) {
					return
				}
				changes = nil
			}
		}
		if len(changes) > 0 {
			yield(chunk{changes: changes})
		}
	}
}

// firstChange returns the first change that the kernel's table needs. It needs none if it is
// as desired.
func (p *Plan) firstChange() (ch ipvs.Change, differs bool) {
	for chunk := range p.tableDiff() {
		if len(chunk.changes) > 0 {
			return chunk.changes[0], true
		}
	}
	return ipvs.Change{}, false
}
