// SPDX-License-Identifier: Apache-2.0

package format

import (
	"errors"
	"io"
	"iter"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// Prometheus prints metrics in Prometheus' text format. Their names, labels and values
// follow the collector ipvs of the node exporter, which calls a destination a backend.
// Numbers have all digits, and no label holds the name of a host or port. Families
// without samples are printed, too, with HELP and TYPE.
type Prometheus struct{}

// counterFamily is a counter of the namespace, of services and of backends.
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

// Table prints the counters of the network namespace, then the metrics of services and
// of backends. A snapshot without Info or Totals has no families of the namespace, and one
// of an older kernel lacks those of what this does not tell.
func (Prometheus) Table(w io.Writer, s Snapshot) error {
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
	if s.Info != nil {
		e.state(&s)
	}
	services, backends := collect(s.Table)
	e.services(services)
	e.backends(backends)
	return e.flush()
}

// Timeouts prints the timeouts.
func (Prometheus) Timeouts(w io.Writer, timeouts ipvs.Timeouts) error {
	const name = "node_ipvs_timeout_seconds"
	e := exposition{w: w}
	e.family(name, gauge, "How long a connection stays without a packet.")
	e.sample(name, labels("timeout", "tcp"), uint64(timeouts.TCP))
	e.sample(name, labels("timeout", "tcp_fin"), uint64(timeouts.TCPFin))
	e.sample(name, labels("timeout", "udp"), uint64(timeouts.UDP))
	return e.flush()
}

// Daemons prints the sync daemons. A label that an old kernel does not report is empty.
func (Prometheus) Daemons(w io.Writer, daemons []ipvs.Daemon) error {
	const name = "node_ipvs_sync_daemon_info"
	e := exposition{w: w}
	e.family(name, gauge, "A sync daemon that runs, always 1.")
	for _, d := range daemons {
		o := daemonOptionsOf(&d)
		e.sample(name, labels(
			"group", o.group, "interface", d.Interface, "maxlen", o.maxLen, "port", o.port,
			"state", d.State.String(), "syncid", decimal(d.SyncID), "ttl", o.ttl,
		), 1)
	}
	return e.flush()
}

// errEachConnection refuses metrics of single connections: each would be a series of
// its own, too many for Prometheus.
var errEachConnection = errors.New("connections one by one are no metrics; count them")

// Connections refuses connections. Only ConnCounts makes metrics of them.
func (Prometheus) Connections(io.Writer, iter.Seq2[[]ipvs.ConnEntry, error]) error {
	return errEachConnection
}

// ConnCounts prints the number of connection entries in each group. Each way to group
// them has a family of its own, so that one file can hold several.
func (Prometheus) ConnCounts(w io.Writer, by ipvs.ConnGroup, counts []ipvs.ConnCount) error {
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
	address, port := key.Endpoint.Addr().String(), decimal(key.Endpoint.Port())
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
