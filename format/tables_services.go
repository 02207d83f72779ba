package format

import (
	"strconv"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// tableLine is a line of a listing of services: of a service, or of one of its servers.
type tableLine struct {
	t       *Tables
	service *ipvs.Service
	server  *ipvs.Destination  // nil for a service
	servers []ipvs.Destination // of a service
}

// serviceColumn is a column of a listing of services.
type serviceColumn struct {
	column
	cell     func(tableLine) cell
	optional bool // left out if it is empty; for the last one
}

// serviceColumns are the columns of a view.
func serviceColumns(view View, exact bool) []serviceColumn {
	columns := []serviceColumn{{column{title: "SERVICE, SERVER", wraps: nameWidth}, tableLine.name, false}}
	columns = append(columns, serviceColumn{column{title: "METHOD", rank: 50}, tableLine.method, false})
	for _, n := range numbersOf(view) {
		title := n.title
		if exact && (n.quantity == thingsASecond || n.quantity == octetsASecond) {
			title += "/S"
		}
		columns = append(columns, serviceColumn{column{title: title, right: true, rank: n.rank}, n.cell, false})
	}
	if view == Tunnels {
		columns = append(columns, serviceColumn{column{title: "TUNNEL", rank: 3}, tableLine.tunnel, false})
	}
	columns = append(columns, serviceColumn{column{title: "STATE", rank: 1}, tableLine.state, false})
	if view == Activity {
		return columns
	}
	return append(columns, serviceColumn{column{title: "OPTIONS", rank: 60, wraps: optionsWidth, comment: true}, tableLine.options, true})
}

// The narrowest columns that wrap: an IPv4 address with its protocol and port
// stays in one piece.
const (
	nameWidth    = 25
	optionsWidth = 20
)

// name is the service's protocol and address or mark, or the server's address.
func (l tableLine) name() cell {
	s := l.service
	switch {
	case l.server != nil:
		var text []byte
		if end := l.server.AddrPort; s.FWMark != 0 && end.Port() == 0 {
			text = appendHost(nil, l.t.Names, end.Addr()) // packets keep their ports
		} else {
			text = appendEndpoint(nil, l.t.Names, s.Protocol, end)
		}
		return cell{text: Printable(string(text)), indent: 2, hang: 4, style: l.mark()}
	case s.FWMark != 0:
		return cell{text: s.String(), hang: 4, style: bold}
	}
	text := appendEndpoint([]byte(s.Protocol.String()+" "), l.t.Names, s.Protocol, s.AddrPort)
	return cell{text: Printable(string(text)), hang: 4, style: bold}
}

// method is the scheduler of a service, the forwarding method of a server.
func (l tableLine) method() cell {
	if l.server == nil {
		return cell{text: Printable(l.service.Scheduler)}
	}
	return cell{text: Printable((l.server.Forward & forwardMask).String())}
}

// options is what else a service is made with.
func (l tableLine) options() cell {
	if l.server != nil {
		return cell{}
	}
	s := l.service
	words := splitWords(schedFlagWords(s.Scheduler, s.Flags))
	if s.Flags&ipvs.Persistent != 0 {
		words = append(words, "persistent "+decimal(s.Timeout)+" s")
		if mask := netmask(s); mask != "" {
			words = append(words, "mask "+mask)
		}
		if s.PersistenceEngine != "" {
			words = append(words, "pe "+Printable(s.PersistenceEngine))
		}
	}
	if s.Flags&ipvs.OnePacket != 0 {
		words = append(words, "ops")
	}
	return cell{text: strings.Join(words, ", ")}
}

// state is why a server gets no new connections, as far as its numbers tell.
func (l tableLine) state() cell {
	d := l.server
	if d == nil {
		if len(l.servers) == 0 {
			return cell{text: "no servers", style: yellow}
		}
		return cell{}
	}
	var words []string
	if d.Weight == 0 {
		words = append(words, "weight 0")
	}
	if isFull(d) {
		words = append(words, "full")
	}
	return cell{text: strings.Join(words, ", "), style: l.mark()}
}

// mark is the colour of a server that gets no new connections.
func (l tableLine) mark() style {
	switch {
	case isFull(l.server):
		return red
	case l.server.Weight == 0:
		return yellow
	}
	return ordinary
}

func isFull(d *ipvs.Destination) bool {
	return d.UpperThreshold > 0 && uint64(d.ActiveConns)+uint64(d.InactiveConns) >= uint64(d.UpperThreshold)
}

// tunnel is how packets are wrapped for a server.
func (l tableLine) tunnel() cell {
	d := l.server
	if d == nil || d.Forward&forwardMask != ipvs.Tunnel {
		return cell{}
	}
	text := Printable(d.TunnelType.String())
	if d.TunnelType == ipvs.GUE {
		text += " port " + strconv.Itoa(int(d.TunnelPort))
	}
	for _, word := range tunnelFlagWords(d.TunnelFlags) {
		text += ", " + word
	}
	return cell{text: text}
}
