package ipvs

import (
	"fmt"
	"net/netip"
	"strconv"

	"golang.org/x/sys/unix"
)

// Protocol is the transport protocol of a service: an IPPROTO_* number.
type Protocol uint16

// The protocols the kernel balances (net/netfilter/ipvs/ip_vs_proto_*.c).
const (
	TCP  Protocol = unix.IPPROTO_TCP
	UDP  Protocol = unix.IPPROTO_UDP
	SCTP Protocol = unix.IPPROTO_SCTP
)

var protocolNames = names[Protocol]{"protocol", []named[Protocol]{{TCP, "TCP"}, {UDP, "UDP"}, {SCTP, "SCTP"}}}

// String is TCP, UDP, SCTP, or the number of any other protocol.
func (p Protocol) String() string { return protocolNames.text(p) }

// MarshalText writes what String returns.
func (p Protocol) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (p *Protocol) UnmarshalText(b []byte) error { return protocolNames.parse(p, b) }

// Family is an address family: AF_INET or AF_INET6.
type Family uint16

// The two families of IPVS.
const (
	IPv4 Family = unix.AF_INET
	IPv6 Family = unix.AF_INET6
)

var familyNames = names[Family]{"family", []named[Family]{{IPv4, "IPv4"}, {IPv6, "IPv6"}}}

// String is IPv4, IPv6, or the number of any other family.
func (f Family) String() string { return familyNames.text(f) }

// MarshalText writes what String returns.
func (f Family) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (f *Family) UnmarshalText(b []byte) error { return familyNames.parse(f, b) }

// HostNetmask is the netmask that tells every client of the family apart:
// 255.255.255.255 or 128 bits.
func (f Family) HostNetmask() uint32 {
	if f == IPv6 {
		return 128
	}
	return 0xffffffff
}

// FamilyOf is the family of an address, 0 for the zero Addr. An IPv4-mapped
// IPv6 address is IPv6, as it is to the kernel: call Unmap first if IPv4 is meant.
func FamilyOf(a netip.Addr) Family {
	switch {
	case a.Is4():
		return IPv4
	case a.Is6():
		return IPv6
	}
	return 0
}

// ForwardingMethod is how packets reach a destination: the bits of
// IP_VS_CONN_F_FWD_MASK in a connection's flags. The kernel drops all other bits.
type ForwardingMethod uint32

// The forwarding methods. Local is for one of the director's own addresses; the
// kernel reports it only if it was asked for. Bypass is for connections.
const (
	Masquerade  ForwardingMethod = iota // IP_VS_CONN_F_MASQ
	Local                               // IP_VS_CONN_F_LOCALNODE
	Tunnel                              // IP_VS_CONN_F_TUNNEL
	DirectRoute                         // IP_VS_CONN_F_DROUTE
	Bypass                              // IP_VS_CONN_F_BYPASS
)

var forwardingNames = names[ForwardingMethod]{"forwarding method", []named[ForwardingMethod]{{Masquerade, "Masq"}, {Local, "Local"}, {Tunnel, "Tunnel"}, {DirectRoute, "Route"}, {Bypass, "Bypass"}}}

// String is the word of a listing: Masq, Local, Tunnel, Route, Bypass, or a number.
func (m ForwardingMethod) String() string { return forwardingNames.text(m) }

// MarshalText writes what String returns.
func (m ForwardingMethod) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (m *ForwardingMethod) UnmarshalText(b []byte) error { return forwardingNames.parse(m, b) }

// TunnelType is how packets are wrapped for a destination with Tunnel forwarding.
type TunnelType uint8

// The tunnel types, since Linux 5.2 (GUE) and 5.3 (GRE).
const (
	IPIP TunnelType = iota // IP_VS_CONN_F_TUNNEL_TYPE_IPIP
	GUE
	GRE
)

var tunnelNames = names[TunnelType]{"tunnel type", []named[TunnelType]{{IPIP, "ipip"}, {GUE, "gue"}, {GRE, "gre"}}}

// String is ipip, gue, gre, or a number.
func (t TunnelType) String() string { return tunnelNames.text(t) }

// MarshalText writes what String returns.
func (t TunnelType) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (t *TunnelType) UnmarshalText(b []byte) error { return tunnelNames.parse(t, b) }

// TunnelFlags say how GUE and GRE packets are checked: IP_VS_TUNNEL_ENCAP_FLAG_*.
type TunnelFlags uint16

// The tunnel flags. Zero is no checksum.
const (
	TunnelChecksum       TunnelFlags = 1 << iota // IP_VS_TUNNEL_ENCAP_FLAG_CSUM
	TunnelRemoteChecksum                         // IP_VS_TUNNEL_ENCAP_FLAG_REMCSUM
)

// ServiceFlags are IP_VS_SVC_F_*.
type ServiceFlags uint32

// The service flags. What the scheduler flags mean is up to the scheduler: for
// sh and mh, 1 is fallback and 2 is port.
const (
	Persistent ServiceFlags = 1 << iota // IP_VS_SVC_F_PERSISTENT
	Hashed                              // IP_VS_SVC_F_HASHED, set by the kernel
	OnePacket                           // IP_VS_SVC_F_ONEPACKET
	SchedulerFlag1
	SchedulerFlag2
	SchedulerFlag3
)

// DaemonState tells which of the two sync daemons is meant.
type DaemonState uint32

// The sync daemons of a director.
const (
	Master DaemonState = 1 << iota // IP_VS_STATE_MASTER
	Backup                         // IP_VS_STATE_BACKUP
)

var daemonNames = names[DaemonState]{"daemon state", []named[DaemonState]{{Master, "master"}, {Backup, "backup"}}}

// String is master, backup, or a number.
func (s DaemonState) String() string { return daemonNames.text(s) }

// MarshalText writes what String returns.
func (s DaemonState) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (s *DaemonState) UnmarshalText(b []byte) error { return daemonNames.parse(s, b) }

// names gives the numbers of one enumeration their words. A number without a
// word is written as a number, so that nothing is lost in a round trip. It is a
// slice because a map would be built at every start of the program.
type names[T ~uint8 | ~uint16 | ~uint32] struct {
	kind  string
	words []named[T]
}

type named[T any] struct {
	value T
	word  string
}

func (n names[T]) text(v T) string {
	for _, w := range n.words {
		if w.value == v {
			return w.word
		}
	}
	return strconv.FormatUint(uint64(v), 10)
}

func (n names[T]) parse(v *T, text []byte) error {
	for _, w := range n.words {
		if w.word == string(text) {
			*v = w.value
			return nil
		}
	}
	u, err := strconv.ParseUint(string(text), 10, 32)
	if err != nil || uint64(T(u)) != u {
		return fmt.Errorf("ipvs: unknown %s %q", n.kind, text)
	}
	*v = T(u)
	return nil
}
