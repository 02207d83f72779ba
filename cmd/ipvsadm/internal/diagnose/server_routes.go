// SPDX-License-Identifier: Apache-2.0

package diagnose

import (
	"net/netip"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

func rNATRoute(v *view) ([]Finding, error) {
	o := &v.options
	switch {
	case o.Forward != ipvs.Masquerade:
		return nil, errNotApplicable
	case !o.Director.IsValid():
		return nil, errNoDirector
	}
	family := ipvs.FamilyOf(o.Director)
	route, err := v.toClients(family)
	switch {
	case err != nil:
		return nil, err
	case route.Kind == LocalPath || route.Gateway == o.Director:
		return nil, nil
	}
	var f *Finding
	switch {
	case route.Kind == NoRoute:
		f = found("There is no route to %s.", o.Client)
	case !route.Gateway.IsValid():
		f = found("Packets to %s leave by %s without a gateway, not by the director %s.", v.clients(), route.Link, o.Director)
	default:
		known, same, err := v.sameMachine(route.Gateway, o.Director, route.Link)
		if err != nil || same {
			return nil, err
		}
		f = found("Packets to %s leave by the gateway %s, not by the director %s.", v.clients(), route.Gateway, o.Director)
		if !known {
			f.Severity = Warning
			f.Facts += " But it is not known whether the gateway is another address of the director."
		}
	}
	destination := "default"
	usual, err := v.defaultRoute(family)
	switch {
	case err != nil:
		return nil, err
	case o.Client.IsValid() && route.Kind != NoRoute && (usual.Gateway == o.Director || !route.Gateway.IsValid()):
		destination = hostPrefix(o.Client) // the default route is right, or not used
	}
	return one(f.mend("ip", "route", "replace", destination, "via", o.Director.String())), nil
}

// sameMachine tells whether it is known, by their MAC addresses, if two neighbours are one
// machine, and whether they are. One that does not answer is no machine.
func (v *view) sameMachine(a, b netip.Addr, link string) (known, same bool, err error) {
	var macs [2]string
	for i, addr := range []netip.Addr{a, b} {
		n, err := v.neighbourAt(addr, link)
		switch {
		case err != nil:
			return false, false, err
		case n == nil:
		case n.State == NeighbourFailed:
			return true, false, nil
		default:
			macs[i] = n.MAC
		}
	}
	known = macs[0] != "" && macs[1] != ""
	return known, known && macs[0] == macs[1], nil
}

// clients names those to whom answers go.
func (v *view) clients() string {
	if v.options.Client.IsValid() {
		return v.options.Client.String()
	}
	return "clients"
}

func rRouteBack(v *view) ([]Finding, error) {
	o := &v.options
	if !v.takesVIP() {
		return nil, errNotApplicable
	}
	has, err := v.having(v.vip())
	if err != nil {
		return nil, err
	}
	if o.Client.IsValid() && len(has) > 0 {
		route, err := v.route(Query{Dst: o.Client, Src: v.vip()})
		if err != nil {
			return nil, err
		}
		if route.Kind == NoRoute {
			return one(found("There is no route from %s to %s.", v.vip(), o.Client)), nil
		}
	}
	if !o.Director.IsValid() {
		return nil, nil
	}
	route, err := v.toClients(ipvs.FamilyOf(v.vip()))
	if err != nil || route.Gateway != o.Director {
		return nil, err
	}
	f := found("Packets to %s leave by the director %s.", v.clients(), o.Director)
	f.Severity = Warning
	return one(f), nil
}

func rTunl(v *view) ([]Finding, error) {
	if v.options.Forward != ipvs.Tunnel {
		return nil, errNotApplicable
	}
	links, err := v.links()
	if err != nil {
		return nil, err
	}
	down := ""
	for _, link := range links {
		if link.isTunnel() && link.Up {
			return nil, nil
		}
		if link.isTunnel() && down == "" {
			down = link.Name
		}
	}
	if down != "" {
		return one(found("%s is down.", down).mend("ip", "link", "set", down, "up")), nil
	}
	f := found("There is no interface of a tunnel.")
	if v.vip().Is4() {
		f.mend("modprobe", "ipip").mend("ip", "link", "set", "tunl0", "up")
	} else {
		f.mend("modprobe", "ip6_tunnel").mend("ip", "link", "set", "ip6tnl0", "up")
	}
	return one(f), nil
}

func rTunlRP(v *view) ([]Finding, error) {
	if v.options.Forward != ipvs.Tunnel {
		return nil, errNotApplicable
	}
	links, err := v.links()
	if err != nil || v.vip().Is6() {
		return nil, err
	}
	for _, link := range links {
		if !link.isTunnel() || !link.Up {
			continue
		}
		filter, err := v.largest(link.Name, "rp_filter")
		if err != nil {
			return nil, err
		}
		if filter != 1 {
			continue
		}
		route, err := v.toClients(ipvs.IPv4)
		if err != nil {
			return nil, err
		}
		if route.Link != link.Name {
			return one(found("rp_filter is 1 on %s, and packets to %s leave by %s.%s", link.Name, v.clients(), route.Link,
				v.counted(filtered, "packets because of rp_filter")).
				setSysctl(2, "net", "ipv4", "conf", link.Name, "rp_filter")), nil
		}
	}
	return nil, nil
}
