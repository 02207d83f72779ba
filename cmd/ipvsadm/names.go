package main

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

const (
	// lookUpTime is how long the names of a listing, or the address of a name,
	// may take to be found. The whole shall take no more than five seconds.
	lookUpTime = 4 * time.Second
	// lookUpsAtOnce bounds the sockets that are open meanwhile.
	lookUpsAtOnce = 128
	// namesKept bounds the memory of a listing of connections, which may have
	// any number of addresses.
	namesKept = 4 << 10
)

// resolver reads /etc/hosts and asks DNS by itself, without the C library.
var resolver = &net.Resolver{PreferGo: true}

// hostAddrs are the first addresses of a host. It has at least one.
type hostAddrs struct{ ipv4, ipv6 netip.Addr }

// hosts keeps what was found, since the lines of a rules stream repeat their
// names. The names that have no address are there too, with none.
var hosts struct {
	sync.Mutex
	addrs map[string]hostAddrs
	// failing is how long was waited for what was then not found: names without
	// an address together may take no longer than one.
	failing time.Duration
}

// hostByName finds the addresses of a host.
func hostByName(name string) (hostAddrs, error) {
	if name == "" || strings.ContainsAny(name, ":[]%") {
		return hostAddrs{}, errNoAddress
	}
	hosts.Lock()
	defer hosts.Unlock()
	addrs, known := hosts.addrs[name]
	if !known {
		start := time.Now()
		// What /etc/hosts knows is found at once, however little time is left.
		addrs = lookUpHost(name, max(lookUpTime-hosts.failing, 100*time.Millisecond))
		if addrs == (hostAddrs{}) {
			hosts.failing += time.Since(start)
		}
		if hosts.addrs == nil {
			hosts.addrs = map[string]hostAddrs{}
		}
		hosts.addrs[name] = addrs
	}
	if addrs == (hostAddrs{}) {
		return hostAddrs{}, errNoAddress
	}
	return addrs, nil
}

func lookUpHost(name string, limit time.Duration) (addrs hostAddrs) {
	if !resolverEnds() {
		return hostAddrs{}
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	found, _ := resolver.LookupNetIP(ctx, "ip", name)
	for _, a := range found {
		a = a.Unmap().WithZone("")
		switch {
		case a.Is4() && !addrs.ipv4.IsValid():
			addrs.ipv4 = a
		case a.Is6() && !addrs.ipv6.IsValid():
			addrs.ipv6 = a
		}
	}
	return addrs
}

// names are the names of the addresses of a listing: a format.Names.
type names struct {
	deadline time.Time
	hosts    map[netip.Addr]string // empty for what has no name
	rescue   func()                // deferred in each look-up; nil for none
}

func newNames() *names {
	return &names{deadline: time.Now().Add(lookUpTime), hosts: map[netip.Addr]string{}}
}

// again lets new names take as long as the first ones.
func (n *names) again() { n.deadline = time.Now().Add(lookUpTime) }

// keep takes over what other names has found of these addresses.
func (n *names) keep(other *names, addrs []netip.Addr) {
	for _, a := range addrs {
		if name, ok := other.hosts[a]; ok {
			n.hosts[a] = name
		}
	}
}

// bound forgets what was found when it is too much.
func (n *names) bound() {
	if len(n.hosts) > namesKept {
		clear(n.hosts)
	}
}

// addrsOf lists the addresses of a table.
func addrsOf(table ipvs.Table) []netip.Addr {
	var addrs []netip.Addr
	for _, entry := range table {
		if entry.Service.FWMark == 0 {
			addrs = append(addrs, entry.Service.AddrPort.Addr())
		}
		for _, d := range entry.Destinations {
			addrs = append(addrs, d.AddrPort.Addr())
		}
	}
	return addrs
}

// lookUp finds the names of all addresses that are new, at the same time. What
// is not found by the deadline has no name.
func (n *names) lookUp(addrs []netip.Addr) {
	ctx, cancel := context.WithDeadline(context.Background(), n.deadline)
	defer cancel()
	var (
		wait  sync.WaitGroup
		mu    sync.Mutex
		slots = make(chan struct{}, lookUpsAtOnce)
		found = map[netip.Addr]string{}
	)
	for _, a := range addrs {
		if _, ok := n.hosts[a]; ok {
			continue
		}
		if n.hosts[a] = strings.TrimSuffix(hostsFile()[a], "."); n.hosts[a] != "" || onlyInFiles() || !resolverEnds() {
			continue
		}
		slots <- struct{}{}
		wait.Go(func() {
			defer func() { <-slots }()
			if name := n.ask(ctx, a); name != "" {
				mu.Lock()
				defer mu.Unlock()
				found[a] = name
			}
		})
	}
	wait.Wait()
	for a, name := range found {
		n.hosts[a] = name
	}
}

func (n *names) ask(ctx context.Context, a netip.Addr) string {
	if n.rescue != nil {
		defer n.rescue()
	}
	return hostName(ctx, a)
}

func hostName(ctx context.Context, a netip.Addr) string {
	all, err := resolver.LookupAddr(ctx, a.String())
	if err != nil || len(all) == 0 || !isHostName(all[0]) {
		return ""
	}
	return strings.TrimSuffix(all[0], ".")
}

// Host returns the name of an address that was looked up.
func (n *names) Host(a netip.Addr) (string, bool) {
	name := n.hosts[a]
	return name, name != ""
}

// Port returns the name of a port.
func (n *names) Port(p ipvs.Protocol, port uint16) (string, bool) { return portName(p, port) }
