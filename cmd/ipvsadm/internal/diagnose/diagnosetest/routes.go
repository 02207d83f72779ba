// SPDX-License-Identifier: Apache-2.0

package diagnosetest

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/diagnose"
)

type route struct {
	prefix  netip.Prefix
	gateway netip.Addr
	link    string
	kind    diagnose.RouteKind
	mark    uint32
	advMSS  int
	mtu     int
	from    netip.Addr
}

func (m *Machine) route(words []string) {
	r := route{kind: diagnose.UnicastPath, mark: uint32(number(words, "mark")), advMSS: number(words, "advmss"), mtu: number(words, "mtu")}
	words = slices.DeleteFunc(words, func(word string) bool {
		if from, ok := strings.CutPrefix(word, "from="); ok {
			r.from = netip.MustParseAddr(from)
		}
		return strings.Contains(word, "=") && !strings.HasPrefix(word, "mark=")
	})
	switch words[0] {
	case "local":
		r.kind, words = diagnose.LocalPath, words[1:]
	case "unreachable":
		r.kind, words = diagnose.NoRoute, words[1:]
	}
	if i := slices.Index(words, "via"); i > 0 {
		r.gateway = netip.MustParseAddr(words[i+1])
	}
	switch {
	case words[0] == "default" && r.gateway.Is6():
		r.prefix = netip.MustParsePrefix("::/0")
	case words[0] == "default":
		r.prefix = netip.MustParsePrefix("0.0.0.0/0")
	default:
		r.prefix = netip.MustParsePrefix(words[0])
	}
	if r.kind == diagnose.UnicastPath {
		r.link = words[len(words)-1]
	}
	m.routes = append(m.routes, r)
}

// Route returns the route that is best for a packet.
func (m *Machine) Route(q diagnose.Query) (diagnose.Route, error) {
	if err := m.reads(diagnose.TheRoutes, "routes"); err != nil {
		return diagnose.Route{}, err
	}
	best := route{kind: diagnose.NoRoute, prefix: netip.PrefixFrom(q.Dst, 0)}
	better := func(r route) bool {
		return r.prefix.Addr().Is4() == q.Dst.Is4() && r.prefix.Contains(q.Dst) && (r.mark == 0 || r.mark == q.Mark) && (!r.from.IsValid() || r.from == q.Src) && r.prefix.Bits() >= best.prefix.Bits()
	}
	for _, r := range m.allRoutes() {
		if better(r) && (!q.Dst.IsUnspecified() || r.prefix.Bits() == 0) {
			best = r
		}
	}
	answer := diagnose.Route{Kind: best.kind, Gateway: best.gateway, Link: best.link, AdvMSS: best.advMSS, MTU: best.mtu}
	if best.gateway.IsValid() {
		answer.Prefix = best.prefix
	}
	if best.kind == diagnose.UnicastPath {
		answer.Src = m.source(best.link, q.Dst)
	}
	return answer, nil
}

// allRoutes returns the routes of the addresses, those of networks before those of the
// addresses themselves, and then the others. An address of IPv4 stays local while its
// interface is down.
func (m *Machine) allRoutes() (all []route) {
	up := map[string]bool{}
	for _, l := range m.links {
		up[l.Name] = l.Up
	}
	for _, a := range m.addresses {
		if up[a.Link] && !a.Tentative && !a.Duplicate {
			all = append(all, route{prefix: a.Prefix.Masked(), link: a.Link, kind: diagnose.UnicastPath})
		}
	}
	for _, a := range m.addresses {
		if (up[a.Link] || a.Prefix.Addr().Is4()) && !a.Tentative && !a.Duplicate {
			all = append(all, route{prefix: netip.PrefixFrom(a.Prefix.Addr(), a.Prefix.Addr().BitLen()), kind: diagnose.LocalPath, link: "lo"})
		}
	}
	return append(all, m.routes...)
}

// source returns the address that packets by an interface get.
func (m *Machine) source(link string, dst netip.Addr) netip.Addr {
	for _, a := range m.addresses {
		if a.Link == link && a.Prefix.Addr().Is4() == dst.Is4() {
			return a.Prefix.Addr()
		}
	}
	return netip.Addr{}
}
