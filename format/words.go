// SPDX-License-Identifier: Apache-2.0

package format

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// schedFlagWords lists the scheduler flags as -b takes them, such as
// sh-fallback,sh-port. It is empty without flags.
func schedFlagWords(scheduler string, flags ipvs.ServiceFlags) string {
	var words []string
	for _, flag := range [...]ipvs.ServiceFlags{ipvs.SchedulerFlag1, ipvs.SchedulerFlag2, ipvs.SchedulerFlag3} {
		if flags&flag != 0 {
			words = append(words, schedulerFlagWord(scheduler, flag))
		}
	}
	return strings.Join(words, ",")
}

// netmask is the text of a netmask, or empty for one that tells all clients apart.
func netmask(s *ipvs.Service) string {
	if s.Netmask.IsHost() {
		return ""
	}
	return netmaskText(s)
}

// netmaskText is an IPv4 mask or the length of an IPv6 prefix.
func netmaskText(s *ipvs.Service) string {
	if bits, ok := s.Netmask.IPv6(); ok && s.AddressFamily() == ipvs.IPv6 {
		return strconv.Itoa(bits)
	}
	if mask, ok := s.Netmask.IPv4(); ok {
		return netip.AddrFrom4(mask).String()
	}
	return s.Netmask.String()
}

// flagList splits words at commas. It is never nil, so that JSON prints an empty list.
func flagList(text string) []string {
	if text == "" {
		return []string{}
	}
	return strings.Split(text, ",")
}

// serviceFlagWords lists the flags of a service without those of its scheduler.
func serviceFlagWords(flags ipvs.ServiceFlags) []string {
	return flagWords(flags&^(ipvs.SchedulerFlag1|ipvs.SchedulerFlag2|ipvs.SchedulerFlag3), []flagWord[ipvs.ServiceFlags]{
		{ipvs.Persistent, "persistent"}, {ipvs.OnePacket, "ops"}, {ipvs.Hashed, "hashed"},
	})
}

func tunnelFlagWords(flags ipvs.TunnelFlags) []string {
	return flagWords(flags, []flagWord[ipvs.TunnelFlags]{
		{ipvs.TunnelChecksum, "csum"}, {ipvs.TunnelRemoteChecksum, "remcsum"},
	})
}

type flagWord[T any] struct {
	flag T
	word string
}

// flagWords lists flags by their words. Flags without a word are numbers such as 0x40.
func flagWords[T ~uint16 | ~uint32](flags T, words []flagWord[T]) []string {
	set := []string{}
	for _, w := range words {
		if flags&w.flag != 0 {
			set = append(set, w.word)
			flags &^= w.flag
		}
	}
	for bit := T(1); bit != 0; bit <<= 1 {
		if flags&bit != 0 {
			set = append(set, "0x"+strconv.FormatUint(uint64(bit), 16))
		}
	}
	return set
}

// protocolNamed finds the protocol of a connection. It is 0 for the template of a mark,
// whose protocol is IP, and for a name that is not known.
func protocolNamed(name string) ipvs.Protocol {
	for _, p := range [...]ipvs.Protocol{ipvs.TCP, ipvs.UDP, ipvs.SCTP} {
		if p.String() == name {
			return p
		}
	}
	return 0
}

// daemonOptions are the settings of a sync daemon that old kernels do not report. Those
// that are not reported are empty.
type daemonOptions struct{ maxLen, group, port, ttl string }

func daemonOptionsOf(d *ipvs.Daemon) daemonOptions {
	o := daemonOptions{maxLen: optional(d.MaxLen), port: optional(d.Port), ttl: optional(d.TTL)}
	if d.Group.IsValid() {
		o.group = d.Group.String()
	}
	return o
}
