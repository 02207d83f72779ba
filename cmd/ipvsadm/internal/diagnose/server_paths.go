// SPDX-License-Identifier: Apache-2.0

package diagnose

import (
	"errors"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/firewall"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// serverPathChecks are of the ways to and from a real server.
var serverPathChecks = []check{
	{
		id: "r-two-paths", role: RealServer, severity: Fault, reads: TheRoutes,
		holds: "With -m, -r, --director and --client: the route to the client goes by the director, and that for packets from the server's " +
			"address does not, because of a policy rule.",
		symptom: "Clients see a timeout or a reset: the answers miss the director.",
		advice:  "Let packets from the server's address go by the director, too.",
		machine: rTwoPaths,
	},
	{
		id: "r-redirect", role: RealServer, severity: Warning, reads: TheAddresses | TheRoutes | TheLinks | TheSettings,
		holds:   "With -m, --director and --client: the client is on the server's own network, its route goes by the director, and the server takes redirects.",
		symptom: "It works, and stops after a while, when the server has learned the direct way to the client.",
		advice:  "Take no redirects.",
		machine: rRedirect,
	},
	{
		id: "r-mss", role: RealServer, severity: Warning, reads: TheLinks | TheRoutes,
		holds:   "With -i: full packets that clients send with the size that this server asks for (MSS) do not fit into a packet of the tunnel.",
		symptom: "Small requests work, uploads hang, unless the clients learn to send smaller packets.",
		advice:  "Ask for smaller packets, or use a larger MTU between director and server.",
		machine: rMSS,
	},
	{
		id: "r-fw", role: RealServer, severity: Warning, reads: TheLinks | TheFirewall,
		holds: "No rule of the firewall accepts the packets of clients, or with -i those of the tunnel, and its chain drops what no rule " +
			"accepts.",
		symptom: "Clients see a timeout.",
		advice:  "Accept these packets.",
		machine: rFW,
	},
	{
		id: "r-cloud", role: RealServer, severity: Note, reads: TheVendor,
		holds:   "With -g or -i: the server is a machine of a cloud that drops packets from or to other addresses than those that it knows.",
		symptom: "Clients see a timeout: the network drops the answers, which come from the virtual address.",
		advice:  "Turn off the check of sources and destinations, or add the virtual address to the allowed addresses of the port. Otherwise use -m.",
		machine: rCloud,
	},
	{
		id: "r-self", role: RealServer, severity: Fault, reads: TheTable | TheDaemons | TheSettings | TheRoutes,
		holds: "With -g or -i: this server has the same service in its own table, with a server that is another machine, a backup daemon runs here, " +
			"and backup_only is 0.",
		symptom: "The directors send each other the same packets without end.",
		advice:  "Let the backup director forward nothing.",
		machine: rSelf,
	},
}

func rTwoPaths(v *view) ([]Finding, error) {
	o := &v.options
	if o.Forward != ipvs.Masquerade || !o.Director.IsValid() || !o.Client.IsValid() || !o.Server.IsValid() {
		return nil, errNotApplicable
	}
	plain, err := v.route(Query{Dst: o.Client})
	if err != nil || plain.Gateway != o.Director {
		return nil, err // r-nat-route tells
	}
	server := o.Server.Addr()
	route, err := v.route(Query{Dst: o.Client, Src: server})
	if err != nil || route.Gateway == o.Director || route.Kind == LocalPath {
		return nil, err
	}
	var f *Finding
	switch {
	case route.Kind == NoRoute:
		f = found("There is no route from %s to %s.", server, o.Client)
	case route.Gateway.IsValid():
		f = found("Packets from %s to %s leave by the gateway %s, not by the director %s.", server, o.Client, route.Gateway, o.Director)
	default:
		f = found("Packets from %s to %s leave by %s without a gateway, not by the director %s.", server, o.Client, route.Link, o.Director)
	}
	ip := []string{"ip"}
	if server.Is6() {
		ip = append(ip, "-6")
	}
	return one(f.mend(append(ip, "rule", "add", "from", server.String(), "lookup", "main", "priority", "1")...)), nil
}

func rRedirect(v *view) ([]Finding, error) {
	o := &v.options
	if o.Forward != ipvs.Masquerade || !o.Director.IsValid() || !o.Client.IsValid() || o.Client.Is6() {
		return nil, errNotApplicable
	}
	route, err := v.route(Query{Dst: o.Client})
	if err != nil || route.Gateway != o.Director {
		return nil, err
	}
	near, err := v.near(o.Client)
	if err != nil || near == "" || near != route.Link {
		return nil, err
	}
	takes, err := v.takesRedirects(near)
	if err != nil || !takes {
		return nil, err
	}
	return one(found("The client %s is on the network of %s, which takes redirects.", o.Client, near).
		setSysctl(0, "net", "ipv4", "conf", "all", "accept_redirects").setSysctl(0, "net", "ipv4", "conf", near, "accept_redirects")), nil
}

// takesRedirects tells whether an interface takes redirects. One that forwards does if that is
// on for all interfaces as well as for this one; another one does if one of the two is on.
func (v *view) takesRedirects(link string) (bool, error) {
	var values [3]int
	for i, path := range [...][2]string{{link, "forwarding"}, {"all", "accept_redirects"}, {link, "accept_redirects"}} {
		value, err := v.number("net", "ipv4", "conf", path[0], path[1])
		if err != nil {
			return false, err
		}
		values[i] = value
	}
	if values[0] != 0 {
		return values[1] != 0 && values[2] != 0, nil
	}
	return values[1] != 0 || values[2] != 0, nil
}

func rMSS(v *view) ([]Finding, error) {
	o := &v.options
	if o.Forward != ipvs.Tunnel {
		return nil, errNotApplicable
	}
	out, err := v.toClients(ipvs.FamilyOf(v.vip()))
	if err != nil || out.Kind != UnicastPath {
		return nil, err
	}
	in := out
	if o.Director.IsValid() {
		if in, err = v.route(Query{Dst: o.Director}); err != nil {
			return nil, err
		}
	}
	outLink, err := v.byName(out.Link)
	if err != nil || outLink == nil {
		return nil, err
	}
	inLink, err := v.byName(in.Link)
	if err != nil || inLink == nil || inLink.Loopback {
		return nil, err
	}
	headers := 40
	if v.vip().Is6() {
		headers = 60
	}
	mtu := outLink.MTU
	if out.MTU > 0 {
		mtu = min(mtu, out.MTU)
	}
	mss := mtu - headers
	if out.AdvMSS > 0 {
		mss = min(mss, out.AdvMSS)
	}
	overhead, err := v.tunnelHeader()
	if err != nil || overhead == 0 || min(mss+headers, clientMTU)+overhead <= inLink.MTU {
		return nil, err
	}
	f := found("This server asks %s for %d bytes a packet (MSS); with %d bytes of headers and %d of the tunnel that is more than the MTU of %s, %d.",
		v.clients(), mss, headers, overhead, inLink.Name, inLink.MTU)
	if out.Gateway.IsValid() && !o.Client.IsValid() {
		f.mend("ip", "route", "change", "default", "via", out.Gateway.String(), "dev", out.Link, "advmss", strconv.Itoa(inLink.MTU-overhead-headers))
	}
	return one(f), nil
}

// tunnelHeader returns the size of the outer header, the smallest one of several tunnels. It is
// 0 without a tunnel.
func (v *view) tunnelHeader() (least int, err error) {
	links, err := v.links()
	for _, link := range links {
		if !link.Up || !link.isTunnel() {
			continue
		}
		size := 20
		switch link.Kind {
		case "gre":
			size = 24
		case "ip6tnl":
			size = 40
		case "ip6gre":
			size = 44
		}
		if least == 0 || size < least {
			least = size
		}
	}
	return least, err
}

func rFW(v *view) ([]Finding, error) {
	o := &v.options
	rules, err := v.firewall()
	if err != nil {
		return nil, err
	}
	p := clientPacket(o.Service)
	what := "packets to " + o.Service.AddrPort.String()
	if o.Forward == ipvs.Masquerade {
		if !o.Server.IsValid() {
			return nil, errNoServer
		}
		p.Destination, p.DestinationPort = o.Server.Addr(), o.Server.Port()
		what = "packets to " + o.Server.String()
	}
	f, unread := inputDropIn(rules, p, what)
	if f != nil {
		return one(f), nil
	}
	if o.Forward == ipvs.Tunnel {
		outer, err := v.tunnelPacket()
		if err != nil {
			return nil, err
		}
		if outer.Protocol != "" {
			outer.Source = o.Director
			f, unreadOuter := inputDropIn(rules, outer, "packets of the tunnel ("+outer.Protocol+")")
			if f != nil {
				return one(f), nil
			}
			if unread == nil {
				unread = unreadOuter
			}
		}
	}
	return nil, unread
}

// tunnelPacket returns a packet of the only kind of tunnels that is up.
func (v *view) tunnelPacket() (p firewall.Packet, err error) {
	links, err := v.links()
	var kinds []string
	for _, link := range links {
		if link.Up && link.isTunnel() && !slices.Contains(kinds, link.Kind) {
			kinds = append(kinds, link.Kind)
		}
	}
	if len(kinds) == 1 && (kinds[0] == "ipip" || kinds[0] == "gre") {
		p.Protocol, p.State = kinds[0], "new"
	}
	return p, err
}

// clouds are names of vendors whose networks check addresses.
var clouds = [...]string{"Amazon EC2", "OpenStack", "Google", "Alibaba Cloud", "Tencent Cloud", "Huawei Cloud", "DigitalOcean", "Hetzner", "Vultr"}

func rCloud(v *view) ([]Finding, error) {
	if !v.takesVIP() {
		return nil, errNotApplicable
	}
	vendor, err := v.facts.Vendor()
	if err != nil || !slices.ContainsFunc(clouds[:], func(name string) bool { return strings.HasPrefix(vendor, name) }) {
		return nil, err
	}
	return one(found("The vendor of this machine is %s.", vendor)), nil
}

func rSelf(v *view) ([]Finding, error) {
	if !v.takesVIP() {
		return nil, errNotApplicable
	}
	table, err := v.table() // of this service
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // a real server needs no IPVS
	}
	if err != nil || len(table) == 0 {
		return nil, err
	}
	for i := range table[0].Destinations {
		d := &table[0].Destinations[i]
		route, err := v.route(Query{Dst: d.AddrPort.Addr()})
		if err != nil {
			return nil, err
		}
		if d.Weight == 0 || d.Forward == ipvs.Masquerade || route.Kind == LocalPath {
			continue
		}
		if backup, err := v.isBackup(); err != nil || !backup {
			return nil, err
		}
		only, err := v.vs("backup_only")
		if err != nil || only != 0 {
			return nil, err
		}
		return one(found("The table of this machine has %s, a backup daemon runs here, and backup_only is 0.", serverName(v.options.Service, d.DestinationID)).
			setSysctl(1, "net", "ipv4", "vs", "backup_only")), nil
	}
	return nil, nil
}
