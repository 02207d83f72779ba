// SPDX-License-Identifier: Apache-2.0

package format

import (
	"fmt"
	"io"
	"strconv"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// classicTitles are the two lines that name the columns of a view.
func classicTitles(view View) string {
	switch view {
	case Counters:
		return "Prot LocalAddress:Port               Conns   InPkts  OutPkts  InBytes OutBytes\n" +
			"  -> RemoteAddress:Port\n"
	case Rates:
		return "Prot LocalAddress:Port                 CPS    InPPS   OutPPS    InBPS   OutBPS\n" +
			"  -> RemoteAddress:Port\n"
	case Thresholds:
		return "Prot LocalAddress:Port            Uthreshold Lthreshold ActiveConn InActConn \n" +
			"  -> RemoteAddress:Port\n"
	case Persistence:
		return "Prot LocalAddress:Port            Weight    PersistConn ActiveConn InActConn \n" +
			"  -> RemoteAddress:Port\n"
	case Tunnels:
		return "Prot LocalAddress:Port Scheduler Flags\n" +
			"  -> RemoteAddress:Port           Forward TunnelInfo    Weight ActiveConn InActConn\n"
	}
	return "Prot LocalAddress:Port Scheduler Flags\n" +
		"  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\n"
}

// Classic prints what the original ipvsadm prints.
type Classic struct {
	View            View  // of services
	Exact           bool  // counters and rates with all digits
	Names           Names // nil for numbers only
	PersistenceData bool  // connections with the columns of the persistence engine
	// Sanitize escapes control characters, as the function Sanitize does, for a
	// terminal. The original prints them as they are.
	Sanitize bool
}

// to prints all sections to w.
func (c Classic) to(w io.Writer) sections {
	if c.Sanitize {
		w = SanitizeLines(w)
	}
	return allTo(w)
}

// page collects lines for a screen.
func (c Classic) page(print func(sections) error) Page {
	page := pageOf(print)
	for i, line := range page.Rows {
		page.Rows[i] = []byte(Sanitize(string(line)))
	}
	return page
}

// Table prints a line for each service and for each of its destinations, in the
// order of the table.
func (c Classic) Table(w io.Writer, s Snapshot) error { return c.table(c.to(w), s) }

// PageTable is Table for a screen.
func (c Classic) PageTable(s Snapshot) Page {
	return c.page(func(out sections) error { return c.table(out, s) })
}

func (c Classic) table(out sections, s Snapshot) error {
	if s.Info != nil {
		if _, err := fmt.Fprintf(out.head, "IP Virtual Server version %s (size=%d)\n", s.Info.VersionString(), s.Info.ConnTabSize); err != nil {
			return err
		}
	}
	if _, err := io.WriteString(out.head, classicTitles(c.View)); err != nil {
		return err
	}
	var b []byte
	for i := range s.Table {
		entry := &s.Table[i]
		b = c.appendService(b[:0], &entry.Service)
		for j := range entry.Destinations {
			b = c.appendDestination(b, &entry.Service, &entry.Destinations[j])
		}
		if _, err := out.rows.Write(b); err != nil {
			return err
		}
	}
	return nil
}

// forwardMask selects the forwarding method in the flags of a destination:
// IP_VS_CONN_F_FWD_MASK.
const forwardMask = 0x7

const (
	serviceWidth     = 33 // of protocol and address
	destinationWidth = 28 // of the address
)

func (c Classic) appendService(b []byte, s *ipvs.Service) []byte {
	start := len(b)
	b = c.appendServiceName(b, s)
	if c.View == Counters || c.View == Rates {
		b = padFrom(b, start, serviceWidth)
		return append(c.appendStats(b, &s.Stats, 0), '\n')
	}
	b = append(b, ' ')
	b = append(b, s.Scheduler...)
	if flags := schedFlagWords(s.Scheduler, s.Flags); flags != "" {
		b = append(b, " ("...)
		b = append(b, flags...)
		b = append(b, ')')
	}
	if s.Flags&ipvs.Persistent != 0 {
		b = append(b, " persistent "...)
		b = strconv.AppendUint(b, uint64(s.Timeout), 10)
		if mask := netmask(s); mask != "" {
			b = append(b, " mask "...)
			b = append(b, mask...)
		}
		if s.PersistenceEngine != "" {
			b = append(b, " pe "...)
			b = append(b, s.PersistenceEngine...)
		}
	}
	if s.Flags&ipvs.OnePacket != 0 {
		b = append(b, " ops"...)
	}
	return append(b, '\n')
}

// appendServiceName writes the protocol and the address, or the mark. It truncates
// IPv4 addresses with names to the width of the column, as the original does.
func (c Classic) appendServiceName(b []byte, s *ipvs.Service) []byte {
	start := len(b)
	if s.FWMark != 0 {
		b = append(b, "FWM  "...)
		b = strconv.AppendUint(b, uint64(s.FWMark), 10)
		if s.AddressFamily() == ipvs.IPv6 {
			b = append(b, " IPv6"...)
		}
		return b
	}
	b = appendPadded(b, s.Protocol.String(), 4)
	b = append(b, ' ')
	b = appendEndpoint(b, c.Names, s.Protocol, s.AddrPort)
	if s.AddrPort.Addr().Is4() {
		b = b[:min(len(b), start+serviceWidth)]
	}
	return b
}

func (c Classic) appendDestination(b []byte, s *ipvs.Service, d *ipvs.Destination) []byte {
	b = append(b, "  -> "...)
	start := len(b)
	b = appendEndpoint(b, c.Names, s.Protocol, d.AddrPort)
	if d.AddrPort.Addr().Is4() {
		b = b[:min(len(b), start+destinationWidth)]
	}
	b = padFrom(b, start, destinationWidth)
	if c.View == Counters || c.View == Rates {
		exact := 0
		if c.View == Rates {
			exact = 3 // the original never scales these, and scripts rely on the columns
		}
		return append(c.appendStats(b, &d.Stats, exact), '\n')
	}
	b = append(b, ' ')
	switch c.View {
	case Thresholds:
		b = appendLeft(b, uint64(d.UpperThreshold), 10)
		b = appendLeft(b, uint64(d.LowerThreshold), 10)
	case Persistence:
		b = appendLeft(b, uint64(d.Weight), 9)
		b = appendLeft(b, uint64(d.PersistentConns), 11)
	default:
		b = append(appendPadded(b, (d.Forward&forwardMask).String(), 7), ' ')
		if c.View == Tunnels {
			b = append(appendPadded(b, tunnelInfo(d), 13), ' ')
		}
		b = appendLeft(b, uint64(d.Weight), 6)
	}
	b = appendLeft(b, uint64(d.ActiveConns), 10)
	start = len(b)
	b = padFrom(strconv.AppendUint(b, uint64(d.InactiveConns), 10), start, 10)
	return append(b, '\n')
}

// appendStats writes the counters or rates. exact is how many of them, from the first
// on, always have all digits.
func (c Classic) appendStats(b []byte, s *ipvs.Stats, exact int) []byte {
	values := [5]uint64{s.Conns, s.InPkts, s.OutPkts, s.InBytes, s.OutBytes}
	if c.View == Rates {
		values = [5]uint64{s.CPS, s.InPPS, s.OutPPS, s.InBPS, s.OutBPS}
	}
	for i, v := range values {
		if c.Exact || i < exact {
			b = appendExact(b, v)
		} else {
			b = appendScaled(b, v)
		}
	}
	return b
}

// tunnelInfo is the type of the tunnel, with the port of GUE, and its checksum: -c for
// none, +c for one, r+c for a remote one.
func tunnelInfo(d *ipvs.Destination) string {
	if d.Forward&forwardMask != ipvs.Tunnel {
		return "n/a"
	}
	text := d.TunnelType.String()
	switch d.TunnelType {
	case ipvs.GUE:
		text += ":" + strconv.Itoa(int(d.TunnelPort))
	case ipvs.GRE:
	default:
		return text
	}
	switch {
	case d.TunnelFlags&ipvs.TunnelChecksum != 0:
		return text + ":+c"
	case d.TunnelFlags&ipvs.TunnelRemoteChecksum != 0:
		return text + ":r+c"
	}
	return text + ":-c"
}
