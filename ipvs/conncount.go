package ipvs

import (
	"cmp"
	"net/netip"
	"slices"
	"strconv"
)

// ConnGroup is what connection entries are counted by. One that is none of those
// below counts as ByState.
type ConnGroup int

// The groups. ByState is the zero value.
const (
	ByState       ConnGroup = iota // protocol and state
	ByClient                       // address of the client
	ByVirtual                      // protocol, virtual address and port
	ByDestination                  // protocol, address and port of the destination
)

var connGroupNames = [...]string{ByState: "state", ByClient: "client", ByVirtual: "virtual", ByDestination: "destination"}

// String is state, client, virtual, destination, or a number.
func (g ConnGroup) String() string {
	if g < 0 || int(g) >= len(connGroupNames) {
		return strconv.Itoa(int(g))
	}
	return connGroupNames[g]
}

// ConnKey is what the entries of a group have in common. What the group is not
// about is zero: the protocol of clients, the port of clients, the end of states.
type ConnKey struct {
	Protocol string
	State    string
	End      netip.AddrPort
}

// Key is the entry's place in a count by the group.
func (g ConnGroup) Key(e *ConnEntry) ConnKey {
	switch g {
	case ByClient:
		return ConnKey{End: netip.AddrPortFrom(e.Client.Addr(), 0)}
	case ByVirtual:
		return ConnKey{Protocol: e.Protocol, End: e.Virtual}
	case ByDestination:
		return ConnKey{Protocol: e.Protocol, End: e.Destination}
	}
	return ConnKey{Protocol: e.Protocol, State: e.State}
}

// ConnCount is how many entries have a key.
type ConnCount struct {
	ConnKey
	Entries uint64
}

// ConnCounts counts entries by their keys.
type ConnCounts map[ConnKey]uint64

// List has the most frequent keys first, those that are as frequent in ascending
// order.
func (c ConnCounts) List() []ConnCount {
	list := make([]ConnCount, 0, len(c))
	for key, n := range c {
		list = append(list, ConnCount{key, n})
	}
	slices.SortFunc(list, func(a, b ConnCount) int {
		return cmp.Or(
			cmp.Compare(b.Entries, a.Entries), cmp.Compare(a.Protocol, b.Protocol), cmp.Compare(a.State, b.State), a.End.Compare(b.End),
		)
	})
	return list
}
