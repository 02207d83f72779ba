package ipvs

import (
	"net/netip"
	"strings"
)

// ConnFilter selects connection entries. The zero value selects all.
type ConnFilter struct {
	// State is a state's name in upper or lower case.
	State string
	// Client is a network that the client's address is in.
	Client netip.Prefix
	// Virtual and Destination are the other two ends.
	Virtual, Destination EndFilter
}

// EndFilter selects ends of connections by their address, and their port if
// HasPort is set. The zero value selects all.
type EndFilter struct {
	AddrPort netip.AddrPort
	HasPort  bool
}

// Match tells whether the entry is one of those that were asked for.
func (f *ConnFilter) Match(e *ConnEntry) bool {
	return (f.State == "" || strings.EqualFold(f.State, e.State)) &&
		(!f.Client.IsValid() || f.Client.Contains(e.Client.Addr())) &&
		f.Virtual.match(e.Virtual) && f.Destination.match(e.Destination)
}

func (f *EndFilter) match(end netip.AddrPort) bool {
	return !f.AddrPort.Addr().IsValid() ||
		f.AddrPort.Addr() == end.Addr() && (!f.HasPort || f.AddrPort.Port() == end.Port())
}
