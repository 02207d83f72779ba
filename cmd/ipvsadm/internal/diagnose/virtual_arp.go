// SPDX-License-Identifier: Apache-2.0

package diagnose

import (
	"fmt"
	"strings"
)

func vipNoARP(v *view, a virtual) (*Finding, error) {
	has, err := v.having(a.addr)
	if err != nil || len(has) == 0 || a.addr.Is6() {
		return nil, err
	}
	for _, address := range has {
		link, err := v.byName(address.Link)
		if err != nil || link == nil || link.ARP && !link.Loopback || link.Name == kubeInterface {
			return nil, err
		}
	}
	silent, err := v.read.silent.get(v.silentLinks)
	if err != nil || len(silent) == 0 {
		return nil, err
	}
	f := found("%s is only on %s, and %s: arp_ignore is set.", a.addr, has[0].Link, answersFor(silent))
	if near, err := v.near(a.addr); err != nil || near != "" {
		f.mend("ip", "address", "add", hostPrefix(a.addr), "dev", near)
	}
	return f, nil
}

func rpFilter(v *view, a virtual) (*Finding, error) {
	client := v.options.Client
	if !client.IsValid() || client.Is6() {
		return nil, errNotApplicable // there is no such filter for IPv6
	}
	has, err := v.having(a.addr)
	if err != nil || a.addr.Is6() || len(has) == 0 {
		return nil, err
	}
	route, err := v.route(Query{Dst: client, Src: a.addr}) // the kernel asks for that one
	if err != nil || route.Kind != UnicastPath {
		return nil, err
	}
	for _, address := range has {
		link, err := v.byName(address.Link)
		if err != nil {
			return nil, err
		}
		what := a.addr
		if link != nil && (link.Loopback || !link.ARP) { // no packets come by it
			if link, what, err = v.linkOfClient(); err != nil {
				return nil, err
			}
		}
		if link == nil || link.Name == route.Link {
			continue
		}
		filter, err := v.largest(link.Name, "rp_filter")
		if err != nil {
			return nil, err
		}
		if filter == 1 {
			return found("%s is on %s with rp_filter 1, and packets to %s leave by %s.%s", what, link.Name, client, route.Link, v.counted(filtered, "packets because of rp_filter")).
				setSysctl(2, "net", "ipv4", "conf", link.Name, "rp_filter"), nil
		}
	}
	return nil, nil
}

// kubeInterface has the addresses of the services of kube-proxy, for which nobody asks by ARP.
const kubeInterface = "kube-ipvs0"

// silentLinks returns the interfaces that do ARP, unless one of them answers for the addresses
// of others.
func (v *view) silentLinks() (names []string, err error) {
	links, err := v.links()
	if err != nil {
		return nil, err
	}
	for _, link := range links {
		if !link.asksByARP() {
			continue
		}
		ignore, err := v.largest(link.Name, "arp_ignore")
		if err != nil || answersForOthers(ignore, false) {
			return nil, err
		}
		names = append(names, link.Name)
	}
	return names, nil
}

// answersFor says that interfaces do not answer ARP requests for the address.
func answersFor(links []string) string {
	verb := "do"
	if len(links) == 1 {
		verb = "does"
	}
	return someOf(links) + " " + verb + " not answer ARP requests for it"
}

// someOf lists names, the first few of many.
func someOf(names []string) string {
	const few = 3
	if len(names) <= few+1 { // "and 1 others" would be no shorter
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d others", strings.Join(names[:few], ", "), len(names)-few)
}
