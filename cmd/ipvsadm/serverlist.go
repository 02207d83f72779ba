package main

import (
	"slices"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// serverList is the servers that a service shall have, in the order in which they
// were added.
type serverList struct {
	all     []*desiredServer
	removed int // of those in all, which go when they are more than half
	// index finds a server, once they are many.
	index map[ipvs.DestinationID]*desiredServer
}

type desiredServer struct {
	ipvs.Destination
	line int // that says so, 0 if it was removed again
}

// fewServers are found as quickly without an index.
const fewServers = 16

// find returns a server, nil if there is none.
func (l *serverList) find(id ipvs.DestinationID) *desiredServer {
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

func (l *serverList) add(d ipvs.Destination, line int) {
	s := &desiredServer{d, line}
	l.all = append(l.all, s)
	switch {
	case l.index != nil:
		l.index[d.DestinationID] = s
	case len(l.all) > fewServers:
		l.index = make(map[ipvs.DestinationID]*desiredServer, 2*fewServers)
		for _, s := range l.all {
			if s.line != 0 {
				l.index[s.DestinationID] = s
			}
		}
	}
}

func (l *serverList) remove(s *desiredServer) {
	delete(l.index, s.DestinationID)
	s.line = 0
	if l.removed++; l.removed > len(l.all)/2 {
		l.all = slices.DeleteFunc(l.all, func(s *desiredServer) bool { return s.line == 0 })
		l.removed = 0
	}
}

// left are the servers that were not removed.
func (l *serverList) left() []ipvs.Destination {
	left := make([]ipvs.Destination, 0, len(l.all)-l.removed)
	for _, s := range l.all {
		if s.line != 0 {
			left = append(left, s.Destination)
		}
	}
	return left
}
