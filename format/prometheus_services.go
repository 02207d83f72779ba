// SPDX-License-Identifier: Apache-2.0

package format

import (
	"fmt"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// serviceMetrics is a service with the labels that identify it.
type serviceMetrics struct {
	*ipvs.Service
	labels string
}

// backendMetrics is the sum over the backends with the same labels.
type backendMetrics struct {
	labels                       string
	first                        *ipvs.Destination // whose settings count
	active, inactive, persistent uint64
	weight, upper, lower         uint64
	stats                        ipvs.Stats
}

// collect returns the services and backends of a table in its order. A concurrent
// change can make the kernel dump one of them twice; collect takes it once.
//
// The labels of a backend are those of the node exporter. They do not distinguish a
// mark of IPv4 from the same mark of IPv6: a backend of both is one with the sums of
// both, as in the node exporter.
func collect(table ipvs.Table) ([]serviceMetrics, []backendMetrics) {
	var services []serviceMetrics
	var backends []backendMetrics
	seen := make(map[ipvs.ServiceID]bool, len(table))
	marked := map[string]int{} // labels of the backends of marks
	for i := range table {
		s := &table[i].Service
		if seen[s.ServiceID] {
			continue
		}
		seen[s.ServiceID] = true
		services = append(services, serviceMetrics{s, serviceLabels(s)})
		own := make(map[ipvs.DestinationID]bool, len(table[i].Destinations))
		for j := range table[i].Destinations {
			d := &table[i].Destinations[j]
			if own[d.DestinationID] {
				continue
			}
			own[d.DestinationID] = true
			text := backendLabels(s, d)
			at, known := marked[text]
			if !known {
				at = len(backends)
				backends = append(backends, backendMetrics{labels: text, first: d})
				if s.FWMark != 0 {
					marked[text] = at
				}
			}
			backends[at].add(d)
		}
	}
	return services, backends
}

func (b *backendMetrics) add(d *ipvs.Destination) {
	b.active += uint64(d.ActiveConns)
	b.inactive += uint64(d.InactiveConns)
	b.persistent += uint64(d.PersistentConns)
	b.weight += uint64(d.Weight)
	b.upper += uint64(d.UpperThreshold)
	b.lower += uint64(d.LowerThreshold)
	b.stats.Conns += d.Stats.Conns
	b.stats.InPkts += d.Stats.InPkts
	b.stats.OutPkts += d.Stats.OutPkts
	b.stats.InBytes += d.Stats.InBytes
	b.stats.OutBytes += d.Stats.OutBytes
}

func (e *exposition) services(services []serviceMetrics) {
	for _, f := range counterFamilies {
		name := "node_ipvs_service_" + f.name
		e.family(name, counter, f.help+", by service.")
		for _, s := range services {
			e.sample(name, s.labels, f.value(&s.Stats))
		}
	}
	const timeout = "node_ipvs_service_persistence_timeout_seconds"
	e.family(timeout, gauge, "How long a client stays at its backend; only of persistent services.")
	for _, s := range services {
		if s.Flags&ipvs.Persistent != 0 {
			e.sample(timeout, s.labels, uint64(s.Timeout))
		}
	}
	const info = "node_ipvs_service_info"
	e.family(info, gauge, "Settings of a service, always 1.")
	for _, s := range services {
		e.sample(info, s.info(), 1)
	}
}

func (e *exposition) backends(backends []backendMetrics) {
	for _, f := range []struct {
		name, help string
		value      func(*backendMetrics) uint64
		notZero    bool // no sample for zero
	}{
		{"connections_active", "Connections that are established", func(b *backendMetrics) uint64 { return b.active }, false},
		{"connections_inactive", "Connections in any other state", func(b *backendMetrics) uint64 { return b.inactive }, false},
		{"connections_persistent", "Templates that keep clients at a backend", func(b *backendMetrics) uint64 { return b.persistent }, false},
		{"weight", "Share of new connections, 0 for none", func(b *backendMetrics) uint64 { return b.weight }, false},
		{"upper_threshold_connections", "Connections at which a backend gets no new ones, absent without a limit", func(b *backendMetrics) uint64 { return b.upper }, true},
		{"lower_threshold_connections", "Connections below which a full backend gets new ones again, absent if not set", func(b *backendMetrics) uint64 { return b.lower }, true},
	} {
		name := "node_ipvs_backend_" + f.name
		e.family(name, gauge, f.help+", by service and backend.")
		for i := range backends {
			if value := f.value(&backends[i]); value != 0 || !f.notZero {
				e.sample(name, backends[i].labels, value)
			}
		}
	}
	for _, f := range counterFamilies {
		name := "node_ipvs_backend_" + f.name
		e.family(name, counter, f.help+", by service and backend.")
		for i := range backends {
			e.sample(name, backends[i].labels, f.value(&backends[i].stats))
		}
	}
	const info = "node_ipvs_backend_info"
	e.family(info, gauge, "How packets reach a backend, always 1.")
	for i := range backends {
		e.sample(info, backends[i].info(), 1)
	}
}

// localLabels returns the values of local_address, local_mark, local_port and proto.
// A mark has eight digits, as in /proc/net/ip_vs.
func localLabels(s *ipvs.Service) (address, mark, port, protocol string) {
	if s.FWMark != 0 {
		return "", fmt.Sprintf("%08X", s.FWMark), "0", "FWM"
	}
	return s.AddrPort.Addr().String(), "", decimal(s.AddrPort.Port()), s.Protocol.String()
}

func serviceLabels(s *ipvs.Service) string {
	address, mark, port, protocol := localLabels(s)
	return labels(
		"family", s.AddressFamily().String(), "local_address", address, "local_mark", mark, "local_port", port, "proto", protocol,
	)
}

// info adds the settings of a service to its labels.
func (s *serviceMetrics) info() string {
	return s.labels + "," + labels(
		"scheduler", s.Scheduler, "flags", serviceFlags(s.Service), "netmask", netmaskText(s.Service), "persistence_engine", s.PersistenceEngine,
	)
}

func backendLabels(s *ipvs.Service, d *ipvs.Destination) string {
	address, mark, port, protocol := localLabels(s)
	return labels(
		"local_address", address, "local_mark", mark, "local_port", port, "proto", protocol,
		"remote_address", d.AddrPort.Addr().String(), "remote_port", decimal(d.AddrPort.Port()),
	)
}

// info adds the settings of the first of the backends to the labels.
func (b *backendMetrics) info() string {
	d := b.first
	method := d.Forward & forwardMask
	tunnelType, port, flags := "", "", ""
	if method == ipvs.Tunnel {
		tunnelType, port, flags = d.TunnelType.String(), optional(d.TunnelPort), strings.Join(tunnelFlagWords(d.TunnelFlags), ",")
	}
	return b.labels + "," + labels("forward", method.String(), "tunnel_type", tunnelType, "tunnel_port", port, "tunnel_flags", flags)
}

// serviceFlags lists the flags of a service and of its scheduler. It omits hashed,
// which each service has.
func serviceFlags(s *ipvs.Service) string {
	return strings.Join(append(serviceFlagWords(s.Flags&^ipvs.Hashed), flagList(schedFlagWords(s.Scheduler, s.Flags))...), ",")
}
