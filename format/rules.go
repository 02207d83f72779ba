package format

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// Rules writes the lines that make the table again when they are restored. names
// is nil for numbers only. What no rule can express is written as a comment
// line, and returned as a warning.
func Rules(w io.Writer, table ipvs.Table, names Names) (warnings []string, err error) {
	var b []byte
	for i := range table {
		entry := &table[i]
		s := &entry.Service
		b = b[:0]
		for _, lost := range lostOfService(s) {
			warning := fmt.Sprintf("%s: %s cannot be saved", s.ServiceID, lost)
			warnings = append(warnings, warning)
			b = fmt.Appendf(b, "# %s\n", warning)
		}
		b = appendServiceRule(b, names, s)
		for j := range entry.Destinations {
			d := &entry.Destinations[j]
			for _, lost := range lostOfDestination(d) {
				warning := fmt.Sprintf("%s of %s: %s cannot be saved", d.DestinationID, s.ServiceID, lost)
				warnings = append(warnings, warning)
				b = fmt.Appendf(b, "# %s\n", warning)
			}
			b = appendDestinationRule(b, names, s, d)
		}
		if _, err := w.Write(b); err != nil {
			return warnings, err
		}
	}
	return warnings, nil
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
	switch d.Forward & 0x7 {
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
	if d.Forward&0x7 == ipvs.Tunnel {
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

// lostOfService lists what a service has that no option can say.
func lostOfService(s *ipvs.Service) (lost []string) {
	if s.FWMark == 0 && s.Protocol != ipvs.TCP && s.Protocol != ipvs.UDP && s.Protocol != ipvs.SCTP {
		lost = append(lost, "protocol "+s.Protocol.String())
	}
	if flags := s.Flags &^ namedFlags; flags != 0 {
		lost = append(lost, fmt.Sprintf("flags %#x", uint32(flags)))
	}
	if strings.ContainsAny(s.Scheduler, " \t\r\n#") || s.Scheduler == "" {
		lost = append(lost, fmt.Sprintf("scheduler %q", s.Scheduler))
	}
	return lost
}

// lostOfDestination lists what a destination has that no option can say. The
// kernel finds out by itself what is local, so that is no loss.
func lostOfDestination(d *ipvs.Destination) (lost []string) {
	method := d.Forward & 0x7
	if method > ipvs.DirectRoute {
		lost = append(lost, "forwarding method "+method.String())
	}
	if method == ipvs.Tunnel && d.TunnelType > ipvs.GRE {
		lost = append(lost, "tunnel type "+d.TunnelType.String())
	}
	known := ipvs.TunnelFlags(0)
	if d.TunnelType == ipvs.GUE {
		known = ipvs.TunnelChecksum | ipvs.TunnelRemoteChecksum
	} else if d.TunnelType == ipvs.GRE {
		known = ipvs.TunnelChecksum
	}
	if flags := d.TunnelFlags &^ known; method == ipvs.Tunnel && flags != 0 {
		lost = append(lost, fmt.Sprintf("tunnel flags %#x", uint16(flags)))
	}
	return lost
}
