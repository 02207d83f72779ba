// SPDX-License-Identifier: Apache-2.0

package format

import (
	"math"
	"net/netip"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// This file defines what a rule can express. Both the parser of command lines and
// the writer of rules follow it, so that each rule that is written can be read.

// Range is an inclusive range of numbers.
type Range struct{ Min, Max int64 }

// Contains tells whether n is in the range.
func (r Range) Contains(n uint32) bool { return r.Min <= int64(n) && int64(n) <= r.Max }

// The numbers that the options of a rule take. The kernel takes larger timeouts,
// weights and thresholds, but the original ipvsadm does not.
var (
	FWMarkRange      = Range{1, math.MaxUint32} // -f
	PersistenceRange = Range{1, 31 * 86400}     // -p
	PrefixRange      = Range{1, 128}            // -M of an IPv6 service
	WeightRange      = Range{0, math.MaxInt32}  // -w
	ThresholdRange   = Range{0, math.MaxInt32}  // -x and -y
	TunnelPortRange  = Range{1, math.MaxUint16} // --tun-port
	SyncIDRange      = Range{0, math.MaxUint8}  // --syncid
	SyncMaxLenRange  = Range{1, 65507}          // --sync-maxlen: what fits into a UDP packet
	McastPortRange   = Range{1, math.MaxUint16} // --mcast-port
	McastTTLRange    = Range{1, math.MaxUint8}  // --mcast-ttl
	TimeoutRange     = Range{0, 31 * 86400}     // each timeout of --set; 0 leaves it as it is
)

// ServiceOption returns the option that names a service of a protocol. ok is false if
// there is none.
func ServiceOption(p ipvs.Protocol) (option string, ok bool) {
	switch p {
	case ipvs.TCP:
		return "-t", true
	case ipvs.UDP:
		return "-u", true
	case ipvs.SCTP:
		return "--sctp-service", true
	}
	return "", false
}

// NeedsPersistence tells whether a service must be persistent: one that takes all
// ports of an address.
func NeedsPersistence(id ipvs.ServiceID) bool { return id.FWMark == 0 && id.AddrPort.Port() == 0 }

// AllowsOnePacket tells whether a service can have one-packet scheduling.
func AllowsOnePacket(id ipvs.ServiceID) bool { return id.FWMark != 0 || id.Protocol == ipvs.UDP }

// DaemonStates are the states that --start-daemon and --stop-daemon take.
var DaemonStates = [...]ipvs.DaemonState{ipvs.Master, ipvs.Backup}

// ForwardOption returns the option of a forwarding method. ok is false if there is
// none.
func ForwardOption(m ipvs.ForwardingMethod) (option string, ok bool) {
	switch m {
	case ipvs.Masquerade:
		return "-m", true
	case ipvs.Tunnel:
		return "-i", true
	case ipvs.DirectRoute:
		return "-g", true
	}
	return "", false
}

// NeedsTunnel tells whether packets of a service reach a server through a tunnel only,
// because its address is of another family.
func NeedsTunnel(id ipvs.ServiceID, server netip.Addr) bool {
	return ipvs.FamilyOf(server) != id.AddressFamily()
}

// AllowsOtherPort tells whether a server can have another port than its service. Only
// masquerading changes the port of a packet.
func AllowsOtherPort(id ipvs.ServiceID, m ipvs.ForwardingMethod) bool {
	return id.FWMark != 0 || m == ipvs.Masquerade
}

// TunnelOptions are the options that a type of tunnel takes.
type TunnelOptions struct {
	Port      bool             // takes and needs --tun-port
	Checksums []TunnelChecksum // takes one of these at most
}

// TunnelChecksum is an option that tells how packets in a tunnel are checked.
type TunnelChecksum struct {
	Option string // its long name
	Flags  ipvs.TunnelFlags
}

var (
	gueChecksums = []TunnelChecksum{
		{"tun-csum", ipvs.TunnelChecksum}, {"tun-remcsum", ipvs.TunnelRemoteChecksum}, {"tun-nocsum", 0},
	}
	greChecksums = []TunnelChecksum{{"tun-csum", ipvs.TunnelChecksum}, {"tun-nocsum", 0}}
)

// TunnelOptionsOf returns the options of a type of tunnel. ok is false for a type that
// --tun-type does not know.
func TunnelOptionsOf(t ipvs.TunnelType) (options TunnelOptions, ok bool) {
	switch t {
	case ipvs.IPIP:
		return TunnelOptions{}, true
	case ipvs.GUE:
		return TunnelOptions{Port: true, Checksums: gueChecksums}, true
	case ipvs.GRE:
		return TunnelOptions{Checksums: greChecksums}, true
	}
	return TunnelOptions{}, false
}

// checksum returns the option for flags. If no option sets all of them, it is the
// first one that sets some.
func (o TunnelOptions) checksum(flags ipvs.TunnelFlags) (c TunnelChecksum, ok bool) {
	for _, c := range o.Checksums {
		if flags&c.Flags == c.Flags {
			return c, true
		}
	}
	return TunnelChecksum{}, false
}

// SchedulerFlag is a word that -b takes.
type SchedulerFlag struct {
	Word      string
	Scheduler string // the only scheduler that takes the word, or empty for any
	Flag      ipvs.ServiceFlags
}

// SchedulerFlags are all words that -b takes. A flag without a word of its scheduler
// has a general one.
var SchedulerFlags = [...]SchedulerFlag{
	{"flag-1", "", ipvs.SchedulerFlag1},
	{"flag-2", "", ipvs.SchedulerFlag2},
	{"flag-3", "", ipvs.SchedulerFlag3},
	{"sh-fallback", ipvs.SourceHashing, ipvs.SourceHashingFallback},
	{"sh-port", ipvs.SourceHashing, ipvs.SourceHashingPort},
	{"mh-fallback", ipvs.MaglevHashing, ipvs.MaglevHashingFallback},
	{"mh-port", ipvs.MaglevHashing, ipvs.MaglevHashingPort},
}

// schedulerFlagWord is the word for one flag of a scheduler, a special one rather than
// a general one.
func schedulerFlagWord(scheduler string, flag ipvs.ServiceFlags) (word string) {
	for _, f := range SchedulerFlags {
		if f.Flag == flag && (f.Scheduler == "" || f.Scheduler == scheduler) {
			word = f.Word
		}
	}
	return word
}
