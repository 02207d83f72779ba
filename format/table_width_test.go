// SPDX-License-Identifier: Apache-2.0

package format

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// director is the table of a busy director.
func director() Snapshot {
	server := func(address string, weight, active, inactive uint32, stats ipvs.Stats) ipvs.Destination {
		d := officeServer(address, weight)
		d.ActiveConns, d.InactiveConns, d.Stats = active, inactive, stats
		return d
	}
	web := officeService(ipvs.TCP, "192.0.2.100:443", "wlc")
	web.Stats = ipvs.Stats{CPS: 1840, InPPS: 24300, OutPPS: 31200, InBPS: 4_500_000, OutBPS: 87_300_000}
	one := server("10.0.0.11:8443", 3, 1290, 210, ipvs.Stats{CPS: 1240, InPPS: 16100, OutPPS: 21000, InBPS: 3_000_000, OutBPS: 58_100_000})
	two := server("10.0.0.12:8443", 1, 430, 95, ipvs.Stats{CPS: 600, InPPS: 8200, OutPPS: 10200, InBPS: 1_500_000, OutBPS: 29_200_000})
	two.Forward, one.Forward = ipvs.Masquerade, ipvs.Masquerade
	shop := officeService(ipvs.TCP, "[2001:db8:20:1::100]:443", "mh")
	shop.Flags, shop.Timeout, shop.Netmask = ipvs.Persistent|ipvs.SchedulerFlag2, 600, ipvs.IPv6Prefix(64)
	far := server("[2001:db8:20:1234:5678:9abc:def0:11]:8443", 1, 0, 0, ipvs.Stats{})
	mark := ipvs.Service{ServiceID: ipvs.ServiceID{FWMark: 7}, Scheduler: "rr"}
	mark.Stats = ipvs.Stats{InPPS: 4, InBPS: 310}
	return Snapshot{Table: ipvs.Table{
		{Service: web, Destinations: []ipvs.Destination{one, two}},
		{Service: shop, Destinations: []ipvs.Destination{server("[2001:db8:20:1::11]:8443", 1, 3, 0, ipvs.Stats{}), far}},
		{Service: mark, Destinations: []ipvs.Destination{server("10.0.0.21:0", 0, 12, 0, mark.Stats)}},
	}}
}

