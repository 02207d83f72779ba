// SPDX-License-Identifier: Apache-2.0

package ipvstest

import (
	"container/list"
	"iter"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// destinationList has the destinations of a service in the order of a listing. It adds,
// finds and removes one of many in constant time.
type destinationList struct {
	order *list.List // of *ipvs.Destination
	byID  map[ipvs.DestinationID]*list.Element
	// listed says that an empty list is not nil: it was given so, or had destinations.
	listed bool
}

// newDestinationList copies destinations, as slices.Clone does. Of duplicates, which only SetTable makes, it
// finds the first one.
func newDestinationList(destinations []ipvs.Destination) *destinationList {
	l := &destinationList{order: list.New(), byID: make(map[ipvs.DestinationID]*list.Element, len(destinations)), listed: destinations != nil}
	for _, d := range destinations {
		element := l.order.PushBack(&d)
		if l.byID[d.DestinationID] == nil {
			l.byID[d.DestinationID] = element
		}
	}
	return l
}

// find returns a destination, or nil.
func (l *destinationList) find(id ipvs.DestinationID) *ipvs.Destination {
	if element := l.byID[id]; element != nil {
		return element.Value.(*ipvs.Destination)
	}
	return nil
}

// add adds a destination that is not there. As in the kernel, the newest is first.
func (l *destinationList) add(d ipvs.Destination) {
	l.byID[d.DestinationID] = l.order.PushFront(&d)
	l.listed = true
}

// remove removes a destination that is there.
func (l *destinationList) remove(id ipvs.DestinationID) {
	l.order.Remove(l.byID[id])
	delete(l.byID, id)
	if l.order.Len() > len(l.byID) {
		*l = *newDestinationList(l.clone()) // there are duplicates
	}
}

func (l *destinationList) all() iter.Seq[*ipvs.Destination] {
	return func(yield func(*ipvs.Destination) bool) {
		for element := l.order.Front(); element != nil; element = element.Next() {
			if !yield(element.Value.(*ipvs.Destination)) {
				return
			}
		}
	}
}

func (l *destinationList) clone() []ipvs.Destination {
	if !l.listed {
		return nil
	}
	destinations := make([]ipvs.Destination, 0, l.order.Len())
	for d := range l.all() {
		destinations = append(destinations, *d)
	}
	return destinations
}
