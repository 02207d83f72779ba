package format

import (
	"fmt"
	"io"
	"strconv"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// View is what the columns of a listing show. One that is none of those below is
// as Connections.
type View int

// The views.
const (
	Connections View = iota // forwarding method, weight, connections
	Counters                // --stats
	Rates                   // --rate
	Thresholds              // --thresholds
	Persistence             // --persistent-conn
	Tunnels                 // --tun-info
	Activity                // weight, connections and rates, in Tables; else as Connections
)

const connectionsTitle = "Prot LocalAddress:Port Scheduler Flags\n" +
	"  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\n"

var titles = [...]string{
	Connections: connectionsTitle,
	Counters: "Prot LocalAddress:Port               Conns   InPkts  OutPkts  InBytes OutBytes\n" +
		"  -> RemoteAddress:Port\n",
	Rates: "Prot LocalAddress:Port                 CPS    InPPS   OutPPS    InBPS   OutBPS\n" +
		"  -> RemoteAddress:Port\n",
	Thresholds: "Prot LocalAddress:Port            Uthreshold Lthreshold ActiveConn InActConn \n" +
		"  -> RemoteAddress:Port\n",
	Persistence: "Prot LocalAddress:Port            Weight    PersistConn ActiveConn InActConn \n" +
		"  -> RemoteAddress:Port\n",
	Tunnels: "Prot LocalAddress:Port Scheduler Flags\n" +
		"  -> RemoteAddress:Port           Forward TunnelInfo    Weight ActiveConn InActConn\n",
	Activity: connectionsTitle,
}

// Listing is how to list a table.
type Listing struct {
	View  View
	Exact bool  // counters and rates in full
	Names Names // nil for numbers only
}

// Version writes the line above a listing of all services.
func Version(w io.Writer, info ipvs.Info) error {
	_, err := fmt.Fprintf(w, "IP Virtual Server version %s (size=%d)\n", info.VersionString(), info.ConnTabSize)
	return err
}

// Titles writes the two lines that name the columns.
func (l Listing) Titles(w io.Writer) error {
	view := l.View
	if view < 0 || int(view) >= len(titles) {
		view = Connections
	}
	_, err := io.WriteString(w, titles[view])
	return err
}

// Table writes a line for each service, and one for each of its destinations,
// in the order of the table.
func (l Listing) Table(w io.Writer, table ipvs.Table) error {
	var b []byte
	for i := range table {
		entry := &table[i]
		b = l.appendService(b[:0], &entry.Service)
		for j := range entry.Destinations {
			b = l.appendDestination(b, &entry.Service, &entry.Destinations[j])
		}
		if _, err := w.Write(b); err != nil {
			return err
		}
	}
	return nil
}

// forwardMask is the part of a destination's flags that is its forwarding
// method: IP_VS_CONN_F_FWD_MASK.
const forwardMask = 0x7

const (
	serviceWidth     = 33 // of protocol and address
	destinationWidth = 28 // of the address
)

func (l Listing) appendService(b []byte, s *ipvs.Service) []byte {
	start := len(b)
	b = l.appendServiceName(b, s)
	if l.View == Counters || l.View == Rates {
		b = padFrom(b, start, serviceWidth)
		return append(l.appendStats(b, &s.Stats, true), '\n')
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

// appendServiceName writes the protocol and the address, or the mark. What is
// longer than the column is cut off, except for IPv6.
func (l Listing) appendServiceName(b []byte, s *ipvs.Service) []byte {
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
	b = appendEndpoint(b, l.Names, s.Protocol, s.AddrPort)
	if s.AddrPort.Addr().Is4() {
		b = b[:min(len(b), start+serviceWidth)]
	}
	return b
}

func (l Listing) appendDestination(b []byte, s *ipvs.Service, d *ipvs.Destination) []byte {
	b = append(b, "  -> "...)
	start := len(b)
	b = appendEndpoint(b, l.Names, s.Protocol, d.AddrPort)
	if d.AddrPort.Addr().Is4() {
		b = b[:min(len(b), start+destinationWidth)]
	}
	b = padFrom(b, start, destinationWidth)
	if l.View == Counters || l.View == Rates {
		return append(l.appendStats(b, &d.Stats, false), '\n')
	}
	b = append(b, ' ')
	switch l.View {
	case Thresholds:
		b = appendLeft(b, uint64(d.UpperThreshold), 10)
		b = appendLeft(b, uint64(d.LowerThreshold), 10)
	case Persistence:
		b = appendLeft(b, uint64(d.Weight), 9)
		b = appendLeft(b, uint64(d.PersistentConns), 11)
	default:
		b = append(appendPadded(b, (d.Forward&forwardMask).String(), 7), ' ')
		if l.View == Tunnels {
			b = append(appendPadded(b, tunnelInfo(d), 13), ' ')
		}
		b = appendLeft(b, uint64(d.Weight), 6)
	}
	b = appendLeft(b, uint64(d.ActiveConns), 10)
	start = len(b)
	b = padFrom(strconv.AppendUint(b, uint64(d.InactiveConns), 10), start, 10)
	return append(b, '\n')
}

func (l Listing) appendStats(b []byte, s *ipvs.Stats, isService bool) []byte {
	values := [5]uint64{s.Conns, s.InPkts, s.OutPkts, s.InBytes, s.OutBytes}
	if l.View == Rates {
		values = [5]uint64{s.CPS, s.InPPS, s.OutPPS, s.InBPS, s.OutBPS}
	}
	for i, v := range values {
		// The original never scales these three, and scripts rely on the columns.
		if l.Exact || l.View == Rates && !isService && i < 3 {
			b = appendExact(b, v)
		} else {
			b = appendScaled(b, v)
		}
	}
	return b
}

// tunnelInfo is the type of the tunnel with GUE's port and how packets are
// checked: -c without a checksum, +c with one, r+c with a remote one.
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
