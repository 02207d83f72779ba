package main

import "github.com/ipvsadm-go/ipvsadm/ipvs"

// serverList is the servers that a service shall have, in the order in which they
// were added.
type serverList struct {
	all   []ipvs.Destination
	lines []int // that say so, 0 for servers that were removed again
	// removed is how many were.
	removed int
	// index is where each is in all, once they are many.
	index map[ipvs.DestinationID]int
}

// fewServers are found as quickly without an index.
const fewServers = 16

// find returns where a server is, -1 if there is none.
func (l *serverList) find(id ipvs.DestinationID) int {
	if l.index != nil {
		if i, ok := l.index[id]; ok {
			return i
		}
		return -1
	}
	for i := range l.all {
		if l.lines[i] != 0 && l.all[i].DestinationID == id {
			return i
		}
	}
	return -1
}

func (l *serverList) add(d ipvs.Destination, line int) {
	if len(l.all) == fewServers {
		l.index = make(map[ipvs.DestinationID]int, 2*fewServers)
		for i := range l.all {
			if l.lines[i] != 0 {
				l.index[l.all[i].DestinationID] = i
			}
		}
	}
	if l.index != nil {
		l.index[d.DestinationID] = len(l.all)
	}
	l.all, l.lines = append(l.all, d), append(l.lines, line)
}

func (l *serverList) remove(i int) {
	delete(l.index, l.all[i].DestinationID)
	l.lines[i] = 0
	l.removed++
}

// left are the servers that were not removed.
func (l *serverList) left() []ipvs.Destination {
	if l.removed == 0 {
		return l.all
	}
	left := make([]ipvs.Destination, 0, len(l.all)-l.removed)
	for i := range l.all {
		if l.lines[i] != 0 {
			left = append(left, l.all[i])
		}
	}
	return left
}
