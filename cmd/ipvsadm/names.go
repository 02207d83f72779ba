package main

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

const (
	// lookUpTime is how long the names of a listing, or the address of a name,
	// may take to be found.
	lookUpTime = 5 * time.Second
	// lookUpsAtOnce bounds the sockets that are open meanwhile.
	lookUpsAtOnce = 256
)

// resolver reads /etc/hosts and asks DNS by itself, without the C library.
var resolver = &net.Resolver{PreferGo: true}

// hostByName finds the address of a host, an IPv4 one if it has one.
func hostByName(name string) (netip.Addr, error) {
	if name == "" || strings.ContainsAny(name, ":[]%") {
		return netip.Addr{}, errNoAddress
	}
	hostCache.Lock()
	defer hostCache.Unlock()
	if a, ok := hostCache.addrs[name]; ok {
		return a, addrError(a)
	}
	ctx, cancel := context.WithTimeout(context.Background(), lookUpTime)
	defer cancel()
	addrs, _ := resolver.LookupNetIP(ctx, "ip", name)
	var a netip.Addr
	for _, found := range addrs {
		found = found.Unmap().WithZone("")
		if !a.IsValid() || found.Is4() && a.Is6() {
			a = found
		}
	}
	if hostCache.addrs == nil {
		hostCache.addrs = map[string]netip.Addr{}
	}
	hostCache.addrs[name] = a
	return a, addrError(a)
}

func addrError(a netip.Addr) error {
	if !a.IsValid() {
		return errNoAddress
	}
	return nil
}

// hostCache keeps what was found, since the lines of a rules stream repeat
// their names. The zero Addr is a name that has none.
var hostCache struct {
	sync.Mutex
	addrs map[string]netip.Addr
}

// names are the names of the addresses of a listing: a format.Names.
type names struct {
	deadline time.Time
	hosts    map[netip.Addr]string // empty for what has no name
}

func newNames() *names {
	return &names{deadline: time.Now().Add(lookUpTime), hosts: map[netip.Addr]string{}}
}

// namesOf looks up all addresses of a table.
func namesOf(table ipvs.Table) *names {
	n := newNames()
	var addrs []netip.Addr
	for _, entry := range table {
		if entry.Service.FWMark == 0 {
			addrs = append(addrs, entry.Service.AddrPort.Addr())
		}
		for _, d := range entry.Destinations {
			addrs = append(addrs, d.AddrPort.Addr())
		}
	}
	n.lookUp(addrs)
	return n
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
		n.hosts[a] = ""
		slots <- struct{}{}
		wait.Go(func() {
			defer func() { <-slots }()
			if name := hostName(ctx, a); name != "" {
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

func hostName(ctx context.Context, a netip.Addr) string {
	all, err := resolver.LookupAddr(ctx, a.String())
	if err != nil || len(all) == 0 {
		return ""
	}
	name := strings.TrimSuffix(all[0], ".")
	// A name from the network must not break the columns, nor a saved rule.
	if slices.ContainsFunc([]byte(name), func(c byte) bool { return c <= ' ' || c >= 0x7f || c == '#' }) {
		return ""
	}
	return name
}

// Host returns the name of an address that was looked up.
func (n *names) Host(a netip.Addr) (string, bool) {
	name := n.hosts[a]
	return name, name != ""
}

// Port returns the name of a port.
func (n *names) Port(p ipvs.Protocol, port uint16) (string, bool) { return portName(p, port) }
