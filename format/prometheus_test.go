// SPDX-License-Identifier: Apache-2.0

package format

import (
	"math"
	"net/netip"
	"os"
	"strings"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

func backend(end string, change func(*ipvs.Destination)) ipvs.Destination {
	d := ipvs.Destination{DestinationID: ipvs.DestinationID{AddrPort: netip.MustParseAddrPort(end)}, Weight: 1}
	if change != nil {
		change(&d)
	}
	return d
}

func metricsSnapshot() Snapshot {
	most, limit := uint64(math.MaxUint64), uint64(1)<<30
	return Snapshot{
		Info:   &ipvs.Info{Version: 0x010201, ConnTabSize: 4096},
		Limits: Limits{ConnTabGrows: true, ConnTabSize: 1 << 20, Conns: &limit}, Estimation: EstimationRuns,
		Status: &ipvs.Status{
			Conns:      ipvs.HashTable{Entries: 30, Buckets: 4096, Bits: 12, LoadFactor: -4, Chains: [8]uint64{4066, 21, 4, 5, 0, 0, 0, 1}},
			Services:   ipvs.HashTable{Entries: 2, Buckets: 16, Bits: 4, LoadFactor: -3, Chains: [8]uint64{14, 2}},
			Estimation: ipvs.Estimation{Threads: 1, MaxThreads: 16, MaxChain: 32, ThreadObjects: 76800},
		},
		Totals: &ipvs.Stats{Conns: most, InPkts: 2, OutPkts: 3, InBytes: 4, OutBytes: 5, CPS: 6},
		Table: ipvs.Table{
			{
				Service: ipvs.Service{
					ServiceID: ipvs.ServiceID{Protocol: ipvs.TCP, AddrPort: netip.MustParseAddrPort("10.0.0.1:80")},
					Scheduler: "sh", Flags: ipvs.Persistent | ipvs.Hashed | ipvs.SchedulerFlag1, Timeout: 300, Netmask: ipvs.IPv4Prefix(24),
					PersistenceEngine: "sip", Stats: ipvs.Stats{Conns: 10, InPkts: 11, OutPkts: 12, InBytes: most, OutBytes: 13, InBPS: 14},
				},
				Destinations: []ipvs.Destination{
					backend("10.0.0.2:80", func(d *ipvs.Destination) {
						d.Weight, d.UpperThreshold, d.LowerThreshold = math.MaxInt32, 1000, 800
						d.ActiveConns, d.InactiveConns, d.PersistentConns = 1, math.MaxUint32, 3
						d.Stats = ipvs.Stats{Conns: 20, InPkts: 21, OutPkts: 22, InBytes: 23, OutBytes: most}
					}),
					backend("[fd00::2]:80", func(d *ipvs.Destination) {
						d.Forward, d.TunnelType, d.TunnelPort, d.TunnelFlags = ipvs.Tunnel, ipvs.GUE, 6080, ipvs.TunnelChecksum
					}),
				},
			},
			{
				Service: ipvs.Service{ServiceID: ipvs.ServiceID{FWMark: 0xab, IPv6: true}, Scheduler: "rr"},
				Destinations: []ipvs.Destination{
					backend("[fd00::3]:0", func(d *ipvs.Destination) { d.Forward, d.Weight = ipvs.DirectRoute, 0 }),
				},
			},
		},
	}
}

// TestPrometheusTable has every family with values that are told apart.
func TestPrometheusTable(t *testing.T) {
	var b strings.Builder
	if err := (Prometheus{}).Table(&b, metricsSnapshot()); err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("testdata/metrics.prom")
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("not as testdata/metrics.prom:\n%s", b.String())
	}
	exposed(t, b.String())
}

// A kernel before 7.1 has no families of a status.
func TestPrometheusOldKernel(t *testing.T) {
	s := metricsSnapshot()
	s.Limits, s.Status, s.Estimation = Limits{}, nil, EstimationUnknown
	var old, stopped strings.Builder
	if err := (Prometheus{}).Table(&old, s); err != nil {
		t.Fatal(err)
	}
	exposed(t, old.String())
	for _, name := range []string{"connection_limit", "entries", "chains", "estimation", "service_table", "buckets_max"} {
		if strings.Contains(old.String(), name) {
			t.Errorf("%s:\n%s", name, old.String())
		}
	}
	s.Estimation, s.Status = EstimationNoCPUs, &ipvs.Status{}
	if err := (Prometheus{}).Table(&stopped, s); err != nil {
		t.Fatal(err)
	}
	series := exposed(t, stopped.String())
	if value, ok := series["node_ipvs_estimation_running"]; value != 0 || !ok || strings.Contains(stopped.String(), "chains{") {
		t.Errorf("a table without connections, counters stopped:\n%s", stopped.String())
	}
}

func TestPrometheusOneService(t *testing.T) {
	var b strings.Builder
	if err := (Prometheus{}).Table(&b, Snapshot{Table: metricsSnapshot().Table[:1]}); err != nil {
		t.Fatal(err)
	}
	series := exposed(t, b.String())
	for _, name := range []string{"node_ipvs_connections_total", "node_ipvs_info", "node_ipvs_connection_table_buckets", "node_ipvs_estimation_running"} {
		if strings.Contains(b.String(), name) {
			t.Errorf("%s, which is about all services:\n%s", name, b.String())
		}
	}
	const service = "node_ipvs_service_connections_total family=IPv4 local_address=10.0.0.1 local_port=80 proto=TCP"
	if series[service] != 10 {
		t.Errorf("%d connections:\n%s", series[service], b.String())
	}
}

