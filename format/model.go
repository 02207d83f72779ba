package format

import (
	"net/netip"
	"time"
)

// The types of this file are what --output json prints; schema.json describes them too. Fields that are left out are of no
// meaning for the object. Names are there only where some were asked for and found.

// TableDocument is a listing of services.
type TableDocument struct {
	// Time is there in repeated listings only, as in all documents that have one.
	Time time.Time `json:"time,omitzero"`
	// Version is that of the kernel's ip_vs, such as 1.2.1, and ConnTableSize the number of buckets of its connection
	// table. Both are left out of the listing of one service.
	Version       string `json:"version,omitempty"`
	ConnTableSize uint32 `json:"connection_table_size,omitempty"`
	// Totals are the counters of the whole network namespace, with those of services that are gone. They are left out of
	// the listing of one service, and without /proc.
	Totals   *TotalsDocument   `json:"totals,omitempty"`
	Services []ServiceDocument `json:"services"`
}

// TotalsDocument is the counters of a network namespace, and the kernel's estimates of their rates.
type TotalsDocument struct {
	Stats TrafficDocument `json:"stats"`
	Rates TrafficDocument `json:"rates"`
}

// ServiceDocument is a service with its destinations. It has either a protocol, an address and a port, or a firewall mark.
type ServiceDocument struct {
	Protocol string     `json:"protocol,omitempty"` // TCP, UDP, SCTP
	Address  netip.Addr `json:"address,omitzero"`
	Host     string     `json:"host,omitempty"` // name of the address
	Port     *uint16    `json:"port,omitempty"` // 0 takes all ports
	PortName string     `json:"port_name,omitempty"`
	FWMark   uint32     `json:"fwmark,omitempty"`
	Family   string     `json:"family"` // IPv4, IPv6

	Scheduler      string   `json:"scheduler"`
	SchedulerFlags []string `json:"scheduler_flags"` // as -b takes them
	// Flags are persistent, ops, hashed, or numbers such as 0x40 for others.
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

// DestinationDocument is a destination of a service: a real server.
type DestinationDocument struct {
	Address  netip.Addr `json:"address"`
	Host     string     `json:"host,omitempty"`
	Port     uint16     `json:"port"`
	PortName string     `json:"port_name,omitempty"`
	Family   string     `json:"family"`

	Forward string `json:"forward"` // Route, Masq, Tunnel, Local, Bypass, or a number
	Weight  uint32 `json:"weight"`
	// UpperThreshold is 0 if there is none.
	UpperThreshold uint32          `json:"upper_threshold"`
	LowerThreshold uint32          `json:"lower_threshold"`
	Tunnel         *TunnelDocument `json:"tunnel,omitempty"` // if Forward is Tunnel

	ActiveConns     uint32          `json:"active_connections"`
	InactiveConns   uint32          `json:"inactive_connections"`
	PersistentConns uint32          `json:"persistent_connections"`
	Stats           TrafficDocument `json:"stats"`
	Rates           TrafficDocument `json:"rates"`
}

// TunnelDocument is how packets are wrapped.
type TunnelDocument struct {
	Type  string   `json:"type"` // ipip, gue, gre, or a number
	Port  uint16   `json:"port,omitempty"`
	Flags []string `json:"flags"` // csum, remcsum, or numbers such as 0x4
}

// TrafficDocument is counters, since the object was made or its counters zeroed, or rates per second: in a repeated listing
// those since the last one, else as the kernel estimates them.
type TrafficDocument struct {
	Conns    uint64 `json:"connections"`
	InPkts   uint64 `json:"incoming_packets"`
	OutPkts  uint64 `json:"outgoing_packets"`
	InBytes  uint64 `json:"incoming_bytes"`
	OutBytes uint64 `json:"outgoing_bytes"`
}

// TimeoutsDocument is the timeouts of connections.
type TimeoutsDocument struct {
	Time     time.Time      `json:"time,omitzero"`
	Timeouts TimeoutSeconds `json:"timeouts"`
}

// TimeoutSeconds is how long a connection is kept without a packet.
type TimeoutSeconds struct {
	TCP    uint32 `json:"tcp"`
	TCPFin uint32 `json:"tcp_fin"`
	UDP    uint32 `json:"udp"`
}

// DaemonsDocument is the sync daemons that run.
type DaemonsDocument struct {
	Time    time.Time        `json:"time,omitzero"`
	Daemons []DaemonDocument `json:"daemons"`
}

// DaemonDocument is a sync daemon. Old kernels do not tell what is left out.
type DaemonDocument struct {
	State     string     `json:"state"` // master, backup
	Interface string     `json:"interface"`
	SyncID    uint32     `json:"syncid"`
	MaxLen    uint16     `json:"maxlen,omitempty"` // bytes
	Group     netip.Addr `json:"group,omitzero"`
	Port      uint16     `json:"port,omitempty"`
	TTL       uint8      `json:"ttl,omitempty"`
}

// ConnectionDocument is an entry of the connection table: a connection, or a template that keeps a client at its server.
type ConnectionDocument struct {
	Protocol    string      `json:"protocol"` // TCP, UDP, SCTP, or IP for the template of a firewall mark
	Client      EndDocument `json:"client"`
	Virtual     EndDocument `json:"virtual"`
	Destination EndDocument `json:"destination"`
	State       string      `json:"state"`
	Expires     uint64      `json:"expires"` // seconds
	// FWMark is set in the template of a firewall mark, of which the virtual address is the mark as well.
	FWMark uint32 `json:"fwmark,omitempty"`
	// PEData is what a persistence engine tells connections apart by. If that is no UTF-8 text, what is not is replaced, and
	// PERaw has all bytes, in base64.
	PEName string `json:"persistence_engine,omitempty"`
	PEData string `json:"persistence_data,omitempty"`
	PERaw  []byte `json:"persistence_data_base64,omitempty"`
}

// ConnectionsDocument is all connections at one time, in repeated listings; otherwise each is a document of its own.
type ConnectionsDocument struct {
	Time        time.Time            `json:"time"`
	Connections []ConnectionDocument `json:"connections"`
}

// EndDocument is an end of a connection.
type EndDocument struct {
	Address  netip.Addr `json:"address"`
	Host     string     `json:"host,omitempty"`
	Port     uint16     `json:"port"`
	PortName string     `json:"port_name,omitempty"`
	Family   string     `json:"family"`
}

// CountsDocument is how many connections there are of each kind, the most frequent first.
type CountsDocument struct {
	Time      time.Time       `json:"time,omitzero"`
	CountedBy string          `json:"counted_by"` // state, client, virtual, destination
	Counts    []CountDocument `json:"counts"`
}

// CountDocument is how many connections have this in common: the protocol and the state, the address of a client, or the
// protocol and the end.
type CountDocument struct {
	Protocol    string     `json:"protocol,omitempty"`
	State       string     `json:"state,omitempty"`
	Address     netip.Addr `json:"address,omitzero"`
	Host        string     `json:"host,omitempty"`
	Port        *uint16    `json:"port,omitempty"`
	PortName    string     `json:"port_name,omitempty"`
	Connections uint64     `json:"connections"`
}
