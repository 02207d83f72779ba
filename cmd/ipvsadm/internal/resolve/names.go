// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"context"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// maxNames limits the names that Evict keeps. A listing of connections may have any
// number of addresses.
const maxNames = 4 << 10

// Names holds the names of the addresses of a listing. It implements format.Names.
// LookUp must not run at the same time as other methods.
type Names struct {
	resolver *Resolver
	deadline time.Time
	hosts    map[netip.Addr]string // "" if the address has no name

	// Rescue is deferred in the goroutine of each lookup, if it is not nil.
	Rescue func()
}

// NewNames returns an empty set. The time limit for its lookups starts now.
func (r *Resolver) NewNames() *Names {
	return &Names{resolver: r, deadline: time.Now().Add(timeLimit), hosts: map[netip.Addr]string{}}
}

// ResetDeadline starts the time limit for lookups again.
func (n *Names) ResetDeadline() { n.deadline = time.Now().Add(timeLimit) }

// Reuse copies what other knows of these addresses.
func (n *Names) Reuse(other *Names, addrs []netip.Addr) {
	for _, a := range addrs {
		if name, ok := other.hosts[a]; ok {
			n.hosts[a] = name
		}
	}
}

// Evict drops all names if there are more than maxNames.
func (n *Names) Evict() {
	if len(n.hosts) > maxNames {
		clear(n.hosts)
	}
}

// LookUp looks up the names of all addresses that are not in the set, concurrently. An
// address whose name is not found by the deadline has none.
func (n *Names) LookUp(addrs []netip.Addr) {
	r := n.resolver
	ctx, cancel := context.WithDeadline(context.Background(), n.deadline)
	defer cancel()
	var (
		wait  sync.WaitGroup
		mu    sync.Mutex
		slots = make(chan struct{}, lookupsAtOnce)
		found = map[netip.Addr]string{}
	)
	for _, a := range addrs {
		if _, ok := n.hosts[a]; ok {
			continue
		}
		if n.hosts[a] = strings.TrimSuffix(r.hosts()[a], "."); n.hosts[a] != "" || r.onlyFiles() || !r.filesFinite() {
			continue
		}
		slots <- struct{}{}
		wait.Go(func() {
			defer func() { <-slots }()
			if name := n.lookUpAddr(ctx, a); name != "" {
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

func (n *Names) lookUpAddr(ctx context.Context, a netip.Addr) string {
	if n.Rescue != nil {
		defer n.Rescue()
	}
	all, err := n.resolver.dns.LookupAddr(ctx, a.String())
	if err != nil || len(all) == 0 || !isHostName(all[0]) {
		return ""
	}
	return strings.TrimSuffix(all[0], ".")
}

// Host returns the name of an address. ok is false if it has none or was not looked up.
func (n *Names) Host(a netip.Addr) (name string, ok bool) {
	name = n.hosts[a]
	return name, name != ""
}

// Port returns the name of a port. ok is false if it has none.
func (n *Names) Port(p ipvs.Protocol, port uint16) (name string, ok bool) {
	return n.resolver.PortName(p, port)
}
