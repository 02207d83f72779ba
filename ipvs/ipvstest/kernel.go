// Package ipvstest is a fake of the kernel's ip_vs, for tests that have no
// kernel with IPVS or must not touch it.
//
// A Kernel holds a table, checks every request as ip_vs of Linux 6.1 does, and
// answers with the same messages and error numbers. It stands behind the
// socket, so all of package ipvs is used:
//
//	k := ipvstest.New()
//	client, err := k.Dial()
//
// Faults (see Inject) make it fail in ways that a real kernel seldom does.
//
// It differs from the kernel in this: services are listed in the order in which
// they were added, those of addresses before those of firewall marks, not in
// the order of a hash; a listing shows the table as it was when it was asked
// for; a destination that is deleted and added again starts with counters of
// zero; no packet ever passes, so counters are what a test sets them to; every
// interface is up and reaches every multicast group, and of all addresses only
// 255.255.255.255 is a broadcast address.
package ipvstest

import (
	"cmp"
	"net/netip"
	"slices"
	"sync"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/mdlayher/netlink"
)

// Kernel is a fake ip_vs with one network namespace. Make one with New. All
// methods are safe for concurrent use.
type Kernel struct {
	mu         sync.Mutex
	services   []*service
	config     ipvs.Config
	info       ipvs.Info
	daemons    map[ipvs.DaemonState]ipvs.Daemon
	schedulers map[string]bool
	engines    map[string]bool
	interfaces map[string]int
	local      map[netip.Addr]bool
	family     uint16 // number of the generic netlink family
	missing    bool
	powerless  bool
	noIPv6     bool
	sendLimit  int
	queueLimit int
	faults     []*Fault
	requests   []ipvs.Command
	clients    uint32
	trace      func(bool, []netlink.Message)
}

// service is a virtual service with its destinations, the newest first as in
// the kernel's list.
type service struct {
	ipvs.Service
	destinations []ipvs.Destination
}

// freshConfig has the timeouts of a module that was just loaded.
var freshConfig = ipvs.Config{TCP: 900, TCPFin: 120, UDP: 300}

// New makes a kernel with an empty table, the timeouts of a fresh boot, all
// schedulers of Linux 6.1, the persistence engine sip, and the interfaces lo
// and eth0.
func New() *Kernel {
	k := &Kernel{
		config:     freshConfig,
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

// Dial makes a client of the kernel, as ipvs.Dial does of the real one. Any
// number of clients share the kernel.
func (k *Kernel) Dial() (*ipvs.Client, error) {
	conn := k.Conn()
	if err := conn.SetOption(netlink.CapAcknowledge, true); err != nil {
		return nil, err
	}
	return ipvs.New(conn)
}

// Conn makes a generic netlink connection to the kernel, for requests that
// package ipvs does not make.
func (k *Kernel) Conn() *netlink.Conn {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.clients++
	pid := 1000 + k.clients
	return netlink.NewConn(&socket{kernel: k, pid: pid}, pid)
}

// Table returns a copy of the table, in the order of a listing.
func (k *Kernel) Table() ipvs.Table {
	k.mu.Lock()
	defer k.mu.Unlock()
	table := ipvs.Table{}
	for _, s := range k.ordered() {
		table = append(table, ipvs.TableEntry{Service: s.Service, Destinations: slices.Clone(s.destinations)})
	}
	return table
}

// SetTable replaces the table with a copy of the given one, unchecked.
func (k *Kernel) SetTable(table ipvs.Table) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.services = nil
	for _, e := range table {
		e.Service.ServiceID = canonical(e.Service.ServiceID)
		k.services = append(k.services, &service{e.Service, slices.Clone(e.Destinations)})
	}
}

// UpdateService changes a service in place, for example its counters. It tells
// whether there is such a service.
func (k *Kernel) UpdateService(id ipvs.ServiceID, change func(*ipvs.Service)) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	s := k.find(canonical(id))
	if s == nil {
		return false
	}
	change(&s.Service)
	return true
}

// UpdateDestination changes a destination in place, for example its counters
// and connections. It tells whether there is such a destination.
func (k *Kernel) UpdateDestination(id ipvs.ServiceID, dest ipvs.DestinationID, change func(*ipvs.Destination)) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	s := k.find(canonical(id))
	if s == nil {
		return false
	}
	i := s.index(dest)
	if i < 0 {
		return false
	}
	change(&s.destinations[i])
	return true
}

// Config returns the timeouts.
func (k *Kernel) Config() ipvs.Config {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.config
}

// SetConfig sets all timeouts.
func (k *Kernel) SetConfig(config ipvs.Config) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.config = config
}

// SetInfo sets the version and the size of the connection table, which are
// 1.2.1 and 4096 at first.
func (k *Kernel) SetInfo(info ipvs.Info) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.info = info
}

// Daemons returns the sync daemons that run, the master first.
func (k *Kernel) Daemons() []ipvs.Daemon {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.running()
}

// SetDaemons replaces the sync daemons, unchecked.
func (k *Kernel) SetDaemons(daemons ...ipvs.Daemon) {
	k.mu.Lock()
	defer k.mu.Unlock()
	clear(k.daemons)
	for _, d := range daemons {
		k.daemons[d.State] = d
	}
}

// Commands returns the commands received so far, refused ones included, and
// forgets them.
func (k *Kernel) Commands() []ipvs.Command {
	k.mu.Lock()
	defer k.mu.Unlock()
	commands := k.requests
	k.requests = nil
	return commands
}

// Trace calls a function with the messages of every send, and of every datagram
// that is received. It must not keep them or call the kernel.
func (k *Kernel) Trace(f func(sent bool, messages []netlink.Message)) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.trace = f
}

func (k *Kernel) traced(sent bool, messages []netlink.Message) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.trace != nil {
		k.trace(sent, messages)
	}
}

// ordered lists the services as the kernel does: the table of addresses, then
// that of firewall marks.
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

func (k *Kernel) running() []ipvs.Daemon {
	var running []ipvs.Daemon
	for _, state := range []ipvs.DaemonState{ipvs.Master, ipvs.Backup} {
		if d, ok := k.daemons[state]; ok {
			running = append(running, d)
		}
	}
	return running
}

func (s *service) index(id ipvs.DestinationID) int {
	return slices.IndexFunc(s.destinations, func(d ipvs.Destination) bool { return d.DestinationID == id })
}

// canonical is the form of an identity in which package ipvs reports it.
func canonical(id ipvs.ServiceID) ipvs.ServiceID {
	switch {
	case id.FWMark == 0:
		id.Family = 0
	case id.Family == ipvs.IPv4:
		id = ipvs.ServiceID{FWMark: id.FWMark}
	default:
		id = ipvs.ServiceID{FWMark: id.FWMark, Family: id.Family}
	}
	return id
}
