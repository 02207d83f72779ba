package format

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// Rules writes the lines that make the table again when they are restored. names
// is nil for numbers only. What no rule can express is named in a comment line
// and in a warning; a rule that would then be refused, or do something else, is
// itself written as a comment.
func Rules(w io.Writer, table ipvs.Table, names Names) (warnings []string, err error) {
	r := rules{names: names}
	for i := range table {
		r.buf = r.buf[:0]
		r.entry(&table[i])
		if _, err := w.Write(r.buf); err != nil {
			return r.warnings, err
		}
	}
	return r.warnings, nil
}

type rules struct {
	names    Names
	buf      []byte
	warnings []string
}

func (r *rules) entry(entry *ipvs.TableEntry) {
	s := &entry.Service
	lost, usable := lostOfService(s)
	r.warn(s.ServiceID.String(), lost)
	r.comment(usable)
	r.buf = appendServiceRule(r.buf, r.names, s)
	for i := range entry.Destinations {
		d := &entry.Destinations[i]
		lost, usableToo := lostOfDestination(s, d)
		r.warn(d.DestinationID.String()+" of "+s.ServiceID.String(), lost)
		r.comment(usable && usableToo)
		r.buf = appendDestinationRule(r.buf, r.names, s, d)
	}
}

func (r *rules) warn(subject string, lost []string) {
	for _, what := range lost {
		warning := fmt.Sprintf("%s: %s cannot be saved", subject, what)
		r.warnings = append(r.warnings, warning)
		r.buf = fmt.Appendf(r.buf, "# %s\n", warning)
	}
}

// comment makes a rule that is not usable a comment.
func (r *rules) comment(usable bool) {
	if !usable {
		r.buf = append(r.buf, "# "...)
	}
}

func appendServiceRule(b []byte, names Names, s *ipvs.Service) []byte {
	b = append(b, "-A "...)
	return append(appendServiceSettings(b, names, s), '\n')
}

func appendServiceSettings(b []byte, names Names, s *ipvs.Service) []byte {
	b = appendServiceOption(b, names, s)
	b = append(b, " -s "...)
	b = append(b, s.Scheduler...)
	if s.Flags&ipvs.Persistent != 0 {
		b = append(b, " -p "...)
		b = strconv.AppendUint(b, uint64(s.Timeout), 10)
		if mask := netmask(s); mask != "" {
			b = append(b, " -M "...)
			b = append(b, mask...)
		}
	}
	if s.PersistenceEngine != "" {
		b = append(b, " --pe "...)
		b = append(b, s.PersistenceEngine...)
	}
	if s.Flags&ipvs.OnePacket != 0 {
		b = append(b, " -o"...)
	}
	if flags := schedFlagWords(s.Scheduler, s.Flags); flags != "" {
		b = append(b, " -b "...)
		b = append(b, flags...)
	}
	return b
}

// appendServiceOption writes -t, -u or --sctp-service with an address, or -f.
func appendServiceOption(b []byte, names Names, s *ipvs.Service) []byte {
	switch {
	case s.FWMark != 0:
		b = append(b, "-f "...)
		b = strconv.AppendUint(b, uint64(s.FWMark), 10)
		if s.AddressFamily() == ipvs.IPv6 {
			b = append(b, " -6"...)
		}
		return b
	case s.Protocol == ipvs.UDP:
		b = append(b, "-u "...)
	case s.Protocol == ipvs.SCTP:
		b = append(b, "--sctp-service "...)
	default:
		b = append(b, "-t "...)
	}
	return appendEndpoint(b, names, s.Protocol, s.AddrPort)
}

func appendDestinationRule(b []byte, names Names, s *ipvs.Service, d *ipvs.Destination) []byte {
	b = append(b, "-a "...)
	return append(appendDestinationSettings(b, names, s, d), '\n')
}

func appendServer(b []byte, names Names, s *ipvs.Service, d *ipvs.Destination) []byte {
	b = appendServiceOption(b, names, s)
	b = append(b, " -r "...)
	return appendEndpoint(b, names, s.Protocol, d.AddrPort)
}

func appendDestinationSettings(b []byte, names Names, s *ipvs.Service, d *ipvs.Destination) []byte {
	b = appendServer(b, names, s, d)
	switch d.Forward & forwardMask {
	case ipvs.Masquerade:
		b = append(b, " -m"...)
	case ipvs.Tunnel:
		b = append(b, " -i"...)
	default:
		b = append(b, " -g"...)
	}
	b = append(b, " -w "...)
	b = strconv.AppendUint(b, uint64(d.Weight), 10)
	if d.UpperThreshold != 0 || d.LowerThreshold != 0 {
		b = fmt.Appendf(b, " -x %d -y %d", d.UpperThreshold, d.LowerThreshold)
	}
	if d.Forward&forwardMask == ipvs.Tunnel {
		b = appendTunnelOptions(b, d)
	}
	return b
}

func appendTunnelOptions(b []byte, d *ipvs.Destination) []byte {
	b = append(b, " --tun-type "...)
	b = append(b, d.TunnelType.String()...)
	switch d.TunnelType {
	case ipvs.GUE:
		b = append(b, " --tun-port "...)
		b = strconv.AppendUint(b, uint64(d.TunnelPort), 10)
	case ipvs.GRE:
	default:
		return b
	}
	switch d.TunnelFlags & sayableFlags(d) {
	case ipvs.TunnelChecksum:
		return append(b, " --tun-csum"...)
	case ipvs.TunnelRemoteChecksum:
		return append(b, " --tun-remcsum"...)
	}
	return append(b, " --tun-nocsum"...)
}

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
