// SPDX-License-Identifier: Apache-2.0

package format

import (
	"net/netip"
	"time"
)

// --output json prints the types of this file; schema.json describes them too. A field that does not apply to an object is
// left out. Names of hosts and ports are left out if they were not looked up or not found.

// TableDocument is a listing of services.
type TableDocument struct {
	// Time is set in repeated listings only, here and in all other documents.
	Time time.Time `json:"time,omitzero"`

	KernelDocument

	Services []ServiceDocument `json:"services"`
}

// KernelDocument tells of the kernel and the network namespace. The listing of one service has only CountersStand.
type KernelDocument struct {
	// Version is the version of the kernel's ip_vs, such as 1.2.1. ConnTableSize is the number of buckets of its connection
	// table. From Linux 7.1 on that is the size of the moment, none before the first service, and the table grows up to
	// MaxConnTableSize.
	Version          string `json:"version,omitempty"`
	ConnTableSize    uint32 `json:"connection_table_size,omitempty"`
	MaxConnTableSize uint64 `json:"connection_table_max_size,omitempty"`
	// ConnLimit is the setting conn_max. It is left out before Linux 7.2.
	ConnLimit *uint64 `json:"connection_limit,omitempty"`
	// CountersStand is set if counters and rates do not change, because the setting run_estimation is 0 or est_cpulist empty.
	CountersStand bool `json:"counters_stand,omitempty"`
	// Status is left out before Linux 7.1, and without the rights of root.
	Status *StatusDocument `json:"status,omitempty"`
	// Totals are the counters of the whole network namespace, deleted services included. They are left out without /proc.
	Totals *TotalsDocument `json:"totals,omitempty"`
}

// StatusDocument tells what the kernel says of its tables and of the threads that sum up counters.
type StatusDocument struct {
	Conns      HashTableDocument  `json:"connections"`
	Services   HashTableDocument  `json:"services"`
	Estimation EstimationDocument `json:"estimation"`
}

// HashTableDocument is a table of connections or of services.
type HashTableDocument struct {
	Entries    uint64 `json:"entries"`
	Buckets    uint32 `json:"buckets"`
	LoadFactor int32  `json:"load_factor"`
	// Chains has the number of buckets without a node, with one, and so on; the last one counts those with more, too. A
	// connection with masquerading is two nodes. It is left out if the kernel has not counted.
	Chains []uint64 `json:"chains,omitempty"`
}

// EstimationDocument describes the threads that sum up counters and compute rates.
type EstimationDocument struct {
	Threads       uint64 `json:"threads"`
	MaxThreads    uint64 `json:"max_threads"`
	MaxChain      uint64 `json:"max_chain"`
	ThreadObjects uint64 `json:"objects_per_thread"`
}

// TotalsDocument holds the counters of a network namespace, and the kernel's estimates of their rates.
type TotalsDocument struct {
	Stats TrafficDocument `json:"stats"`
	Rates TrafficDocument `json:"rates"`
}

// ServiceIdentity tells which service a document is about. It has a protocol, an address and a port, or a firewall mark.
type ServiceIdentity struct {
	Protocol string     `json:"protocol,omitempty"` // TCP, UDP, SCTP
	Address  netip.Addr `json:"address,omitzero"`
	Host     string     `json:"host,omitempty"` // name of the address
	Port     *uint16    `json:"port,omitempty"` // 0 for all ports
	PortName string     `json:"port_name,omitempty"`
	FWMark   uint32     `json:"fwmark,omitempty"`
	Family   string     `json:"family,omitempty"` // IPv4, IPv6; left out if that of a firewall mark is not known
}

// ServiceDocument is a service with its destinations. Its family is always known.
type ServiceDocument struct {
	ServiceIdentity

	Scheduler      string   `json:"scheduler"`
	SchedulerFlags []string `json:"scheduler_flags"` // as -b takes them
	// Flags are persistent, ops, hashed, or a number such as 0x40 for any other flag.
	Flags []string `json:"flags"`
	// PersistenceTimeout is in seconds.
	PersistenceTimeout uint32 `json:"persistence_timeout,omitempty"`
	// Netmask is an IPv4 mask such as 255.255.255.0, or the length of an IPv6 prefix such as 64.
	Netmask           string `json:"netmask"`
	PersistenceEngine string `json:"persistence_engine,omitempty"`

	Stats        TrafficDocument       `json:"stats"`
	Rates        TrafficDocument       `json:"rates"`
	Destinations []DestinationDocument `json:"destinations"`
}

