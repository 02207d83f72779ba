package format

import (
	"errors"
	"io"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// Metrics writes the metrics of --output prometheus. Those that the node exporter's
// collector ipvs also has are of the same name, labels and values; a destination is
// a backend there. All of its numbers are exact, and no label is a name of a host
// or a port. Families are there, with HELP and TYPE, even if they have no sample.
type Metrics struct{}

// counterFamily is one of the counters that the namespace, services and backends have.
type counterFamily struct {
	name, help string
	value      func(*ipvs.Stats) uint64
}

var counterFamilies = []counterFamily{
	{"connections_total", "Connections that were scheduled", func(s *ipvs.Stats) uint64 { return s.Conns }},
	{"incoming_packets_total", "Packets from clients", func(s *ipvs.Stats) uint64 { return s.InPkts }},
	{"outgoing_packets_total", "Packets to clients that passed the director", func(s *ipvs.Stats) uint64 { return s.OutPkts }},
	{"incoming_bytes_total", "Bytes from clients", func(s *ipvs.Stats) uint64 { return s.InBytes }},
	{"outgoing_bytes_total", "Bytes to clients that passed the director", func(s *ipvs.Stats) uint64 { return s.OutBytes }},
}

// Table writes the counters of the network namespace, then the metrics of services,
// then those of backends. The families of the namespace are left out if the
// snapshot does not tell them.
func (Metrics) Table(w io.Writer, s Snapshot) error {
	e := exposition{w: w}
	if s.Info != nil {
		e.family("node_ipvs_info", gauge, "Version of IPVS in the kernel, always 1.")
		e.sample("node_ipvs_info", labels("version", s.Info.VersionString()), 1)
		e.family("node_ipvs_connection_table_buckets", gauge, "Size of the hash table of connections.")
		e.sample("node_ipvs_connection_table_buckets", "", uint64(s.Info.ConnTabSize))
	}
	if s.Totals != nil {
		for _, f := range counterFamilies {
			name := "node_ipvs_" + f.name
			e.family(name, counter, f.help+", in the whole network namespace.")
			e.sample(name, "", f.value(s.Totals))
		}
	}
	services, backends := collect(s.Table)
	e.services(services)
	e.backends(backends)
	return e.flush()
}

// Timeouts writes the timeouts.
func (Metrics) Timeouts(w io.Writer, c ipvs.Config) error {
	const name = "node_ipvs_timeout_seconds"
	e := exposition{w: w}
	e.family(name, gauge, "How long a connection stays without a packet.")
	e.sample(name, labels("timeout", "tcp"), uint64(c.TCP))
	e.sample(name, labels("timeout", "tcp_fin"), uint64(c.TCPFin))
	e.sample(name, labels("timeout", "udp"), uint64(c.UDP))
	return e.flush()
}

// Daemons writes the sync daemons. What an old kernel does not tell is empty.
func (Metrics) Daemons(w io.Writer, daemons []ipvs.Daemon) error {
	const name = "node_ipvs_sync_daemon_info"
	e := exposition{w: w}
	e.family(name, gauge, "A sync daemon that runs, always 1.")
	for _, d := range daemons {
		group := ""
		if d.Group.IsValid() {
			group = d.Group.String()
		}
		e.sample(name, labels(
			"group", group, "interface", d.Interface, "maxlen", unlessZero(d.MaxLen), "port", unlessZero(d.Port),
			"state", d.State.String(), "syncid", decimal(d.SyncID), "ttl", unlessZero(d.TTL),
		), 1)
	}
	return e.flush()
}

// errEachConnection: each would be a series of its own, and no Prometheus keeps so many.
var errEachConnection = errors.New("connections one by one are no metrics; count them")

// ConnTitles refuses connections: there are only counts of them.
func (Metrics) ConnTitles(io.Writer) error { return errEachConnection }

// Connections refuses them.
func (Metrics) Connections(io.Writer, []ipvs.ConnEntry) error { return errEachConnection }

// ConnEnd has nothing to end.
func (Metrics) ConnEnd(io.Writer) error { return nil }

// ConnCounts writes how many connection entries there are. Each group has a family
// of its own, so that the counts of several may be in one file.
func (Metrics) ConnCounts(w io.Writer, by ipvs.ConnGroup, counts []ipvs.ConnCount) error {
	name := "node_ipvs_connection_entries"
	if by != ipvs.ByState {
		name += "_by_" + by.String()
	}
	e := exposition{w: w}
	e.family(name, gauge, "Entries of the connection table, with templates, by "+countedBy(by)+".")
	for _, c := range counts {
		e.sample(name, countLabels(by, c.ConnKey), c.Entries)
	}
	return e.flush()
}

func countedBy(by ipvs.ConnGroup) string {
	switch by {
	case ipvs.ByState:
		return "protocol and state"
	case ipvs.ByClient:
		return "address of the client"
	case ipvs.ByVirtual:
		return "protocol and virtual address"
	case ipvs.ByDestination:
		return "protocol and address of the backend"
	}
	return "group " + by.String()
}

func countLabels(by ipvs.ConnGroup, key ipvs.ConnKey) string {
	address, port := key.End.Addr().String(), decimal(key.End.Port())
	switch by {
	case ipvs.ByClient:
		return labels("client_address", address)
	case ipvs.ByVirtual:
		return labels("local_address", address, "local_port", port, "proto", key.Protocol)
	case ipvs.ByDestination:
		return labels("proto", key.Protocol, "remote_address", address, "remote_port", port)
	}
	return labels("proto", key.Protocol, "state", key.State)
}
