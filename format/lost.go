package format

import (
	"fmt"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

const namedFlags = ipvs.Persistent | ipvs.Hashed | ipvs.OnePacket |
	ipvs.SchedulerFlag1 | ipvs.SchedulerFlag2 | ipvs.SchedulerFlag3

const (
	maxTimeout = 31 * 86400 // seconds that -p takes
	maxNumber  = 1<<31 - 1  // that -w, -x and -y take
)

// lostOfService lists what a service has that no option can say, and tells
// whether a rule without it is of use.
func lostOfService(s *ipvs.Service) (lost []string, usable bool) {
	persistent, ops := s.Flags&ipvs.Persistent != 0, s.Flags&ipvs.OnePacket != 0
	if s.FWMark == 0 {
		switch {
		case s.Protocol != ipvs.TCP && s.Protocol != ipvs.UDP && s.Protocol != ipvs.SCTP:
			lost = append(lost, "protocol "+s.Protocol.String())
		case s.AddrPort.Port() == 0 && !persistent:
			lost = append(lost, "port 0 without persistence")
		case ops && s.Protocol != ipvs.UDP:
			lost = append(lost, "one-packet scheduling of "+s.Protocol.String())
		}
	}
	if persistent && (s.Timeout < 1 || s.Timeout > maxTimeout) {
		lost = append(lost, fmt.Sprintf("persistence of %d seconds", s.Timeout))
	}
	if persistent && s.AddressFamily() == ipvs.IPv6 && (s.Netmask < 1 || s.Netmask > 128) {
		lost = append(lost, fmt.Sprintf("netmask %d", s.Netmask))
	}
	if !isWord(s.Scheduler) {
		lost = append(lost, fmt.Sprintf("scheduler %q", s.Scheduler))
	}
	if s.PersistenceEngine != "" && !isWord(s.PersistenceEngine) {
		lost = append(lost, fmt.Sprintf("persistence engine %q", s.PersistenceEngine))
	}
	usable = len(lost) == 0
	if flags := s.Flags &^ namedFlags; flags != 0 {
		lost = append(lost, fmt.Sprintf("flags %#x", uint32(flags)))
	}
	return lost, usable
}

// isWord tells whether a rules file can hold a name.
func isWord(name string) bool {
	return name != "" && name != "ipvsadm" &&
		!strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '#' })
}

// lostOfDestination does the same for a destination of a service.
func lostOfDestination(s *ipvs.Service, d *ipvs.Destination) (lost []string, usable bool) {
	method := d.Forward & forwardMask
	switch {
	case method > ipvs.DirectRoute:
		lost = append(lost, "forwarding method "+method.String())
	case method == ipvs.Tunnel && d.TunnelType > ipvs.GRE:
		lost = append(lost, "tunnel type "+d.TunnelType.String())
	case method == ipvs.Tunnel && d.TunnelType == ipvs.GUE && d.TunnelPort == 0:
		lost = append(lost, "tunnel port 0")
	case method != ipvs.Tunnel && ipvs.FamilyOf(d.AddrPort.Addr()) != s.AddressFamily():
		lost = append(lost, "another address family without a tunnel")
	case method != ipvs.Masquerade && s.FWMark == 0 && d.AddrPort.Port() != s.AddrPort.Port():
		lost = append(lost, fmt.Sprintf("port %d without masquerading", d.AddrPort.Port()))
	}
	if d.Weight > maxNumber || d.UpperThreshold > maxNumber || d.LowerThreshold > maxNumber {
		lost = append(lost, "a number above 2147483647")
	}
	usable = len(lost) == 0
	if method == ipvs.Local {
		lost = append(lost, "forwarding method Local")
	}
	if flags := d.TunnelFlags &^ sayableFlags(d); method == ipvs.Tunnel && flags != 0 {
		lost = append(lost, fmt.Sprintf("tunnel flags %#x", uint16(flags)))
	}
	return lost, usable
}

// sayableFlags are the tunnel flags for which there is an option: of the two
// only one at a time.
func sayableFlags(d *ipvs.Destination) ipvs.TunnelFlags {
	switch {
	case d.TunnelType == ipvs.IPIP:
		return 0
	case d.TunnelType == ipvs.GRE || d.TunnelFlags&ipvs.TunnelChecksum != 0:
		return ipvs.TunnelChecksum
	}
	return ipvs.TunnelRemoteChecksum
}
