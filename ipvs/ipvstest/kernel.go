// SPDX-License-Identifier: Apache-2.0

package ipvstest

import (
	"cmp"
	"net/netip"
	"slices"
	"sync"

	"github.com/mdlayher/netlink"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/internal/nlsock"
)

// Kernel is a fake ip_vs with one network namespace. Make one with New. Its methods
// are safe for concurrent use.
type Kernel struct {
	mu           sync.Mutex
	services     []*service
	timeouts     ipvs.Timeouts
	info         ipvs.Info
	daemons      map[ipvs.DaemonState]ipvs.Daemon
	conns        []ipvs.ConnEntry
	totals       ipvs.Stats
	status       *ipvs.Status // nil for a kernel without
	schedulers   map[string]bool
	engines      map[string]bool
	interfaces   map[string]int
	local        map[netip.Addr]bool
	family       uint16 // number of the generic netlink family
	unloaded     bool
	unprivileged bool
	sockopts     bool // socket options work nevertheless
	noIPv6       bool
	// largeThresholds lets upper thresholds exceed 2^31-1.
	largeThresholds bool
	sendLimit       int
	queueLimit      int
	faults          []*Fault
	requests        []ipvs.Command
	clients         uint32
	process         *Process // whose requests come now, or nil
	trace           func(bool, []Message)
}

// service is a virtual service with its destinations.
type service struct {
	ipvs.Service
	destinations *destinationList
}

// bootTimeouts has the timeouts of a freshly loaded module.
var bootTimeouts = ipvs.Timeouts{TCP: 900, TCPFin: 120, UDP: 300}

// New returns a Kernel with an empty table, the timeouts of a freshly loaded module,
// all schedulers of Linux 6.1, the persistence engine sip, and the interfaces lo and
// eth0.
func New() *Kernel {
	k := &Kernel{
		timeouts:   bootTimeouts,
		info:       ipvs.Info{Version: 0x010201, ConnTabSize: 4096},
		daemons:    map[ipvs.DaemonState]ipvs.Daemon{},
		schedulers: map[string]bool{},
		engines:    map[string]bool{"sip": true},
		interfaces: map[string]int{"lo": 65536, "eth0": 1500},
		local:      map[netip.Addr]bool{},
		family:     firstFamily,
	}
	for _, name := range []string{
		"dh", "fo", "lblc", "lblcr", "lc", "mh", "nq", "ovf", "rr", "sed", "sh", "wlc", "wrr",
	} {
		k.schedulers[name] = true
	}
	return k
}

// Dial returns a client of the fake, as ipvs.Dial does for the real kernel. Any number
// of clients can share a Kernel. The error is ipvs.ErrNoIPVS if the module is not
// loaded: see SetLoaded.
func (k *Kernel) Dial() (*ipvs.Client, error) { return k.DialWith() }

// DialWith is Dial with options of ipvs.Dial, of which SockoptFallback has an effect on the
// fake.
func (k *Kernel) DialWith(options ...ipvs.Option) (*ipvs.Client, error) {
	return ipvs.Dial(append(options, func(c *nlsock.Config) { c.Transport = k.Socket() })...)
}

// Socket returns a socket to the fake, for requests that package ipvs does not make.
func (k *Kernel) Socket() *Socket {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.clients++
	return newSocket(k, 1000+k.clients)
}

// Table returns a copy of the table in the order of a listing.
func (k *Kernel) Table() ipvs.Table {
	k.mu.Lock()
	defer k.mu.Unlock()
	table := ipvs.Table{}
	for _, s := range k.ordered() {
		table = append(table, ipvs.TableEntry{Service: s.Service, Destinations: s.destinations.clone()})
	}
	return table
}

// SetTable replaces the table with a copy of the given one. It does not check it.
func (k *Kernel) SetTable(table ipvs.Table) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.services = nil
	for _, e := range table {
		k.services = append(k.services, &service{e.Service, newDestinationList(e.Destinations)})
	}
}

// UpdateService changes a service in place, for example its counters. It reports
// whether there is such a service. change must not call methods of the Kernel or of its
// clients: they wait for change to return.
func (k *Kernel) UpdateService(id ipvs.ServiceID, change func(*ipvs.Service)) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	s := k.find(id)
	if s == nil {
		return false
	}
	change(&s.Service)
	return true
}

// UpdateDestination changes a destination in place, for example its counters
// and connections. It reports whether there is such a destination. For change applies the
// same as for that of UpdateService.
func (k *Kernel) UpdateDestination(id ipvs.ServiceID, dest ipvs.DestinationID, change func(*ipvs.Destination)) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	s := k.find(id)
	if s == nil {
		return false
	}
	d := s.destinations.find(dest)
	if d == nil {
		return false
	}
	change(d)
	if d.DestinationID != dest {
		s.destinations = newDestinationList(s.destinations.clone())
	}
	return true
}

// Timeouts returns the timeouts.
func (k *Kernel) Timeouts() ipvs.Timeouts {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.timeouts
}

// SetTimeouts sets all timeouts, zero ones included.
func (k *Kernel) SetTimeouts(timeouts ipvs.Timeouts) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.timeouts = timeouts
}

// SetInfo sets the version and the size of the connection table. New sets 1.2.1 and
// 4096.
func (k *Kernel) SetInfo(info ipvs.Info) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.info = info
}

// Daemons returns the running sync daemons, the master first.
func (k *Kernel) Daemons() []ipvs.Daemon {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.runningDaemons()
}

// SetDaemons replaces the sync daemons. It does not check them.
func (k *Kernel) SetDaemons(daemons ...ipvs.Daemon) {
	k.mu.Lock()
	defer k.mu.Unlock()
	clear(k.daemons)
	for _, d := range daemons {
		k.daemons[d.State] = d
	}
}

// Commands returns the commands received since the last call, refused ones included.
func (k *Kernel) Commands() []ipvs.Command {
	k.mu.Lock()
	defer k.mu.Unlock()
	commands := k.requests
	k.requests = nil
	return commands
}

// Trace makes the fake call f with the messages of every send and of every received
// datagram. f must not keep the messages, or call methods of the Kernel or of its
// clients.
func (k *Kernel) Trace(f func(sent bool, messages []Message)) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.trace = f
}

func (k *Kernel) emitTrace(sent bool, messages []netlink.Message) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.trace != nil {
		k.trace(sent, publicMessages(messages))
	}
}

// ordered returns the services in the order of a listing: address services, then
// firewall marks.
func (k *Kernel) ordered() []*service {
	ordered := slices.Clone(k.services)
	slices.SortStableFunc(ordered, func(a, b *service) int {
		return cmp.Compare(min(1, a.FWMark), min(1, b.FWMark))
	})
	return ordered
}

func (k *Kernel) find(id ipvs.ServiceID) *service {
	for _, s := range k.services {
		if s.ServiceID == id {
			return s
		}
	}
	return nil
}

func (k *Kernel) runningDaemons() []ipvs.Daemon {
	var running []ipvs.Daemon
	for _, state := range []ipvs.DaemonState{ipvs.Master, ipvs.Backup} {
		if d, ok := k.daemons[state]; ok {
			running = append(running, d)
		}
	}
	return running
}
