// SPDX-License-Identifier: Apache-2.0

package facts

import (
	"errors"
	"fmt"
	"net/netip"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/diagnose"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Route asks the kernel how it would route a packet. For the address 0.0.0.0 or :: it
// returns the default route of the main table.
func (n *Network) Route(q diagnose.Query) (diagnose.Route, error) {
	if q.Dst.IsUnspecified() {
		return n.defaultRoute(q.Dst)
	}
	handle, err := n.open()
	if err != nil {
		return diagnose.Route{}, err
	}
	options := netlink.RouteGetOptions{Mark: q.Mark}
	if q.Src.IsValid() {
		options.SrcAddr = q.Src.AsSlice()
	}
	answers, err := handle.RouteGetWithOptions(q.Dst.AsSlice(), &options)
	if isRefusal(err) {
		return diagnose.Route{}, nil
	}
	if err != nil || len(answers) == 0 {
		return diagnose.Route{}, fmt.Errorf("cannot ask for the route to %s: %w", q.Dst, orNothing(err))
	}
	route, err := n.route(&answers[0])
	if err != nil || !route.Gateway.IsValid() {
		return route, err
	}
	options.FIBMatch = true // the route instead of the answer; kernels before 4.13 give the answer
	if matches, err := handle.RouteGetWithOptions(q.Dst.AsSlice(), &options); err == nil && len(matches) > 0 {
		if prefix, ok := prefixOf(matches[0].Dst); ok {
			route.Prefix = prefix
		}
	}
	return route, nil
}

// isRefusal tells whether an error is an answer: no route, or one that refuses packets.
func isRefusal(err error) bool {
	for _, errno := range []error{unix.ENETUNREACH, unix.EHOSTUNREACH, unix.EACCES, unix.EINVAL, unix.ENETDOWN, unix.EADDRNOTAVAIL} {
		if errors.Is(err, errno) {
			return true
		}
	}
	return false
}

func orNothing(err error) error {
	if err == nil {
		return errors.New("no answer")
	}
	return err
}

// defaultRoute returns the default route of the family of an address, the preferred one of
// several.
func (n *Network) defaultRoute(unspecified netip.Addr) (best diagnose.Route, err error) {
	family := netlink.FAMILY_V4
	if unspecified.Is6() {
		family = netlink.FAMILY_V6
	}
	all, err := list(n, "routes", func(h *netlink.Handle) ([]netlink.Route, error) {
		return h.RouteListFiltered(family, &netlink.Route{}, netlink.RT_FILTER_DST)
	})
	if errors.Is(err, unix.EAFNOSUPPORT) || errors.Is(err, unix.EOPNOTSUPP) {
		return diagnose.Route{}, nil
	}
	if err != nil {
		return diagnose.Route{}, err
	}
	priority := 0
	for i := range all {
		r := &all[i]
		if prefix, ok := prefixOf(r.Dst); ok && prefix.Bits() != 0 {
			continue
		}
		route, err := n.route(r)
		if err != nil {
			return diagnose.Route{}, err
		}
		if route.Kind == diagnose.UnicastPath && (best.Kind == diagnose.NoRoute || r.Priority < priority) {
			best, priority = route, r.Priority
		}
	}
	return best, nil
}

// route converts a route. Of several paths it takes the first.
func (n *Network) route(r *netlink.Route) (route diagnose.Route, err error) {
	index, gateway, via := r.LinkIndex, r.Gw, r.Via
	if len(r.MultiPath) > 0 {
		index, gateway, via = r.MultiPath[0].LinkIndex, r.MultiPath[0].Gw, r.MultiPath[0].Via
	}
	if v, ok := via.(*netlink.Via); ok {
		gateway = v.Addr
	}
	if addr, ok := netip.AddrFromSlice(gateway); ok {
		route.Gateway = addr.Unmap()
	}
	if addr, ok := netip.AddrFromSlice(r.Src); ok {
		route.Src = addr.Unmap()
	}
	switch r.Type {
	case unix.RTN_UNICAST:
		route.Kind = diagnose.UnicastPath
	case unix.RTN_LOCAL:
		route.Kind = diagnose.LocalPath
	case unix.RTN_UNREACHABLE, unix.RTN_BLACKHOLE, unix.RTN_PROHIBIT, unix.RTN_THROW:
		route.Kind = diagnose.NoRoute
	default:
		route.Kind = diagnose.OtherPath
	}
	route.MTU, route.AdvMSS = r.MTU, r.AdvMSS
	route.Link, err = n.name(index)
	return route, err
}
