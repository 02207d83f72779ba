// SPDX-License-Identifier: Apache-2.0

package format

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// Unknown values, which a newer kernel or a program can set, are printed as numbers.
// Zero values are printed as well.
func TestUnknownValues(t *testing.T) {
	odd := ipvs.Service{
		ServiceID: ipvs.ServiceID{Protocol: 250, AddrPort: netip.MustParseAddrPort("10.0.0.1:80")},
		Scheduler: "rr", Flags: 0xffffffff, FlagsMask: 1, Netmask: ipvs.IPv4Mask(0, 0, 0, 7),
	}
	server := ipvs.Destination{
		DestinationID: ipvs.DestinationID{AddrPort: netip.MustParseAddrPort("[fd00::1]:80")},
		Forward:       0xfffffffe, TunnelType: 200, TunnelFlags: 0xffff,
	}
	tunnel := ipvs.Destination{Forward: ipvs.Tunnel, TunnelType: 200}
	table := ipvs.Table{
		{Service: odd, Destinations: []ipvs.Destination{server, tunnel, {}}},
		{Service: ipvs.Service{ServiceID: ipvs.ServiceID{FWMark: 1, Protocol: 99, IPv6: true}}, Destinations: []ipvs.Destination{server}},
		{Destinations: []ipvs.Destination{{}}},
	}
	for view := View(-1); view < 9; view++ {
		var b strings.Builder
		wantNil(t, Classic{View: view}.Table(&b, Snapshot{Table: table}))
		if view < 0 || view > Activity {
			var plain strings.Builder
			wantNil(t, Classic{}.Table(&plain, Snapshot{Table: table}))
			if b.String() != plain.String() {
				t.Errorf("view %d:\n%s", view, &b)
			}
		}
		if !strings.Contains(b.String(), "250  10.0.0.1:80") {
			t.Errorf("view %d: the number of the protocol is not in\n%s", view, &b)
		}
		wantNil(t, Table{View: view}.Table(&b, Snapshot{Table: table}))
	}
	var b strings.Builder
	_, err := Rules(&b, table, nil)
	wantNil(t, err)
	wantNil(t, JSON{}.Table(&b, Snapshot{Table: table}))
	wantNil(t, Prometheus{}.Table(&b, Snapshot{Table: table}))
	daemons := []ipvs.Daemon{{State: 77}, {}}
	_, err = Settings(&b, ipvs.Timeouts{}, daemons)
	wantNil(t, err)
	wantNil(t, JSON{}.Daemons(&b, daemons))
	wantNil(t, Prometheus{}.Daemons(&b, daemons))
	if !strings.Contains(b.String(), `state="77"`) {
		t.Errorf("the number of the daemon's state is not in\n%s", &b)
	}
	if got := Rule(ipvs.Change{}); got != "command 0" {
		t.Errorf("got %q", got)
	}
}

func TestUnknownConnGroup(t *testing.T) {
	entries := []ipvs.ConnEntry{{Protocol: "IP"}, {Protocol: "QUIC", State: "NEW"}}
	for group := ipvs.ConnGroup(-1); group < 6; group++ {
		counts := []ipvs.ConnCount{{ConnKey: group.Key(&entries[0]), Entries: 1}, {ConnKey: group.Key(&entries[1]), Entries: 2}}
		for form, p := range printers() {
			var b strings.Builder
			wantNil(t, p.ConnCounts(&b, group, counts))
			if !strings.Contains(strings.ToLower(b.String()), group.String()) && (form != PrometheusForm || group != ipvs.ByState) {
				t.Errorf("%s: %q is not in\n%s", form, group, &b)
			}
		}
	}
	for _, p := range []Printer{Classic{}, Table{}, JSON{}} {
		var b strings.Builder
		wantNil(t, p.Connections(&b, oneChunk(entries)))
		if !strings.Contains(b.String(), "QUIC") {
			t.Errorf("the connections are not in\n%s", &b)
		}
	}
}

func TestRuleOfEachChange(t *testing.T) {
	id := ipvs.ServiceID{Protocol: ipvs.UDP, AddrPort: netip.MustParseAddrPort("10.0.0.1:53")}
	s := ipvs.Service{ServiceID: id, Scheduler: "rr"}
	d := ipvs.Destination{DestinationID: ipvs.DestinationID{AddrPort: netip.MustParseAddrPort("10.0.0.2:53")}, Weight: 2}
	for want, change := range map[string]ipvs.Change{
		"-A -u 10.0.0.1:53 -s rr":                  ipvs.NewService(s),
		"-E -u 10.0.0.1:53 -s rr":                  ipvs.SetService(s),
		"-D -u 10.0.0.1:53":                        ipvs.DelService(id),
		"-a -u 10.0.0.1:53 -r 10.0.0.2:53 -m -w 2": ipvs.NewDestination(id, d),
		"-e -u 10.0.0.1:53 -r 10.0.0.2:53 -m -w 2": ipvs.SetDestination(id, d),
		"-d -u 10.0.0.1:53 -r 10.0.0.2:53":         ipvs.DelDestination(id, d.DestinationID),
		"-C":                                       ipvs.Flush(),
		"-Z":                                       ipvs.ZeroAll(),
		"-Z -u 10.0.0.1:53":                        ipvs.ZeroService(id),
		"--set 1 2 3":                              ipvs.SetTimeouts(ipvs.Timeouts{TCP: 1, TCPFin: 2, UDP: 3}),
		"--stop-daemon master":                     ipvs.StopDaemon(ipvs.Master),
		"--start-daemon backup --mcast-interface eth0 --syncid 4": ipvs.StartDaemon(ipvs.Daemon{State: ipvs.Backup, Interface: "eth0", SyncID: 4}),
	} {
		if got := Rule(change); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func wantNil(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}