func TestTableOnScreens(t *testing.T) {
	for _, c := range []struct {
		view  View
		width int
		want  string
	}{
		{Connections, 60, `
SERVICE, SERVER                     WEIGHT  ACTIVE  STATE
TCP 192.0.2.100:443                           1.7k
  10.0.0.11:8443                         3    1.3k
  10.0.0.12:8443                         1     430
TCP [2001:db8:20:1::100]:443                     3
  [2001:db8:20:1::11]:8443               1       3
  [2001:db8:20:1234:5678:9abc:           1       0
    def0:11]:8443
FWM 7                                           12
  10.0.0.21                              0      12  weight 0
left out: METHOD, INACTIVE, OPTIONS
`},
		{Connections, 80, `
SERVICE, SERVER                              WEIGHT  ACTIVE  INACTIVE  STATE
TCP 192.0.2.100:443                                    1.7k       305
  10.0.0.11:8443                                  3    1.3k       210
  10.0.0.12:8443                                  1     430        95
TCP [2001:db8:20:1::100]:443                              3         0
  [2001:db8:20:1::11]:8443                        1       3         0
  [2001:db8:20:1234:5678:9abc:def0:11]:8443       1       0         0
FWM 7                                                    12         0
  10.0.0.21                                       0      12         0  weight 0
left out: METHOD, OPTIONS
`},
		{Connections, 120, `
SERVICE, SERVER                              METHOD  WEIGHT  ACTIVE  INACTIVE  STATE     OPTIONS
TCP 192.0.2.100:443                          wlc               1.7k       305
  10.0.0.11:8443                             Masq         3    1.3k       210
  10.0.0.12:8443                             Masq         1     430        95
TCP [2001:db8:20:1::100]:443                 mh                   3         0            mh-port, persistent 600 s,
                                                                                         mask 64
  [2001:db8:20:1::11]:8443                   Route        1       3         0
  [2001:db8:20:1234:5678:9abc:def0:11]:8443  Route        1       0         0
FWM 7                                        rr                  12         0
  10.0.0.21                                  Route        0      12         0  weight 0
`},
		{Connections, 200, `
SERVICE, SERVER                              METHOD  WEIGHT  ACTIVE  INACTIVE  STATE     OPTIONS
TCP 192.0.2.100:443                          wlc               1.7k       305
  10.0.0.11:8443                             Masq         3    1.3k       210
  10.0.0.12:8443                             Masq         1     430        95
TCP [2001:db8:20:1::100]:443                 mh                   3         0            mh-port, persistent 600 s, mask 64
  [2001:db8:20:1::11]:8443                   Route        1       3         0
  [2001:db8:20:1234:5678:9abc:def0:11]:8443  Route        1       0         0
FWM 7                                        rr                  12         0
  10.0.0.21                                  Route        0      12         0  weight 0
`},
		{Activity, 60, `
SERVICE, SERVER                     ACTIVE   CONNS  STATE
TCP 192.0.2.100:443                   1.7k  1.8k/s
  10.0.0.11:8443                      1.3k  1.2k/s
  10.0.0.12:8443                       430   600/s
TCP [2001:db8:20:1::100]:443             3       -
  [2001:db8:20:1::11]:8443               3       -
  [2001:db8:20:1234:5678:9abc:           0       -
    def0:11]:8443
FWM 7                                   12       -
  10.0.0.21                             12       -  weight 0
left out: METHOD, WEIGHT, INACTIVE, PKTS IN, PKTS OUT,
BYTES IN, BYTES OUT
`},
		{Activity, 80, `
SERVICE, SERVER                              METHOD  ACTIVE   CONNS  STATE
TCP 192.0.2.100:443                          wlc       1.7k  1.8k/s
  10.0.0.11:8443                             Masq      1.3k  1.2k/s
  10.0.0.12:8443                             Masq       430   600/s
TCP [2001:db8:20:1::100]:443                 mh           3       -
  [2001:db8:20:1::11]:8443                   Route        3       -
  [2001:db8:20:1234:5678:9abc:def0:11]:8443  Route        0       -
FWM 7                                        rr          12       -
  10.0.0.21                                  Route       12       -  weight 0
left out: WEIGHT, INACTIVE, PKTS IN, PKTS OUT, BYTES IN, BYTES OUT
`},
		{Activity, 120, `
SERVICE, SERVER                              METHOD  WEIGHT  ACTIVE   CONNS  PKTS IN  BYTES IN  BYTES OUT  STATE
TCP 192.0.2.100:443                          wlc               1.7k  1.8k/s  24.3k/s  4.5 MB/s  87.3 MB/s
  10.0.0.11:8443                             Masq         3    1.3k  1.2k/s  16.1k/s  3.0 MB/s  58.1 MB/s
  10.0.0.12:8443                             Masq         1     430   600/s   8.2k/s  1.5 MB/s  29.2 MB/s
TCP [2001:db8:20:1::100]:443                 mh                   3       -        -         -          -
  [2001:db8:20:1::11]:8443                   Route        1       3       -        -         -          -
  [2001:db8:20:1234:5678:9abc:def0:11]:8443  Route        1       0       -        -         -          -
FWM 7                                        rr                  12       -      4/s   310 B/s          -
  10.0.0.21                                  Route        0      12       -      4/s   310 B/s          -  weight 0
left out: INACTIVE, PKTS OUT
`},
		{Activity, 200, `
SERVICE, SERVER                              METHOD  WEIGHT  ACTIVE  INACTIVE   CONNS  PKTS IN  PKTS OUT  BYTES IN  BYTES OUT  STATE
TCP 192.0.2.100:443                          wlc               1.7k       305  1.8k/s  24.3k/s   31.2k/s  4.5 MB/s  87.3 MB/s
  10.0.0.11:8443                             Masq         3    1.3k       210  1.2k/s  16.1k/s   21.0k/s  3.0 MB/s  58.1 MB/s
  10.0.0.12:8443                             Masq         1     430        95   600/s   8.2k/s   10.2k/s  1.5 MB/s  29.2 MB/s
TCP [2001:db8:20:1::100]:443                 mh                   3         0       -        -         -         -          -
  [2001:db8:20:1::11]:8443                   Route        1       3         0       -        -         -         -          -
  [2001:db8:20:1234:5678:9abc:def0:11]:8443  Route        1       0         0       -        -         -         -          -
FWM 7                                        rr                  12         0       -      4/s         -   310 B/s          -
  10.0.0.21                                  Route        0      12         0       -      4/s         -   310 B/s          -  weight 0
`},
	} {
		same(t, listing(t, Table{View: c.view, Width: c.width}, director()), c.want)
	}
}

