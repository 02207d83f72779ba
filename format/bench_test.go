// SPDX-License-Identifier: Apache-2.0

package format

import (
	"io"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

func BenchmarkConnections(b *testing.B) {
	entries := slices.Repeat([]ipvs.ConnEntry{{
		Protocol: "TCP", State: "ESTABLISHED", Expires: 899 * time.Second,
		Client:      netip.MustParseAddrPort("192.168.0.1:50000"),
		Virtual:     netip.MustParseAddrPort("10.0.0.1:80"),
		Destination: netip.MustParseAddrPort("10.0.0.2:80"),
	}}, 1000)
	chunk := oneChunk(entries)
	b.ReportAllocs()
	for b.Loop() {
		if err := (Classic{}).Connections(io.Discard, chunk); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(entries)), "ns/line")
}

// tenServers is a service with ten servers.
func tenServers() ipvs.Table {
	stats := ipvs.Stats{Conns: 1, InPkts: 20, OutPkts: 300, InBytes: 4000, OutBytes: 500000000, CPS: 6}
	entry := ipvs.TableEntry{Service: ipvs.Service{
		ServiceID: ipvs.ServiceID{Protocol: ipvs.TCP, AddrPort: netip.MustParseAddrPort("10.0.0.1:80")},
		Scheduler: "wlc", Stats: stats,
	}}
	for range 10 {
		entry.Destinations = append(entry.Destinations, ipvs.Destination{
			DestinationID: ipvs.DestinationID{AddrPort: netip.MustParseAddrPort("172.16.100.200:80")},
			Forward:       ipvs.DirectRoute, Weight: 100, ActiveConns: 1234, InactiveConns: 56789, Stats: stats,
		})
	}
	return ipvs.Table{entry}
}

func BenchmarkRules(b *testing.B) {
	table := tenServers()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Rules(io.Discard, table, nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkTable(b *testing.B) {
	table := tenServers()
	for name, view := range map[string]View{"Connections": Connections, "Counters": Counters} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := (Classic{View: view}).Table(io.Discard, Snapshot{Table: table}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkTables(b *testing.B) {
	table := slices.Repeat(tenServers(), 1000)
	for b.Loop() {
		if err := (Table{}).Table(io.Discard, Snapshot{Table: table}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*11000), "ns/line")
}

func BenchmarkJSON(b *testing.B) {
	table := slices.Repeat(tenServers(), 1000)
	for b.Loop() {
		if err := (JSON{}).Table(io.Discard, Snapshot{Table: table}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*11000), "ns/line")
}
