// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"slices"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// destinationList holds the desired destinations of a service, in the order in which
// they were added.
type destinationList struct {
	// all includes removed destinations, which are dropped once they are more than half.
	all     []*desiredDestination
	removed int
	// index is nil while there are no more than maxUnindexed destinations.
	index map[ipvs.DestinationID]*desiredDestination
}

type desiredDestination struct {
	ipvs.Destination
	line int // the line that last set it, 0 if a later one removed it
}

// maxUnindexed is the length up to which a linear search is fast enough.
const maxUnindexed = 16

// find returns the destination with this ID, or nil.
func (l *destinationList) find(id ipvs.DestinationID) *desiredDestination {
	if l.index != nil {
		return l.index[id]
	}
	for _, s := range l.all {
		if s.line != 0 && s.DestinationID == id {
			return s
		}
	}
	return nil
}

func (l *destinationList) add(d ipvs.Destination, line int) {
	s := &desiredDestination{d, line}
	l.all = append(l.all, s)
	switch {
	case l.index != nil:
		l.index[d.DestinationID] = s
	case len(l.all) > maxUnindexed:
		l.index = make(map[ipvs.DestinationID]*desiredDestination, 2*maxUnindexed)
		for _, s := range l.all {
			if s.line != 0 {
				l.index[s.DestinationID] = s
			}
		}
	}
}

func (l *destinationList) remove(s *desiredDestination) {
	delete(l.index, s.DestinationID)
	s.line = 0
	if l.removed++; l.removed > len(l.all)/2 {
		l.all = slices.DeleteFunc(l.all, func(s *desiredDestination) bool { return s.line == 0 })
		l.removed = 0
	}
}

// remaining returns the destinations that were not removed.
func (l *destinationList) remaining() []ipvs.Destination {
	list := make([]ipvs.Destination, 0, len(l.all)-l.removed)
	for _, s := range l.all {
		if s.line != 0 {
			list = append(list, s.Destination)
		}
	}
	return list
}
