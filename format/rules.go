// SPDX-License-Identifier: Apache-2.0

package format

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// Rules writes the rules that restore a table. names is nil for numbers only. A comment
// and a warning name each setting that no rule can express. If the rule without that
// setting would be refused, or would make something else, it becomes a comment.
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

// DestinationRules returns the rules that add destinations to a service which is there. As
// in Rules, comments name what no rule can express.
func DestinationRules(s *ipvs.Service, destinations []ipvs.Destination) string {
	var r rules
	r.destinations(s, destinations, nameable(s.ServiceID))
	return string(r.buf)
}

// WeightRule returns the rule that gives a destination its weight and keeps its other
// settings. It is a comment if no option names the service.
func WeightRule(id ipvs.ServiceID, d ipvs.Destination) string {
	b := appendServer([]byte("-e --keep "), nil, &ipvs.Service{ServiceID: id}, &d)
	rule := fmt.Sprintf("%s -w %d", b, d.Weight)
	if !nameable(id) {
		return "# " + rule
	}
	return rule
}

// nameable tells whether an option names a service.
func nameable(id ipvs.ServiceID) bool {
	_, ok := ServiceOption(id.Protocol)
	return ok || id.FWMark != 0
}

// rules gathers the lines of a rules file.
type rules struct {
	names    Names
	buf      []byte // lines that are not written yet
	warnings []string
}

func (r *rules) entry(entry *ipvs.TableEntry) {
	s := &entry.Service
	inexpressible, serviceRestorable := inexpressibleService(s)
	if len(inexpressible) > 0 {
		r.warn(s.ServiceID.String(), inexpressible)
	}
	start := len(r.buf)
	r.buf = appendServiceRule(r.buf, r.names, s)
	r.commentUnless(serviceRestorable, start)
	r.destinations(s, entry.Destinations, serviceRestorable)
}

// destinations adds the rules for destinations. serviceRestorable tells whether that for
// their service can be restored.
func (r *rules) destinations(s *ipvs.Service, destinations []ipvs.Destination, serviceRestorable bool) {
	for i := range destinations {
		d := &destinations[i]
		inexpressible, restorable := inexpressibleDestination(s, d)
		if len(inexpressible) > 0 {
			r.warn(d.DestinationID.String()+" of "+s.ServiceID.String(), inexpressible)
		}
		start := len(r.buf)
		r.buf = appendDestinationRule(r.buf, r.names, s, d)
		r.commentUnless(serviceRestorable && restorable, start)
	}
}

// warn tells what of a service, destination or daemon no rule can express.
func (r *rules) warn(subject string, inexpressible []string) {
	for _, what := range inexpressible {
		warning := Sanitize(fmt.Sprintf("%s: %s cannot be saved", subject, what))
		r.warnings = append(r.warnings, warning)
		r.buf = fmt.Appendf(r.buf, "# %s\n", warning)
	}
}

// commentUnless turns the rule that begins at start into a comment, unless it is
// restorable. It escapes line feeds in names, which would end the comment.
func (r *rules) commentUnless(restorable bool, start int) {
	if !restorable {
		rule := strings.TrimSuffix(string(r.buf[start:]), "\n")
		r.buf = fmt.Appendf(r.buf[:start], "# %s\n", Sanitize(rule))
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

// appendServiceOption writes -t, -u or --sctp-service with an address, or -f with a mark.
func appendServiceOption(b []byte, names Names, s *ipvs.Service) []byte {
	if s.FWMark != 0 {
		b = append(b, "-f "...)
		b = strconv.AppendUint(b, uint64(s.FWMark), 10)
		if s.AddressFamily() == ipvs.IPv6 {
			b = append(b, " -6"...)
		}
		return b
	}
	option, ok := ServiceOption(s.Protocol)
	if !ok {
		option = "-t" // the rule becomes a comment
	}
	b = append(append(b, option...), ' ')
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
	option, ok := ForwardOption(d.Forward & forwardMask)
	if !ok {
		option = "-g"
	}
	b = append(append(b, ' '), option...)
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
	options, _ := TunnelOptionsOf(d.TunnelType)
	if options.Port {
		b = append(b, " --tun-port "...)
		b = strconv.AppendUint(b, uint64(d.TunnelPort), 10)
	}
	if checksum, ok := options.checksum(d.TunnelFlags); ok {
		b = append(append(b, " --"...), checksum.Option...)
	}
	return b
}
