// SPDX-License-Identifier: Apache-2.0

package ipvs

import (
	"cmp"
	"net/netip"
	"slices"
	"strconv"
)

// ConnGroup is what connection entries are counted by. Key treats values other than
// the four below as ByState.
type ConnGroup int

// The groups. ByState is the zero value.
const (
	ByState       ConnGroup = iota // protocol and state
	ByClient                       // address of the client
	ByVirtual                      // protocol, virtual address and port
	ByDestination                  // protocol, address and port of the destination
)

var connGroupNames = [...]string{ByState: "state", ByClient: "client", ByVirtual: "virtual", ByDestination: "destination"}

// String returns state, client, virtual or destination, or the number of any other
// value.
func (g ConnGroup) String() string {
	if g < 0 || int(g) >= len(connGroupNames) {
		return strconv.Itoa(int(g))
	}
	return connGroupNames[g]
}

// ConnKey is what the entries of a group have in common. Fields that the group does
// not use are zero: the protocol and the port for ByClient, the endpoint for
// ByState.
type ConnKey struct {
	Protocol string
	State    string
	Endpoint netip.AddrPort
}

// Key returns the key of an entry in a count by the group.
func (g ConnGroup) Key(e *ConnEntry) ConnKey {
	switch g {
	case ByClient:
		return ConnKey{Endpoint: netip.AddrPortFrom(e.Client.Addr(), 0)}
	case ByVirtual:
		return ConnKey{Protocol: e.Protocol, Endpoint: e.Virtual}
	case ByDestination:
		return ConnKey{Protocol: e.Protocol, Endpoint: e.Destination}
	}
	return ConnKey{Protocol: e.Protocol, State: e.State}
}

// ConnCount is the number of entries with a key.
type ConnCount struct {
	ConnKey
	Entries uint64
}

// ConnCounts counts entries by their keys.
type ConnCounts map[ConnKey]uint64

// Sorted returns the counts, the largest first, and equal counts in ascending order of
// their keys.
func (c ConnCounts) Sorted() []ConnCount {
	list := make([]ConnCount, 0, len(c))
	for key, n := range c {
		list = append(list, ConnCount{key, n})
	}
	slices.SortFunc(list, func(a, b ConnCount) int {
		return cmp.Or(
			cmp.Compare(b.Entries, a.Entries), cmp.Compare(a.Protocol, b.Protocol), cmp.Compare(a.State, b.State), a.Endpoint.Compare(b.Endpoint),
		)
	})
	return list
}
