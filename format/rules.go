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
		lost, usableToo := lostOfDestination(d)
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
	return append(b, '\n')
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
	b = appendServiceOption(b, names, s)
	b = append(b, " -r "...)
	b = appendEndpoint(b, names, s.Protocol, d.AddrPort)
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
	return append(b, '\n')
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
	switch {
	case d.TunnelFlags&ipvs.TunnelChecksum != 0:
		return append(b, " --tun-csum"...)
	case d.TunnelFlags&ipvs.TunnelRemoteChecksum != 0:
		return append(b, " --tun-remcsum"...)
	}
	return append(b, " --tun-nocsum"...)
}

const namedFlags = ipvs.Persistent | ipvs.Hashed | ipvs.OnePacket |
	ipvs.SchedulerFlag1 | ipvs.SchedulerFlag2 | ipvs.SchedulerFlag3

// lostOfService lists what a service has that no option can say, and tells
// whether a rule without it is of use.
func lostOfService(s *ipvs.Service) (lost []string, usable bool) {
	usable = true
	if s.FWMark == 0 && s.Protocol != ipvs.TCP && s.Protocol != ipvs.UDP && s.Protocol != ipvs.SCTP {
		lost, usable = append(lost, "protocol "+s.Protocol.String()), false
	}
	for _, name := range [...]string{s.Scheduler, s.PersistenceEngine} {
		if strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '#' }) {
			lost, usable = append(lost, fmt.Sprintf("name %q", name)), false
		}
	}
	if flags := s.Flags &^ namedFlags; flags != 0 {
		lost = append(lost, fmt.Sprintf("flags %#x", uint32(flags)))
	}
	return lost, usable
}

// lostOfDestination does the same for a destination. The kernel finds out by
// itself what is local, so that is no loss.
func lostOfDestination(d *ipvs.Destination) (lost []string, usable bool) {
	method := d.Forward & forwardMask
	if method > ipvs.DirectRoute {
		return []string{"forwarding method " + method.String()}, false
	}
	if method != ipvs.Tunnel {
		return nil, true
	}
	known := ipvs.TunnelFlags(0)
	switch d.TunnelType {
	case ipvs.IPIP:
	case ipvs.GUE:
		known = ipvs.TunnelChecksum | ipvs.TunnelRemoteChecksum
	case ipvs.GRE:
		known = ipvs.TunnelChecksum
	default:
		return []string{"tunnel type " + d.TunnelType.String()}, false
	}
	if flags := d.TunnelFlags &^ known; flags != 0 {
		lost = append(lost, fmt.Sprintf("tunnel flags %#x", uint16(flags)))
	}
	return lost, true
}
