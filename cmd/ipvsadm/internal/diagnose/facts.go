// SPDX-License-Identifier: Apache-2.0

package diagnose

import (
	"iter"
	"net/netip"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/firewall"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// Facts are what checks can read of a machine. Package facts reads them from the kernel.
// An error says that a fact could not be read, in words for the user; a fact that does not
// exist is no error unless the method says so.
type Facts interface {
	// Table returns the services with their servers.
	Table() (ipvs.Table, error)
	// Complete returns why Table lacks counters and thresholds, or nil if it has them.
	Complete() error
	Daemons() ([]ipvs.Daemon, error)
	Timeouts() (ipvs.Timeouts, error)
	// Setting returns a setting of sysctl(8) by the elements of its path below /proc/sys,
	// such as net, ipv4, ip_forward. An interface may have a dot in its name. The error
	// is an fs.ErrNotExist if the kernel has no such setting.
	Setting(path ...string) (string, error)
	Links() ([]Link, error)
	Addresses() ([]Address, error)
	Neighbours() ([]Neighbour, error)
	PolicyRules() ([]PolicyRule, error)
	// Route returns how the kernel would route a packet of this machine. For the
	// unspecified address of a family it returns the default route.
	Route(Query) (Route, error)
	// WhoHas asks on the networks who else has addresses, all of one family, and returns
	// the answers. It is the only method that sends packets.
	WhoHas([]Place) ([]Neighbour, error)
	// Listeners returns the sockets that wait for clients.
	Listeners(ipvs.Protocol) ([]netip.AddrPort, error)
	// Release returns the release of the kernel, such as 6.1.0-56-amd64.
	Release() (string, error)
	// Modules returns the names of the modules that are loaded.
	Modules() ([]string, error)
	// Managers returns the names of running programs that change the table by themselves.
	Managers() ([]string, error)
	// Configured returns the settings of IPVS that files of sysctl.d(5) set, sorted by name.
	Configured() ([]Configured, error)
	// Firewall returns the rules of nftables and iptables.
	Firewall() (firewall.Ruleset, error)
	// Counter returns a counter of /proc/net/snmp or /proc/net/netstat, such as FragFails.
	Counter(name string) (uint64, error)
	// ConnTable returns the size of the table of connections.
	ConnTable() (ConnTable, error)
	// Connections yields the connections, until the first error.
	Connections() iter.Seq2[ipvs.ConnEntry, error]
	// LRO tells whether an interface joins the packets that it gets, in hardware.
	LRO(link string) (bool, error)
	// Lacks tells whether the kernel certainly has no module of a name, not even on disk.
	Lacks(module string) (bool, error)
	// Vendor returns who has made the machine, as its firmware says. It is empty if there
	// is no firmware.
	Vendor() (string, error)
	// BootRules returns the rules that are restored at boot.
	BootRules() (BootRules, error)
}

// Source is a set of what checks read: a method of Facts each, or two that belong together.
type Source uint

// The sources.
const (
	TheTable       Source = 1 << iota // services and servers
	TheCounters                       // their counters and thresholds
	TheDaemons                        // sync daemons
	TheTimeouts                       // timeouts of connections
	TheSettings                       // sysctls
	TheLinks                          // interfaces
	TheAddresses                      // addresses of interfaces
	TheNeighbours                     // MAC addresses of neighbours
	ThePolicyRules                    // rules that choose routing tables
	TheRoutes                         // answers of the kernel to "how would you route this?"
	TheListeners                      // listening sockets
	TheRelease                        // version of the kernel
	TheModules                        // loaded modules
	TheManagers                       // programs that change the table
	TheSysctlFiles                    // files that set sysctls at boot
	TheFirewall                       // rules of nftables and iptables
	ThePackets                        // counters of packets that the kernel dropped
	TheConnTable                      // the size of the table of connections
	TheConnections                    // each of them
	TheHardware                       // what interfaces do in hardware
	TheInstalled                      // modules on disk
	TheVendor                         // who has made the machine
	TheBootRules                      // the rules that are restored at boot
	TheAnswers                        // answers of other machines
)

var sourceNames = [...]string{
	"services and servers", "counters and thresholds of servers", "sync daemons", "timeouts", "sysctls", "interfaces", "addresses", "neighbours",
	"policy rules", "routes", "listening sockets", "kernel version", "modules", "running programs", "sysctl.d", "firewall rules", "packet counters",
	"size of the connection table", "connections", "features of interfaces", "installed modules", "vendor of the machine", "boot file",
	"answers to ARP requests and neighbour solicitations",
}

// Names returns what the sources are called in the manual.
func (s Source) Names() (names []string) {
	for i, name := range sourceNames {
		if s&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return names
}

// Configured is a setting of IPVS in a file of sysctl.d(5).
type Configured struct{ Name, Value, File string }

// Link is a network interface.
type Link struct {
	Name string
	// Kind is what the interface is, such as dummy, bridge or ipip. It is empty for
	// hardware.
	Kind     string
	MTU      int
	Up       bool // by the administrator
	Carrier  bool // a cable, or what stands for it
	Loopback bool
	// ARP tells whether the interface asks for the hardware addresses of neighbours and
	// answers such questions.
	ARP       bool
	Multicast bool
	// Enslaved tells whether the packets of the interface are those of another one, such as
	// a bridge or a bond.
	Enslaved bool
}

// asksByARP tells whether machines on a network of the interface ask for addresses by ARP,
// and this one answers.
func (l *Link) asksByARP() bool { return l.Up && l.ARP && !l.Loopback && !l.Enslaved }

// Address is an address of an interface, with the network that it makes reachable.
type Address struct {
	Prefix netip.Prefix // the address with the length of the network, not masked
	Link   string
	// HostScope tells that the address is valid only inside this machine.
	HostScope bool
	// Tentative and Duplicate are of IPv6: the kernel still asks whether another machine
	// has the address, or has found one.
	Tentative, Duplicate bool
}

// Neighbour is another machine on a network of this one.
type Neighbour struct {
	Addr  netip.Addr
	Link  string
	MAC   string // empty if it is not known
	State NeighbourState
}

// Place is where to ask for an address.
type Place struct {
	Addr netip.Addr
	Link string
}

// NeighbourState tells what the kernel knows of a neighbour.
type NeighbourState int

// The states of neighbours.
const (
	NeighbourKnown      NeighbourState = iota // its MAC address is known, perhaps from long ago
	NeighbourIncomplete                       // it has not answered yet
	NeighbourFailed                           // it did not answer
)

// PolicyRule chooses a routing table for some packets; see ip-rule(8).
type PolicyRule struct {
	Mark  uint32 // 0 if the rule is not for a mark
	Mask  uint32
	Table int
	IPv6  bool
	// Selective tells whether the rule also goes by what a Query does not have, such as the
	// interface by which packets come.
	Selective bool
}

// Query is a packet to be routed.
type Query struct {
	Dst  netip.Addr
	Src  netip.Addr // the zero Addr for any
	Mark uint32
}

// ConnTable is the hash table of connections.
type ConnTable struct {
	Buckets uint64
	// Entries is the number of connections with templates. Before Linux 7.1 it is not
	// known, and 0.
	Entries uint64
	// Nodes and Crowded are how many entries are in the buckets, and how many in those
	// with 3 or more. They are 0 if the kernel does not count.
	Nodes, Crowded uint64
}

// BootRules are the rules that are restored at boot.
type BootRules struct {
	Path string
	// Elsewhere tells that they are for another network namespace.
	Elsewhere bool
	Table     ipvs.Table // empty if there is no file
}

// Route is the kernel's answer to a Query.
type Route struct {
	Kind RouteKind
	// Gateway is the next machine, or the zero Addr if the destination is a neighbour.
	Gateway netip.Addr
	Link    string     // by which packets leave
	Src     netip.Addr // their source address
	// Prefix is what the route is for. It is known only of routes with a gateway.
	Prefix netip.Prefix
	// MTU and AdvMSS are settings of the route, or 0.
	MTU, AdvMSS int
}

// RouteKind is the kind of a route.
type RouteKind int

// The kinds of routes.
const (
	NoRoute     RouteKind = iota // there is none, or one that refuses packets
	UnicastPath                  // to another machine
	LocalPath                    // to this machine
	OtherPath                    // broadcast, multicast
)
