// SPDX-License-Identifier: Apache-2.0

package ipvs

import (
	"net/netip"
)

// Protocol is the transport protocol of a service: an IPPROTO_* number.
type Protocol uint16

// The protocols the kernel balances (net/netfilter/ipvs/ip_vs_proto_*.c).
const (
	TCP  Protocol = 6   // IPPROTO_TCP
	UDP  Protocol = 17  // IPPROTO_UDP
	SCTP Protocol = 132 // IPPROTO_SCTP
)

var protocolNames = names[Protocol]{kind: "protocol", words: []named[Protocol]{{TCP, "TCP"}, {UDP, "UDP"}, {SCTP, "SCTP"}}}

// String returns TCP, UDP or SCTP, or the number of any other protocol.
func (p Protocol) String() string { return protocolNames.text(p) }

// MarshalText writes what String returns.
func (p Protocol) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads what MarshalText writes, in upper or lower case.
func (p *Protocol) UnmarshalText(b []byte) error { return prefixed(protocolNames.parse(p, b)) }

// Family is an address family: AF_INET or AF_INET6, with Linux's numbers on every system.
type Family uint16

// The two families of IPVS.
const (
	IPv4 Family = 2  // AF_INET
	IPv6 Family = 10 // AF_INET6
)

var familyNames = names[Family]{kind: "family", words: []named[Family]{{IPv4, "IPv4"}, {IPv6, "IPv6"}}}

// String returns IPv4 or IPv6, or the number of any other family.
func (f Family) String() string { return familyNames.text(f) }

// MarshalText writes what String returns.
func (f Family) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText reads what MarshalText writes, in upper or lower case.
func (f *Family) UnmarshalText(b []byte) error { return prefixed(familyNames.parse(f, b)) }

// FamilyOf returns the family of an address, 0 for the zero Addr. An IPv4-mapped
// IPv6 address is IPv6, as in the kernel. For IPv4, call Unmap first.
func FamilyOf(a netip.Addr) Family {
	switch {
	case a.Is4():
		return IPv4
	case a.Is6():
		return IPv6
	}
	return 0
}

// ForwardingMethod is how packets reach a destination. It has the bits of
// IP_VS_CONN_F_FWD_MASK; the kernel drops all other bits.
type ForwardingMethod uint32

// forwardMask is IP_VS_CONN_F_FWD_MASK.
const forwardMask ForwardingMethod = 0x7

// The forwarding methods. Local is for an address of the director itself; the kernel
// reports it only for destinations that were added with it. Bypass occurs in
// connections only.
const (
	Masquerade  ForwardingMethod = iota // IP_VS_CONN_F_MASQ
	Local                               // IP_VS_CONN_F_LOCALNODE
	Tunnel                              // IP_VS_CONN_F_TUNNEL
	DirectRoute                         // IP_VS_CONN_F_DROUTE
	Bypass                              // IP_VS_CONN_F_BYPASS
)

var forwardingNames = names[ForwardingMethod]{
	kind:  "forwarding method",
	words: []named[ForwardingMethod]{{Masquerade, "Masq"}, {Local, "Local"}, {Tunnel, "Tunnel"}, {DirectRoute, "Route"}, {Bypass, "Bypass"}},
	aliases: []named[ForwardingMethod]{
		{Masquerade, "masquerade"}, {Masquerade, "masquerading"}, {Masquerade, "nat"},
		{DirectRoute, "directroute"}, {DirectRoute, "dr"}, {DirectRoute, "gate"}, {DirectRoute, "gatewaying"},
		{Tunnel, "ipip"}, {Tunnel, "tun"},
	},
}

// String returns the word that listings show: Masq, Local, Tunnel, Route or Bypass,
// or the number of any other method.
func (m ForwardingMethod) String() string { return forwardingNames.text(m) }

// MarshalText writes what String returns.
func (m ForwardingMethod) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads what MarshalText writes, in upper or lower case, and the names of
// ipvsadm, keepalived and ldirectord: masquerade, masquerading and NAT; DirectRoute, DR,
// gate and gatewaying; ipip and TUN.
func (m *ForwardingMethod) UnmarshalText(b []byte) error {
	return prefixed(forwardingNames.parse(m, b))
}

// TunnelType is the encapsulation of packets to a destination with Tunnel forwarding.
type TunnelType uint8

// The tunnel types, since Linux 5.2 (GUE) and 5.3 (GRE).
const (
	IPIP TunnelType = iota // IP_VS_CONN_F_TUNNEL_TYPE_IPIP
	GUE                    // IP_VS_CONN_F_TUNNEL_TYPE_GUE
	GRE                    // IP_VS_CONN_F_TUNNEL_TYPE_GRE
)

var tunnelNames = names[TunnelType]{kind: "tunnel type", words: []named[TunnelType]{{IPIP, "ipip"}, {GUE, "gue"}, {GRE, "gre"}}}

// String returns ipip, gue or gre, or the number of any other type.
func (t TunnelType) String() string { return tunnelNames.text(t) }

// MarshalText writes what String returns.
func (t TunnelType) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText reads what MarshalText writes, in upper or lower case.
func (t *TunnelType) UnmarshalText(b []byte) error { return prefixed(tunnelNames.parse(t, b)) }

// DaemonState is the role of a sync daemon.
type DaemonState uint32

// The roles of sync daemons.
const (
	Master DaemonState = 1 << iota // IP_VS_STATE_MASTER
	Backup                         // IP_VS_STATE_BACKUP
)

var daemonNames = names[DaemonState]{kind: "daemon state", words: []named[DaemonState]{{Master, "master"}, {Backup, "backup"}}}

// String returns master or backup, or the number of any other state.
func (s DaemonState) String() string { return daemonNames.text(s) }

// MarshalText writes what String returns.
func (s DaemonState) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what MarshalText writes, in upper or lower case.
func (s *DaemonState) UnmarshalText(b []byte) error { return prefixed(daemonNames.parse(s, b)) }