// DestinationIdentity tells which destination of a service a document is about.
type DestinationIdentity struct {
	Address  netip.Addr `json:"address"`
	Host     string     `json:"host,omitempty"`
	Port     uint16     `json:"port"`
	PortName string     `json:"port_name,omitempty"`
	Family   string     `json:"family"`
}

// DestinationDocument is a destination of a service, also called a real server.
type DestinationDocument struct {
	DestinationIdentity

	Forward string `json:"forward"` // Route, Masq, Tunnel, Local, Bypass, or a number
	Weight  uint32 `json:"weight"`
	// A threshold of 0 is none.
	UpperThreshold uint32          `json:"upper_threshold"`
	LowerThreshold uint32          `json:"lower_threshold"`
	Tunnel         *TunnelDocument `json:"tunnel,omitempty"` // if Forward is Tunnel

	ActiveConns     uint32          `json:"active_connections"`
	InactiveConns   uint32          `json:"inactive_connections"`
	PersistentConns uint32          `json:"persistent_connections"`
	Stats           TrafficDocument `json:"stats"`
	Rates           TrafficDocument `json:"rates"`
}

// TunnelDocument tells how packets to a destination are encapsulated.
type TunnelDocument struct {
	Type  string   `json:"type"` // ipip, gue, gre, or a number
	Port  uint16   `json:"port,omitempty"`
	Flags []string `json:"flags"` // csum, remcsum, or a number such as 0x4
}

// TrafficDocument holds counters, since the object was created or its counters were zeroed, or rates per second. A repeated
// listing computes rates from the listing before; otherwise they are the kernel's estimates.
type TrafficDocument struct {
	Conns    uint64 `json:"connections"`
	InPkts   uint64 `json:"incoming_packets"`
	OutPkts  uint64 `json:"outgoing_packets"`
	InBytes  uint64 `json:"incoming_bytes"`
	OutBytes uint64 `json:"outgoing_bytes"`
}

// TimeoutsDocument holds the timeouts of connections.
type TimeoutsDocument struct {
	Time     time.Time      `json:"time,omitzero"`
	Timeouts TimeoutSeconds `json:"timeouts"`
}

// TimeoutSeconds tells how long the kernel keeps a connection without a packet.
type TimeoutSeconds struct {
	TCP    uint32 `json:"tcp"`
	TCPFin uint32 `json:"tcp_fin"`
	UDP    uint32 `json:"udp"`
}

// DaemonsDocument holds the running sync daemons.
type DaemonsDocument struct {
	Time    time.Time        `json:"time,omitzero"`
	Daemons []DaemonDocument `json:"daemons"`
}

// DaemonDocument is a sync daemon. A field that an old kernel does not report is left out.
type DaemonDocument struct {
	State     string     `json:"state"` // master, backup
	Interface string     `json:"interface"`
	SyncID    uint32     `json:"syncid"`
	MaxLen    uint16     `json:"maxlen,omitempty"` // bytes
	Group     netip.Addr `json:"group,omitzero"`
	Port      uint16     `json:"port,omitempty"`
	TTL       uint8      `json:"ttl,omitempty"`
}

// ConnectionDocument is an entry of the connection table: a connection, or a template that ties a client to a server.
type ConnectionDocument struct {
	Protocol    string           `json:"protocol"` // TCP, UDP, SCTP, or IP for the template of a firewall mark
	Client      EndpointDocument `json:"client"`
	Virtual     EndpointDocument `json:"virtual"`
	Destination EndpointDocument `json:"destination"`
	State       string           `json:"state"`
	Expires     uint64           `json:"expires"` // seconds
	// FWMark is set in the template of a firewall mark. Its virtual address holds the mark, too.
	FWMark uint32 `json:"fwmark,omitempty"`
	// PEData is what the persistence engine identifies the connection by, such as a Call-ID. If that is not valid UTF-8,
	// invalid bytes are replaced, and PERaw has all bytes, in base64.
	PEName string `json:"persistence_engine,omitempty"`
	PEData string `json:"persistence_data,omitempty"`
	PERaw  []byte `json:"persistence_data_base64,omitempty"`
}

