// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"time"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// ErrNoHost means that a name has no address, or that none was found in time.
var ErrNoHost = errors.New("no such host")

// Addrs has the first address of a host in each family. At least one is valid; the zero
// Addr means that the host has none of that family.
type Addrs struct{ IPv4, IPv6 netip.Addr }

// Host looks up the addresses of a host by its name. The only error is ErrNoHost.
func (r *Resolver) Host(name string) (Addrs, error) {
	if name == "" || strings.ContainsAny(name, ":[]%") {
		return Addrs{}, ErrNoHost
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	addrs, known := r.addrs[name]
	if !known {
		start := time.Now()
		// /etc/hosts needs no more than the minimum.
		addrs = r.lookUpHost(name, max(timeLimit-r.failedTime, 100*time.Millisecond))
		if addrs == (Addrs{}) {
			r.failedTime += time.Since(start)
		}
		r.addrs[name] = addrs
	}
	if addrs == (Addrs{}) {
		return Addrs{}, ErrNoHost
	}
	return addrs, nil
}

func (r *Resolver) lookUpHost(name string, limit time.Duration) (addrs Addrs) {
	if !r.filesFinite() {
		return Addrs{}
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	found, _ := r.dns.LookupNetIP(ctx, "ip", name)
	for _, a := range found {
		a = a.Unmap().WithZone("")
		switch {
		case a.Is4() && !addrs.IPv4.IsValid():
			addrs.IPv4 = a
		case a.Is6() && !addrs.IPv6.IsValid():
			addrs.IPv6 = a
		}
	}
	return addrs
}

// Port looks up a port by its name, or an alias, in /etc/services.
func (r *Resolver) Port(name string, p ipvs.Protocol) (port uint16, ok bool) {
	port, ok = r.services().ports[serviceName{protocolName(p), name}]
	return port, ok
}

// PortName looks up the name of a port in /etc/services.
func (r *Resolver) PortName(p ipvs.Protocol, port uint16) (name string, ok bool) {
	name, ok = r.services().names[servicePort{protocolName(p), port}]
	return name, ok
}
