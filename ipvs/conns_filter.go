// SPDX-License-Identifier: Apache-2.0

package ipvs

import (
	"net/netip"
	"strings"
)

// ConnFilter selects connection entries. The zero value selects all.
//
// An entry does not tell its service: connections of a firewall mark have the address
// that their client asked for. The kernel counts the connections of each destination of
// each service itself, in Destination.ActiveConns and InactiveConns.
type ConnFilter struct {
	// Protocol is TCP, UDP, SCTP or IP, in upper or lower case. Empty matches all.
	Protocol string
	// State is the name of a state, in upper or lower case. Empty matches all.
	State string
	// Client is the network of the client's address. The zero Prefix matches all. An
	// IPv4-mapped network means the IPv4 network.
	Client netip.Prefix
	// Virtual and Destination select the other two endpoints.
	Virtual, Destination EndpointFilter
}

// EndpointFilter selects endpoints of connections by address, by port, or by both. The
// zero value selects all.
type EndpointFilter struct {
	// AddrPort has the address, or the zero Addr for any address. An IPv4-mapped
	// address means the IPv4 address. The port counts only if HasPort is set.
	AddrPort netip.AddrPort
	// HasPort selects the port of AddrPort, also if that is 0.
	HasPort bool
}

// Match reports whether the filter selects an entry.
func (f *ConnFilter) Match(e *ConnEntry) bool {
	return (f.Protocol == "" || strings.EqualFold(f.Protocol, e.Protocol)) &&
		(f.State == "" || strings.EqualFold(f.State, e.State)) &&
		(!f.Client.IsValid() || unmapped(f.Client).Contains(e.Client.Addr())) &&
		f.Virtual.match(e.Virtual) && f.Destination.match(e.Destination)
}

func (f *EndpointFilter) match(end netip.AddrPort) bool {
	addr := f.AddrPort.Addr().Unmap()
	return (!addr.IsValid() || addr == end.Addr().Unmap()) && (!f.HasPort || f.AddrPort.Port() == end.Port())
}

// unmapped returns the IPv4 network of an IPv4-mapped one, and others as they are.
func unmapped(p netip.Prefix) netip.Prefix {
	if p.Addr().Is4In6() && p.Bits() >= 96 {
		return netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return p
}