// ConnectionsDocument holds all connections of one listing, in repeated listings. Otherwise each connection is a document.
type ConnectionsDocument struct {
	Time        time.Time            `json:"time"`
	Connections []ConnectionDocument `json:"connections"`
}

// EndpointDocument is an endpoint of a connection.
type EndpointDocument struct {
	Address  netip.Addr `json:"address"`
	Host     string     `json:"host,omitempty"`
	Port     uint16     `json:"port"`
	PortName string     `json:"port_name,omitempty"`
	Family   string     `json:"family"`
}

// CountsDocument tells how many connections each group has, the largest group first.
type CountsDocument struct {
	Time      time.Time       `json:"time,omitzero"`
	CountedBy string          `json:"counted_by"` // state, client, virtual, destination
	Counts    []CountDocument `json:"counts"`
}

// CountDocument tells how many connections share a protocol and a state, a client's address, or a protocol and an endpoint.
type CountDocument struct {
	Protocol    string     `json:"protocol,omitempty"`
	State       string     `json:"state,omitempty"`
	Address     netip.Addr `json:"address,omitzero"`
	Host        string     `json:"host,omitempty"`
	Port        *uint16    `json:"port,omitempty"`
	PortName    string     `json:"port_name,omitempty"`
	Connections uint64     `json:"connections"`
}

// NetNSDocument has the network namespaces of a machine, for --list-netns.
type NetNSDocument struct {
	Namespaces []NetNSEntryDocument `json:"namespaces"`
	Unreadable int                  `json:"unreadable"` // how many more there may be
}

// NetNSEntryDocument is a network namespace, and what its IPVS has.
type NetNSEntryDocument struct {
	Name        string `json:"name"` // as --netns takes it
	Own         bool   `json:"own"`  // it is that of the program
	PID         int    `json:"pid,omitempty"`
	Command     string `json:"command,omitempty"`
	Services    uint64 `json:"services"`
	Servers     uint64 `json:"servers"`
	Connections uint64 `json:"connections"`
}

// SettingsDocument has settings of IPVS in /proc/sys, for --sysctl.
type SettingsDocument struct {
	Settings []SettingDocument `json:"settings"`
}

// SettingDocument is a setting of IPVS in /proc/sys.
type SettingDocument struct {
	Name    string `json:"name"`
	Value   string `json:"value"`
	Default string `json:"default,omitempty"` // left out if it is not known or depends on the machine
	Changed bool   `json:"changed"`           // whether value is certainly not the default
	Since   string `json:"since,omitempty"`   // the first version of Linux that has it, if it is a late one
	Help    string `json:"help,omitempty"`
	Error   string `json:"error,omitempty"` // why it could not be read; value is empty then
}

// DiagnosisDocument is what was found wrong with a machine, for --diagnose.
type DiagnosisDocument struct {
	Role       string               `json:"role"`               // director, real-server
	Services   *uint64              `json:"services,omitempty"` // of a director
	Servers    *uint64              `json:"servers,omitempty"`
	Kernel     string               `json:"kernel,omitempty"` // its release
	Findings   []FindingDocument    `json:"findings"`         // the worst first
	NotChecked []NotCheckedDocument `json:"not_checked"`
	Passed     uint64               `json:"passed"` // checks without a finding
	// RealServers are the commands that diagnose the real servers of a director.
	RealServers []ServersCommandDocument `json:"real_servers,omitempty"`
}

// FindingDocument is something that is wrong.
type FindingDocument struct {
	ID       string     `json:"id"`                 // of the check, as ipvsadm-diagnose(7) lists it
	Severity string     `json:"severity"`           // fault, warning, note
	Object   string     `json:"object,omitempty"`   // such as TCP 10.0.0.1:80; left out for the machine
	Facts    string     `json:"facts"`              // what was read
	Symptom  string     `json:"symptom"`            // what users see
	Mend     string     `json:"mend,omitempty"`     // what to do
	Commands [][]string `json:"commands,omitempty"` // that do it, each with its arguments
}

// NotCheckedDocument has checks that could not be made.
type NotCheckedDocument struct {
	IDs    []string `json:"ids,omitempty"` // left out for what no check looks at
	Reason string   `json:"reason"`
}

// ServersCommandDocument is a command to run on each of some servers.
type ServersCommandDocument struct {
	Servers []netip.Addr `json:"servers"`
	Command []string     `json:"command"`
}
