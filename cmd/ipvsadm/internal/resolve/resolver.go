// SPDX-License-Identifier: Apache-2.0

// Package resolve looks up hosts and ports by name, and their names, in /etc/hosts,
// /etc/services and DNS, without the C library.
package resolve

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"time"
)

const (
	// timeLimit bounds the lookups for one listing, and all failed lookups of addresses.
	// With it, no command waits more than five seconds for names.
	timeLimit = 4 * time.Second
	// lookupsAtOnce bounds the number of open sockets.
	lookupsAtOnce = 128
)

// Dial connects to a name server, as the Dial function of a net.Resolver does.
type Dial func(ctx context.Context, network, address string) (net.Conn, error)

// Resolver looks up hosts and ports. It reads each file when it is first needed, and
// looks up the addresses of each name once. It is safe for concurrent use.
type Resolver struct {
	dns *net.Resolver

	// sources returns the sources of host names, in order.
	sources func() []string
	// hosts returns the names of the addresses in /etc/hosts, or nil if that is not the
	// first source. The DNS resolver reads that file too, but too slowly for listings
	// with many addresses.
	hosts func() map[netip.Addr]string
	// filesFinite tells whether the files that the DNS resolver reads have an end. It
	// would block on a pipe.
	filesFinite func() bool
	// services returns the content of /etc/services.
	services func() serviceNames

	mu sync.Mutex
	// addrs caches the addresses of each name, and the zero Addrs of a name without any.
	// The lines of a rules file repeat their names.
	addrs map[string]Addrs
	// failedTime is the total time spent on names without an address.
	failedTime time.Duration
}

// New returns a resolver for this machine. If dial is nil, it uses the name servers in
// /etc/resolv.conf.
func New(dial Dial) *Resolver {
	r := &Resolver{
		dns:         &net.Resolver{PreferGo: true, Dial: dial},
		sources:     sync.OnceValue(readSources),
		filesFinite: sync.OnceValue(func() bool { return areFinite(hostsPath, nsswitchPath, resolvPath) }),
		services:    sync.OnceValue(func() serviceNames { return readServices(servicesPath) }),
		addrs:       map[string]Addrs{},
	}
	r.hosts = sync.OnceValue(func() map[netip.Addr]string {
		if sources := r.sources(); len(sources) == 0 || sources[0] != "files" {
			return nil
		}
		return readHosts(hostsPath)
	})
	return r
}