// No address wraps as long as there is room for it beside the most important columns.
func TestTableKeepsAddressesWhole(t *testing.T) {
	const line = "  [2001:db8:20:1234:5678:9abc:def0:11]:8443"
	for view, others := range map[View]string{
		Connections: "  WEIGHT  ACTIVE  weight 0", Counters: "  CONNS  weight 0", Rates: "  1.8k/s  weight 0", Thresholds: "  ACTIVE  weight 0",
		Persistence: "  WEIGHT  ACTIVE  weight 0", Tunnels: "  WEIGHT  ACTIVE  TUNNEL  weight 0", Activity: "  ACTIVE  1.8k/s  weight 0",
	} {
		for width := 30; width <= 100; width++ {
			got := listing(t, Table{View: view, Width: width}, director())
			if whole := strings.Contains(got, line+" "); whole != (width >= len(line+others)) {
				t.Errorf("view %d, %d columns:\n%s", view, width, got)
			}
		}
	}
}

// A name that has to wrap does not cost the other rows a column.
func TestTableLongNameSparesColumns(t *testing.T) {
	snapshot := director()
	mark := &snapshot.Table[2]
	mark.Destinations = append(mark.Destinations, officeServer("[2001:db8:1111:2222:3333:4444:5555:6666]:8443", 1))
	without, with := director(), snapshot
	for _, view := range []View{Connections, Activity} {
		for width := 50; width < 150; width += 3 {
			short, _, _ := strings.Cut(listing(t, Table{View: view, Width: width}, without), "\n")
			text := listing(t, Table{View: view, Width: width}, with)
			long, _, _ := strings.Cut(text, "\n")
			wraps := !strings.Contains(text, "[2001:db8:1111:2222:3333:4444:5555:6666]:8443")
			if wraps && !slices.Equal(strings.Fields(short), strings.Fields(long)) && strings.Contains(text, "def0:11]:8443 ") {
				t.Errorf("view %d, %d columns: %s, and without the long name %s", view, width, long, short)
			}
		}
	}
}

// The columns of a screen keep their places when a director gets busy.
func TestPageTableKeepsColumns(t *testing.T) {
	idle := director()
	for i := range idle.Table {
		idle.Table[i].Service.Stats = ipvs.Stats{}
		idle.Table[i].Destinations = append([]ipvs.Destination(nil), idle.Table[i].Destinations...)
		for j := range idle.Table[i].Destinations {
			d := &idle.Table[i].Destinations[j]
			d.Stats, d.ActiveConns, d.InactiveConns, d.Weight = ipvs.Stats{}, 0, 0, 1
		}
	}
	for _, view := range []View{Connections, Rates, Activity} {
		for width := 60; width <= 200; width += 4 {
			table := Table{View: view, Width: width}
			busy, quiet := table.PageTable(director()), table.PageTable(idle)
			if got, want := string(bytes.Join(busy.Head, nil)), string(bytes.Join(quiet.Head, nil)); got != want {
				t.Errorf("view %d, %d columns: got\n%s\nwant\n%s", view, width, got, want)
			}
		}
	}
}
