// SPDX-License-Identifier: Apache-2.0

package diagnose

import (
	"cmp"
	"net/netip"

	"github.com/ipvsadm-go/ipvsadm/format"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// RealServerCommand is a command line to run on real servers.
type RealServerCommand struct {
	Servers []netip.Addr
	Words   []string
}

// realServerCommands returns the command lines that diagnose the servers of a table. Servers
// of one service that differ only in their address share a line.
func (v *view) realServerCommands(table ipvs.Table) (all []RealServerCommand) {
	type line struct {
		service  ipvs.ServiceID
		forward  ipvs.ForwardingMethod
		director netip.Addr
		server   netip.AddrPort // of a server with -m
	}
	places := map[line]int{}
	for i := range table {
		id := table[i].Service.ServiceID
		option, ok := format.ServiceOption(id.Protocol)
		if !ok || id.AddrPort.Addr().IsUnspecified() || id.IPv6 {
			continue
		}
		for _, d := range table[i].Destinations {
			forward := forwardOption(d.Forward)
			if forward == "" {
				continue
			}
			l := line{service: id, forward: d.Forward}
			if d.AddrPort.Addr().Is6() == id.AddrPort.Addr().Is6() { // else a tunnel carries one family in the other
				l.director = v.directorFor(d.AddrPort.Addr(), d.Forward)
			}
			words := []string{"ipvsadm", "--diagnose", RealServer.String(), option, id.AddrPort.String(), forward}
			if d.Forward == ipvs.Masquerade {
				l.server = d.AddrPort
				words = append(words, "-r", d.AddrPort.String())
			}
			if l.director.IsValid() {
				words = append(words, "--director", l.director.String())
			}
			place, seen := places[l]
			if !seen {
				place = len(all)
				places[l] = place
				all = append(all, RealServerCommand{Words: words})
			}
			all[place].Servers = append(all[place].Servers, d.AddrPort.Addr())
		}
	}
	return all
}

// forwardOption returns the option for a forwarding method, or "".
func forwardOption(m ipvs.ForwardingMethod) string {
	switch m {
	case ipvs.DirectRoute:
		return "-g"
	case ipvs.Tunnel:
		return "-i"
	case ipvs.Masquerade:
		return "-m"
	}
	return ""
}

// directorFor returns the address that a server has to take for the director, or the zero
// Addr. With -m and connection tracking the director may replace the clients' addresses with
// its own, and then the routes of the server do not matter.
func (v *view) directorFor(server netip.Addr, forward ipvs.ForwardingMethod) netip.Addr {
	if forward == ipvs.Masquerade {
		if tracked, err := v.vs("conntrack"); err != nil || tracked != 0 {
			return netip.Addr{}
		}
	}
	route, err := v.route(Query{Dst: server})
	if err != nil || route.Kind != UnicastPath {
		return netip.Addr{}
	}
	if v.isVirtual(route.Src) {
		return cmp.Or(v.ownAddress(route.Link, server), route.Src)
	}
	return route.Src
}

// isVirtual tells whether an address is one of services.
func (v *view) isVirtual(addr netip.Addr) bool {
	all, _ := v.read.isVirtual.get(func() (map[netip.Addr]bool, error) {
		all := map[netip.Addr]bool{}
		for _, a := range v.virtuals() {
			all[a.addr] = true
		}
		return all, nil
	})
	return all[addr]
}

// ownAddress returns an address of an interface on the network of a server that is not that of a
// service, or the zero Addr. The kernel may send from a virtual address although there is one.
func (v *view) ownAddress(link string, server netip.Addr) netip.Addr {
	addresses, err := v.addresses()
	if err != nil {
		return netip.Addr{}
	}
	for _, a := range addresses {
		if a.Link == link && a.Prefix.Contains(server) && !v.isVirtual(a.Prefix.Addr()) {
			return a.Prefix.Addr()
		}
	}
	return netip.Addr{}
}