func TestPrometheusSumsMarksOfBothFamilies(t *testing.T) {
	four := ipvs.TableEntry{
		Service: ipvs.Service{ServiceID: ipvs.ServiceID{FWMark: 1}, Stats: ipvs.Stats{Conns: 1}},
		Destinations: []ipvs.Destination{backend("[fd00::2]:0", func(d *ipvs.Destination) {
			d.Forward, d.Weight, d.ActiveConns, d.Stats.InBytes = ipvs.Tunnel, 3, 4, 5
		})},
	}
	six := ipvs.TableEntry{
		Service: ipvs.Service{ServiceID: ipvs.ServiceID{FWMark: 1, IPv6: true}, Stats: ipvs.Stats{Conns: 2}},
		Destinations: []ipvs.Destination{backend("[fd00::2]:0", func(d *ipvs.Destination) {
			d.Weight, d.ActiveConns, d.Stats.InBytes = 30, 40, 50
		})},
	}
	six.Destinations = append(six.Destinations, six.Destinations[0]) // told twice
	var b strings.Builder
	if err := (Prometheus{}).Table(&b, Snapshot{Table: ipvs.Table{four, six, four}}); err != nil {
		t.Fatal(err)
	}
	series := exposed(t, b.String())
	const mark, to = " local_mark=00000001 local_port=0 proto=FWM", " remote_address=fd00::2 remote_port=0"
	for key, want := range map[string]uint64{
		"node_ipvs_service_connections_total family=IPv4" + mark:                  1,
		"node_ipvs_service_connections_total family=IPv6" + mark:                  2,
		"node_ipvs_backend_weight" + mark + to:                                    33,
		"node_ipvs_backend_connections_active" + mark + to:                        44,
		"node_ipvs_backend_incoming_bytes_total" + mark + to:                      55,
		"node_ipvs_backend_info" + mark + to + " forward=Tunnel tunnel_type=ipip": 1,
	} {
		if got, ok := series[key]; !ok || got != want {
			t.Errorf("%s is %d, want %d", key, got, want)
		}
	}
	if n := strings.Count(b.String(), "node_ipvs_backend_info{"); n != 1 {
		t.Errorf("%d infos of one backend:\n%s", n, b.String())
	}
}

func TestPrometheusTimeoutsAndDaemons(t *testing.T) {
	var b strings.Builder
	if err := (Prometheus{}).Timeouts(&b, ipvs.Timeouts{TCP: 900, TCPFin: 120, UDP: 300}); err != nil {
		t.Fatal(err)
	}
	for timeout, want := range map[string]uint64{"tcp": 900, "tcp_fin": 120, "udp": 300} {
		if got := exposed(t, b.String())["node_ipvs_timeout_seconds timeout="+timeout]; got != want {
			t.Errorf("%s is %d, want %d", timeout, got, want)
		}
	}
	b.Reset()
	if err := (Prometheus{}).Daemons(&b, nil); err != nil || len(exposed(t, b.String())) != 0 {
		t.Errorf("%v, %s", err, b.String())
	}
	b.Reset()
	daemons := []ipvs.Daemon{
		{State: ipvs.Master, Interface: "e\"th\xff0", SyncID: 7},
		{State: ipvs.Backup, Interface: "eth0", MaxLen: 1472, Group: netip.MustParseAddr("ff02::51"), Port: 8848, TTL: 1},
	}
	if err := (Prometheus{}).Daemons(&b, daemons); err != nil {
		t.Fatal(err)
	}
	series := exposed(t, b.String())
	for _, key := range []string{
		`node_ipvs_sync_daemon_info interface=e\"th�0 state=master syncid=7`,
		"node_ipvs_sync_daemon_info group=ff02::51 interface=eth0 maxlen=1472 port=8848 state=backup syncid=0 ttl=1",
	} {
		if series[key] != 1 {
			t.Errorf("no %s:\n%s", key, b.String())
		}
	}
}

func TestPrometheusConnCounts(t *testing.T) {
	end := netip.MustParseAddrPort("[fd00::1]:80")
	for by, c := range map[ipvs.ConnGroup]struct {
		key  ipvs.ConnKey
		want string
	}{
		ipvs.ByState:       {ipvs.ConnKey{Protocol: "TCP", State: "FIN_WAIT"}, "node_ipvs_connection_entries proto=TCP state=FIN_WAIT"},
		ipvs.ByClient:      {ipvs.ConnKey{Endpoint: end}, "node_ipvs_connection_entries_by_client client_address=fd00::1"},
		ipvs.ByVirtual:     {ipvs.ConnKey{Protocol: "UDP", Endpoint: end}, "node_ipvs_connection_entries_by_virtual local_address=fd00::1 local_port=80 proto=UDP"},
		ipvs.ByDestination: {ipvs.ConnKey{Protocol: "IP", Endpoint: end}, "node_ipvs_connection_entries_by_destination proto=IP remote_address=fd00::1 remote_port=80"},
	} {
		var b strings.Builder
		if err := (Prometheus{}).ConnCounts(&b, by, []ipvs.ConnCount{{ConnKey: c.key, Entries: math.MaxUint64}}); err != nil {
			t.Fatal(err)
		}
		if series := exposed(t, b.String()); len(series) != 1 || series[c.want] != math.MaxUint64 {
			t.Errorf("by %v:\n%s", by, b.String())
		}
	}
	var b strings.Builder
	if err := (Prometheus{}).ConnCounts(&b, ipvs.ByClient, nil); err != nil || len(exposed(t, b.String())) != 0 {
		t.Errorf("%v, %s", err, b.String())
	}
	b.Reset()
	if (Prometheus{}).Connections(&b, oneChunk(nil)) == nil || b.Len() != 0 {
		t.Errorf("connections one by one: %s", b.String())
	}
}
