// SPDX-License-Identifier: Apache-2.0

package diagnose

import (
	"net/netip"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

func localClient(v *view) ([]Finding, error) {
	client := v.options.Client
	if !client.IsValid() {
		return nil, errNotApplicable
	}
	table, err := v.table()
	if err != nil || len(table) == 0 {
		return nil, err
	}
	route, err := v.route(Query{Dst: client})
	if err != nil || route.Kind != LocalPath {
		return nil, err
	}
	return one(found("%s is an address of this machine.", client)), nil
}

func vipDuplicate(v *view, a virtual) (*Finding, error) {
	has, err := v.having(a.addr)
	if err != nil {
		return nil, err
	}
	var tentative *Finding
	for _, address := range has {
		switch {
		case address.Duplicate:
			return found("Another machine has %s: the kernel has found that when the address was added to %s.", a.addr, address.Link), nil
		case address.Tentative:
			link, err := v.byName(address.Link)
			if err != nil {
				return nil, err
			}
			if link != nil && (!link.Up || !link.Carrier && !link.Loopback) {
				continue // vip-down tells
			}
			tentative = found("%s is tentative on %s: the kernel still asks whether another machine has it.", a.addr, address.Link)
			tentative.Severity, tentative.Symptom = Warning, "Clients see a timeout with IPv6 until that is over, usually for a second."
		default:
			return nil, nil
		}
	}
	return tentative, nil
}

func vipPrefix(v *view, a virtual) (*Finding, error) {
	has, err := v.having(a.addr)
	if err != nil || len(has) == 0 || has[0].Prefix.IsSingleIP() {
		return nil, err
	}
	own := has[0]
	addresses, err := v.addresses()
	if err != nil {
		return nil, err
	}
	var other netip.Addr
	for _, address := range addresses {
		if address.Link == own.Link && address.Prefix.Addr() != a.addr && address.Prefix.Masked() == own.Prefix.Masked() {
			other = address.Prefix.Addr()
		}
	}
	if !other.IsValid() {
		return nil, nil
	}
	for _, b := range v.backends() {
		if !own.Prefix.Contains(b.addr) {
			continue
		}
		route, err := v.route(Query{Dst: b.addr})
		if err != nil || route.Src != a.addr {
			return nil, err
		}
		f := found("Packets to %s leave with the source %s, although %s has %s.", b.addr, a.addr, own.Link, other)
		if err := v.keepOthers(f, own); err != nil {
			return nil, err
		}
		return f.mend("ip", "address", "delete", own.Prefix.String(), "dev", own.Link).
			mend("ip", "address", "add", hostPrefix(a.addr), "dev", own.Link), nil
	}
	return nil, nil
}

// keepOthers adds the command without which the kernel deletes the other addresses of an IPv4
// network, and routes through it, together with the first one.
func (v *view) keepOthers(f *Finding, first Address) error {
	if first.Prefix.Addr().Is6() {
		return nil
	}
	keeps, err := v.largest(first.Link, "promote_secondaries")
	if err == nil && keeps == 0 {
		f.setSysctl(1, "net", "ipv4", "conf", first.Link, "promote_secondaries")
	}
	return err
}

func portTaken(v *view, entry *ipvs.TableEntry) (*Finding, error) {
	id := entry.Service.ServiceID
	at := id.AddrPort
	if id.FWMark != 0 || at.Port() == 0 || id.Protocol != ipvs.TCP && id.Protocol != ipvs.UDP {
		return nil, nil
	}
	listeners, err := v.listeners(id.Protocol)
	for _, l := range listeners {
		if l.Port() == at.Port() && (l.Addr() == at.Addr() || isWildcardFor(l.Addr(), at.Addr())) {
			return found("A program listens on %s.", l), err
		}
	}
	return nil, err
}

// isWildcardFor tells whether a socket of an address takes packets to all addresses, and to
// those of a family.
func isWildcardFor(listener, addr netip.Addr) bool {
	return listener.IsUnspecified() && (listener.Is6() || addr.Is4())
}

func kubeVIPNode(v *view) (findings []Finding, err error) {
	if link, err := v.byName(kubeInterface); err != nil || link == nil {
		return nil, err
	}
	addresses, err := v.addresses()
	if err != nil {
		return nil, err
	}
	others := map[netip.Addr]string{}
	for _, a := range addresses {
		link, err := v.byName(a.Link)
		if err != nil {
			return nil, err
		}
		if link != nil && !link.Loopback && link.Kind != "dummy" && a.Link != kubeInterface {
			others[a.Prefix.Addr()] = a.Link
		}
	}
	for _, a := range addresses {
		if a.Link != kubeInterface {
			continue
		}
		addr := a.Prefix.Addr()
		gateway, err := v.defaultRoute(ipvs.FamilyOf(addr))
		if err != nil {
			return findings, err
		}
		switch other, has := others[addr]; {
		case gateway.Gateway == addr:
			findings = append(findings, *found("%s has %s, which is the address of the default gateway.", kubeInterface, addr).
				mend("ip", "address", "delete", a.Prefix.String(), "dev", kubeInterface))
		case has:
			f := found("%s has %s, and so has %s.", kubeInterface, addr, other).
				mend("ip", "address", "delete", a.Prefix.String(), "dev", kubeInterface)
			f.Severity = Warning
			findings = append(findings, *f)
		}
	}
	return findings, nil
}
