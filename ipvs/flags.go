// SPDX-License-Identifier: Apache-2.0

package ipvs

// ServiceFlags are the flags of a service: IP_VS_SVC_F_*.
type ServiceFlags uint32

// The service flags. Each scheduler gives the scheduler flags its own meaning.
const (
	Persistent     ServiceFlags = 1 << iota // IP_VS_SVC_F_PERSISTENT
	Hashed                                  // IP_VS_SVC_F_HASHED, set by the kernel
	OnePacket                               // IP_VS_SVC_F_ONEPACKET
	SchedulerFlag1                          // IP_VS_SVC_F_SCHED1
	SchedulerFlag2                          // IP_VS_SVC_F_SCHED2
	SchedulerFlag3                          // IP_VS_SVC_F_SCHED3
)

// The scheduler flags of SourceHashing and MaglevHashing. Fallback takes another
// destination if the selected one is unavailable. Port adds the port of the client to
// the hash of its address.
const (
	SourceHashingFallback = SchedulerFlag1 // IP_VS_SVC_F_SCHED_SH_FALLBACK
	SourceHashingPort     = SchedulerFlag2 // IP_VS_SVC_F_SCHED_SH_PORT
	MaglevHashingFallback = SchedulerFlag1 // IP_VS_SVC_F_SCHED_MH_FALLBACK in ip_vs_mh.c
	MaglevHashingPort     = SchedulerFlag2 // IP_VS_SVC_F_SCHED_MH_PORT in ip_vs_mh.c
)

var serviceFlagNames = names[ServiceFlags]{
	kind: "service flag",
	words: []named[ServiceFlags]{
		{Persistent, "persistent"}, {Hashed, "hashed"}, {OnePacket, "one-packet"},
		{SchedulerFlag1, "flag-1"}, {SchedulerFlag2, "flag-2"}, {SchedulerFlag3, "flag-3"},
	},
	aliases: []named[ServiceFlags]{
		{OnePacket, "ops"},
		{SourceHashingFallback, "sh-fallback"}, {SourceHashingPort, "sh-port"},
		{MaglevHashingFallback, "mh-fallback"}, {MaglevHashingPort, "mh-port"},
	},
}

// String returns words such as "persistent,one-packet", or "none". The words are
// persistent, hashed, one-packet, flag-1, flag-2 and flag-3. Flags without a word follow
// as one number, such as 0x40.
func (f ServiceFlags) String() string { return serviceFlagNames.setText(f) }

// MarshalText writes what String returns.
func (f ServiceFlags) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText reads what MarshalText writes, in upper or lower case, and the words of
// ipvsadm: ops, sh-fallback, sh-port, mh-fallback and mh-port. Empty text means none.
func (f *ServiceFlags) UnmarshalText(b []byte) error {
	return prefixed(serviceFlagNames.parseSet(f, b))
}

// TunnelFlags select the checksum of GUE and GRE packets: IP_VS_TUNNEL_ENCAP_FLAG_*.
type TunnelFlags uint16

// The tunnel flags. Zero means no checksum.
const (
	TunnelChecksum       TunnelFlags = 1 << iota // IP_VS_TUNNEL_ENCAP_FLAG_CSUM
	TunnelRemoteChecksum                         // IP_VS_TUNNEL_ENCAP_FLAG_REMCSUM
)

var tunnelFlagNames = names[TunnelFlags]{
	kind:    "tunnel flag",
	words:   []named[TunnelFlags]{{TunnelChecksum, "csum"}, {TunnelRemoteChecksum, "remcsum"}},
	aliases: []named[TunnelFlags]{{0, "nocsum"}},
}

// String returns words such as "csum,remcsum", or "none". Flags without a word follow as
// one number, such as 0x4.
func (f TunnelFlags) String() string { return tunnelFlagNames.setText(f) }

// MarshalText writes what String returns.
func (f TunnelFlags) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText reads what MarshalText writes, in upper or lower case, and nocsum, which
// means none, as empty text does.
func (f *TunnelFlags) UnmarshalText(b []byte) error { return prefixed(tunnelFlagNames.parseSet(f, b)) }
