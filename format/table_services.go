// SPDX-License-Identifier: Apache-2.0

package format

import (
	"strconv"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// tableLine is a service, or one of its servers, as a line of a listing.
type tableLine struct {
	t       *Table
	service *ipvs.Service
	server  *ipvs.Destination  // nil for a service
	servers []ipvs.Destination // of a service, else nil
}

// serviceColumn is a column of a listing of services.
type serviceColumn struct {
	column
	cell     func(tableLine) cell
	optional bool // left out if it is empty; only for the last column
	// usualWidth is that of the widest usual text, or less than that of the title.
	usualWidth int
}

// serviceColumns are the columns of a view.
func serviceColumns(view View, exact bool) []serviceColumn {
	columns := []serviceColumn{{column{title: "SERVICE, SERVER", minWidth: nameWidth}, tableLine.name, false, 0}}
	columns = append(columns, serviceColumn{column{title: "METHOD", dropOrder: methodOrder(view)}, tableLine.method, false, len("Tunnel")})
	for _, n := range numberColumns(view) {
		title := n.title
		if exact && (n.quantity == countPerSec || n.quantity == bytesPerSec) {
			title += "/S"
		}
		columns = append(columns, serviceColumn{column{title: title, right: true, dropOrder: n.dropOrder}, n.cell, false, n.quantity.usualWidth()})
	}
	if view == Tunnels {
		columns = append(columns, serviceColumn{column{title: "TUNNEL", dropOrder: 3}, tableLine.tunnel, false, 0})
	}
	columns = append(columns, serviceColumn{column{title: "STATE", dropOrder: 1}, tableLine.state, false, len("weight 0")})
	if view == Activity {
		return columns
	}
	return append(columns, serviceColumn{column{title: "OPTIONS", dropOrder: 60, minWidth: optionsWidth, comment: true}, tableLine.options, true, 0})
}

// reserveWidths makes columns as wide as their usual texts, so that they keep their places
// on a screen when the texts change.
func reserveWidths(columns []serviceColumn) {
	for i := range columns {
		columns[i].initialWidth = columns[i].usualWidth
	}
}

// methodOrder is the dropOrder of METHOD. On a screen, the scheduler explains which servers
// have connections, so it stays longer than weights, bytes and packets.
func methodOrder(view View) int {
	if view == Activity {
		return 8
	}
	return 50
}

// Columns that wrap get no narrower than this. An IPv4 address with its protocol and
// port fits into nameWidth.
const (
	nameWidth    = 25
	optionsWidth = 20
)

// name is the protocol and address, or the mark, of a service, or the address of a server.
func (l tableLine) name() cell {
	s := l.service
	switch {
	case l.server != nil:
		var text []byte
		if end := l.server.AddrPort; s.FWMark != 0 && end.Port() == 0 {
			text = appendHost(nil, l.t.Names, end.Addr()) // each packet keeps its port
		} else {
			text = appendEndpoint(nil, l.t.Names, s.Protocol, end)
		}
		return cell{text: Sanitize(string(text)), indent: 2, hang: 4, style: l.mark()}
	case s.FWMark != 0:
		return cell{text: s.ServiceID.String(), hang: 4, style: bold}
	}
	text := appendEndpoint([]byte(s.Protocol.String()+" "), l.t.Names, s.Protocol, s.AddrPort)
	return cell{text: Sanitize(string(text)), hang: 4, style: bold}
}

// method is the scheduler of a service, or the forwarding method of a server.
func (l tableLine) method() cell {
	if l.server == nil {
		return cell{text: Sanitize(l.service.Scheduler)}
	}
	return cell{text: Sanitize((l.server.Forward & forwardMask).String())}
}

// options lists the other settings of a service.
func (l tableLine) options() cell {
	if l.server != nil {
		return cell{}
	}
	s := l.service
	words := flagList(schedFlagWords(s.Scheduler, s.Flags))
	if s.Flags&ipvs.Persistent != 0 {
		words = append(words, "persistent "+decimal(s.Timeout)+" s")
		if mask := netmask(s); mask != "" {
			words = append(words, "mask "+mask)
		}
		if s.PersistenceEngine != "" {
			words = append(words, "pe "+Sanitize(s.PersistenceEngine))
		}
	}
	if s.Flags&ipvs.OnePacket != 0 {
		words = append(words, "ops")
	}
	return cell{text: strings.Join(words, ", ")}
}

// state tells why a server gets no new connections, as far as its numbers show that.
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
	if IsFull(d) {
		words = append(words, "full")
	}
	return cell{text: strings.Join(words, ", "), style: l.mark()}
}

// mark is the colour of a server that gets no new connections.
func (l tableLine) mark() style {
	switch {
	case IsFull(l.server):
		return red
	case l.server.Weight == 0:
		return yellow
	}
	return ordinary
}

// IsFull tells whether a destination has reached its upper threshold, so that it gets no new
// connections.
func IsFull(d *ipvs.Destination) bool {
	return d.UpperThreshold > 0 && uint64(d.ActiveConns)+uint64(d.InactiveConns) >= uint64(d.UpperThreshold)
}

// tunnel is how packets are wrapped for a server.
func (l tableLine) tunnel() cell {
	d := l.server
	if d == nil || d.Forward&forwardMask != ipvs.Tunnel {
		return cell{}
	}
	text := Sanitize(d.TunnelType.String())
	if d.TunnelType == ipvs.GUE {
		text += " port " + strconv.Itoa(int(d.TunnelPort))
	}
	for _, word := range tunnelFlagWords(d.TunnelFlags) {
		text += ", " + word
	}
	return cell{text: text}
}
