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
	if len(lost) > 0 {
		r.warn(s.ServiceID.String(), lost)
	}
	start := len(r.buf)
	r.buf = appendServiceRule(r.buf, r.names, s)
	r.comment(usable, start)
	for i := range entry.Destinations {
		d := &entry.Destinations[i]
		lost, usableToo := lostOfDestination(s, d)
		if len(lost) > 0 {
			r.warn(d.DestinationID.String()+" of "+s.ServiceID.String(), lost)
		}
		start := len(r.buf)
		r.buf = appendDestinationRule(r.buf, r.names, s, d)
		r.comment(usable && usableToo, start)
	}
}

func (r *rules) warn(subject string, lost []string) {
	for _, what := range lost {
		warning := Printable(fmt.Sprintf("%s: %s cannot be saved", subject, what))
		r.warnings = append(r.warnings, warning)
		r.buf = fmt.Appendf(r.buf, "# %s\n", warning)
	}
}

// comment makes the rule that begins at start a comment, if it is not usable. A line
// feed in a name would end the comment.
func (r *rules) comment(usable bool, start int) {
	if !usable {
		rule := strings.TrimSuffix(string(r.buf[start:]), "\n")
		r.buf = fmt.Appendf(r.buf[:start], "# %s\n", Printable(rule))
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
