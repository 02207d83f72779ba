// SPDX-License-Identifier: Apache-2.0

package format

import (
	"bytes"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// officeService is a service with an address.
func officeService(p ipvs.Protocol, end, scheduler string) ipvs.Service {
	id := ipvs.ServiceID{Protocol: p, AddrPort: netip.MustParseAddrPort(end)}
	return ipvs.Service{ServiceID: id, Scheduler: scheduler}
}

func officeServer(end string, weight uint32) ipvs.Destination {
	return ipvs.Destination{
		DestinationID: ipvs.DestinationID{AddrPort: netip.MustParseAddrPort(end)},
		Forward:       ipvs.DirectRoute, Weight: weight,
	}
}

// office has a service of each kind, and a server of each.
func office() Snapshot {
	web := officeService(ipvs.TCP, "10.0.0.1:80", "sh")
	web.Flags, web.Timeout, web.Netmask = ipvs.SchedulerFlag1|ipvs.SchedulerFlag2|ipvs.Persistent, 300, ipvs.IPv4Prefix(24)
	web.Stats = ipvs.Stats{Conns: 123456, InPkts: 999, OutBytes: 18446744073709551615, CPS: 12345, InBPS: 1234567}
	busy, resting := officeServer("10.0.0.2:80", 100), officeServer("10.0.0.3:80", 0)
	busy.ActiveConns, busy.InactiveConns, busy.UpperThreshold, busy.LowerThreshold = 1234, 56, 1290, 900
	busy.Stats = web.Stats
	sip := officeService(ipvs.UDP, "[2001:db8:0:17::1234]:5060", "rr")
	sip.Flags, sip.Timeout, sip.PersistenceEngine = ipvs.OnePacket|ipvs.Persistent, 360, "sip"
	far := officeServer("[2001:db8:ffff:ffff:ffff:ffff:ffff:fffe]:5060", 1)
	far.Forward, far.TunnelType, far.TunnelPort, far.TunnelFlags = ipvs.Tunnel, ipvs.GUE, 6080, ipvs.TunnelChecksum
	far.PersistentConns = 7
	mark := ipvs.Service{ServiceID: ipvs.ServiceID{FWMark: 7, IPv6: true}, Scheduler: "wlc"}
	return Snapshot{
		Info: &ipvs.Info{Version: 0x010201, ConnTabSize: 4096},
		Table: ipvs.Table{
			{Service: web, Destinations: []ipvs.Destination{busy, resting}},
			{Service: sip, Destinations: []ipvs.Destination{far}},
			{Service: mark},
		},
	}
}

// same compares a listing with a text that begins with an empty line.
func same(t *testing.T, got, want string) {
	t.Helper()
	if want = strings.TrimPrefix(want, "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func listing(t *testing.T, table Table, s Snapshot) string {
	t.Helper()
	var b strings.Builder
	if err := table.Table(&b, s); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestTableServices(t *testing.T) {
	same(t, listing(t, Table{}, office()), `
IP Virtual Server 1.2.1, connection table size 4096

SERVICE, SERVER                                  METHOD  WEIGHT  ACTIVE  INACTIVE  STATE       OPTIONS
TCP 10.0.0.1:80                                  sh                1.2k        56              sh-fallback, sh-port, persistent 300 s, mask 255.255.255.0
  10.0.0.2:80                                    Route      100    1.2k        56  full
  10.0.0.3:80                                    Route        0       0         0  weight 0
UDP [2001:db8:0:17::1234]:5060                   rr                   0         0              persistent 360 s, pe sip, ops
  [2001:db8:ffff:ffff:ffff:ffff:ffff:fffe]:5060  Tunnel       1       0         0
FWM 7 IPv6                                       wlc                  0         0  no servers
`)
}

func TestTableViews(t *testing.T) {
	snapshot := office()
	snapshot.Info = nil
	for _, c := range []struct {
		view View
		want string
	}{
		{Counters, `
SERVICE, SERVER                                  METHOD   CONNS  PKTS IN  PKTS OUT  BYTES IN  BYTES OUT  STATE       OPTIONS
TCP 10.0.0.1:80                                  sh      123.5k      999         0       0 B    18.4 EB              sh-fallback, sh-port, persistent 300 s, mask 255.255.255.0
  10.0.0.2:80                                    Route   123.5k      999         0       0 B    18.4 EB  full
  10.0.0.3:80                                    Route        0        0         0       0 B        0 B  weight 0
UDP [2001:db8:0:17::1234]:5060                   rr           0        0         0       0 B        0 B              persistent 360 s, pe sip, ops
  [2001:db8:ffff:ffff:ffff:ffff:ffff:fffe]:5060  Tunnel       0        0         0       0 B        0 B
FWM 7 IPv6                                       wlc          0        0         0       0 B        0 B  no servers
`},
		{Rates, `
SERVICE, SERVER                                  METHOD    CONNS  PKTS IN  PKTS OUT  BYTES IN  BYTES OUT  STATE       OPTIONS
TCP 10.0.0.1:80                                  sh      12.3k/s        -         -  1.2 MB/s          -              sh-fallback, sh-port, persistent 300 s, mask 255.255.255.0
  10.0.0.2:80                                    Route   12.3k/s        -         -  1.2 MB/s          -  full
  10.0.0.3:80                                    Route         -        -         -         -          -  weight 0
UDP [2001:db8:0:17::1234]:5060                   rr            -        -         -         -          -              persistent 360 s, pe sip, ops
  [2001:db8:ffff:ffff:ffff:ffff:ffff:fffe]:5060  Tunnel        -        -         -         -          -
FWM 7 IPv6                                       wlc           -        -         -         -          -  no servers
`},
		{Thresholds, `
SERVICE, SERVER                                  METHOD  UPPER  LOWER  ACTIVE  INACTIVE  STATE       OPTIONS
TCP 10.0.0.1:80                                  sh                      1.2k        56              sh-fallback, sh-port, persistent 300 s, mask 255.255.255.0
  10.0.0.2:80                                    Route    1290    900    1.2k        56  full
  10.0.0.3:80                                    Route       -      -       0         0  weight 0
UDP [2001:db8:0:17::1234]:5060                   rr                         0         0              persistent 360 s, pe sip, ops
  [2001:db8:ffff:ffff:ffff:ffff:ffff:fffe]:5060  Tunnel      -      -       0         0
FWM 7 IPv6                                       wlc                        0         0  no servers
`},
		{Persistence, `
SERVICE, SERVER                                  METHOD  WEIGHT  PERSISTENT  ACTIVE  INACTIVE  STATE       OPTIONS
TCP 10.0.0.1:80                                  sh                       0    1.2k        56              sh-fallback, sh-port, persistent 300 s, mask 255.255.255.0
  10.0.0.2:80                                    Route      100           0    1.2k        56  full
  10.0.0.3:80                                    Route        0           0       0         0  weight 0
UDP [2001:db8:0:17::1234]:5060                   rr                       7       0         0              persistent 360 s, pe sip, ops
  [2001:db8:ffff:ffff:ffff:ffff:ffff:fffe]:5060  Tunnel       1           7       0         0
FWM 7 IPv6                                       wlc                      0       0         0  no servers
`},
		{Tunnels, `
SERVICE, SERVER                                  METHOD  WEIGHT  ACTIVE  INACTIVE  TUNNEL               STATE       OPTIONS
TCP 10.0.0.1:80                                  sh                1.2k        56                                   sh-fallback, sh-port, persistent 300 s, mask 255.255.255.0
  10.0.0.2:80                                    Route      100    1.2k        56                       full
  10.0.0.3:80                                    Route        0       0         0                       weight 0
UDP [2001:db8:0:17::1234]:5060                   rr                   0         0                                   persistent 360 s, pe sip, ops
  [2001:db8:ffff:ffff:ffff:ffff:ffff:fffe]:5060  Tunnel       1       0         0  gue port 6080, csum
FWM 7 IPv6                                       wlc                  0         0                       no servers
`},
		{Activity, `
SERVICE, SERVER                                  METHOD  WEIGHT  ACTIVE  INACTIVE    CONNS  PKTS IN  PKTS OUT  BYTES IN  BYTES OUT  STATE
TCP 10.0.0.1:80                                  sh                1.2k        56  12.3k/s        -         -  1.2 MB/s          -
  10.0.0.2:80                                    Route      100    1.2k        56  12.3k/s        -         -  1.2 MB/s          -  full
  10.0.0.3:80                                    Route        0       0         0        -        -         -         -          -  weight 0
UDP [2001:db8:0:17::1234]:5060                   rr                   0         0        -        -         -         -          -
  [2001:db8:ffff:ffff:ffff:ffff:ffff:fffe]:5060  Tunnel       1       0         0        -        -         -         -          -
FWM 7 IPv6                                       wlc                  0         0        -        -         -         -          -  no servers
`},
	} {
		same(t, listing(t, Table{View: c.view}, snapshot), c.want)
	}
}

func TestTableExact(t *testing.T) {
	same(t, listing(t, Table{View: Rates, Exact: true}, office()), `
IP Virtual Server 1.2.1, connection table size 4096

SERVICE, SERVER                                  METHOD  CONNS/S  PKTS IN/S  PKTS OUT/S  BYTES IN/S  BYTES OUT/S  STATE       OPTIONS
TCP 10.0.0.1:80                                  sh        12345          0           0     1234567            0              sh-fallback, sh-port, persistent 300 s, mask 255.255.255.0
  10.0.0.2:80                                    Route     12345          0           0     1234567            0  full
  10.0.0.3:80                                    Route         0          0           0           0            0  weight 0
UDP [2001:db8:0:17::1234]:5060                   rr            0          0           0           0            0              persistent 360 s, pe sip, ops
  [2001:db8:ffff:ffff:ffff:ffff:ffff:fffe]:5060  Tunnel        0          0           0           0            0
FWM 7 IPv6                                       wlc           0          0           0           0            0  no servers
`)
}

func TestTableNarrow(t *testing.T) {
	same(t, listing(t, Table{Width: 64}, office()), `
IP Virtual Server 1.2.1, connection table size 4096

SERVICE, SERVER                       WEIGHT  ACTIVE  STATE
TCP 10.0.0.1:80                                 1.2k
  10.0.0.2:80                            100    1.2k  full
  10.0.0.3:80                              0       0  weight 0
UDP [2001:db8:0:17::1234]:5060                     0
  [2001:db8:ffff:ffff:ffff:ffff:           1       0
    ffff:fffe]:5060
FWM 7 IPv6                                         0  no servers
left out: METHOD, INACTIVE, OPTIONS
`)
	same(t, listing(t, Table{Width: 20}, office()), `
IP Virtual Server
1.2.1, connection
table size 4096

SERVICE, SERVER
TCP 10.0.0.1:80
  10.0.0.2:80
  10.0.0.3:80
UDP [2001:db8:0:17::
    1234]:5060
  [2001:db8:ffff:
    ffff:ffff:ffff:
    ffff:fffe]:5060
FWM 7 IPv6
left out: METHOD,
WEIGHT, ACTIVE,
INACTIVE, STATE,
OPTIONS
`)
}

// Options wrap and then disappear before any other column.
func TestTableOptionsGiveWayToAddresses(t *testing.T) {
	snapshot := office()
	snapshot.Info = nil
	whole := "  [2001:db8:ffff:ffff:ffff:ffff:ffff:fffe]:5060 "
	for width := 76; width < 200; width++ {
		got := listing(t, Table{Width: width}, snapshot)
		if width >= 93 && !strings.Contains(got, whole) {
			t.Fatalf("%d columns:\n%s", width, got)
		}
		if strings.Contains(got, "STATE       OPTIONS\n") && !strings.Contains(got, whole) {
			t.Fatalf("%d columns:\n%s", width, got)
		}
	}
	same(t, listing(t, Table{Width: 120}, snapshot), `
SERVICE, SERVER                                  METHOD  WEIGHT  ACTIVE  INACTIVE  STATE       OPTIONS
TCP 10.0.0.1:80                                  sh                1.2k        56              sh-fallback, sh-port,
                                                                                               persistent 300 s,
                                                                                               mask 255.255.255.0
  10.0.0.2:80                                    Route      100    1.2k        56  full
  10.0.0.3:80                                    Route        0       0         0  weight 0
UDP [2001:db8:0:17::1234]:5060                   rr                   0         0              persistent 360 s, pe sip,
                                                                                               ops
  [2001:db8:ffff:ffff:ffff:ffff:ffff:fffe]:5060  Tunnel       1       0         0
FWM 7 IPv6                                       wlc                  0         0  no servers
`)
	same(t, listing(t, Table{Width: 100}, snapshot), `
SERVICE, SERVER                                  METHOD  WEIGHT  ACTIVE  INACTIVE  STATE
TCP 10.0.0.1:80                                  sh                1.2k        56
  10.0.0.2:80                                    Route      100    1.2k        56  full
  10.0.0.3:80                                    Route        0       0         0  weight 0
UDP [2001:db8:0:17::1234]:5060                   rr                   0         0
  [2001:db8:ffff:ffff:ffff:ffff:ffff:fffe]:5060  Tunnel       1       0         0
FWM 7 IPv6                                       wlc                  0         0  no servers
left out: OPTIONS
`)
}

// A server of a mark shows a port only if it has one; else packets keep their ports.
func TestTableServersOfMark(t *testing.T) {
	mark := ipvs.Service{ServiceID: ipvs.ServiceID{FWMark: 7}, Scheduler: "wlc"}
	servers := []ipvs.Destination{officeServer("10.0.0.3:0", 1), officeServer("10.0.0.4:80", 1), officeServer("[2001:db8::5]:0", 1)}
	all := officeService(ipvs.TCP, "10.0.0.1:0", "wlc")
	same(t, listing(t, Table{}, Snapshot{Table: ipvs.Table{{Service: mark, Destinations: servers}, {Service: all, Destinations: servers[:1]}}}), `
SERVICE, SERVER  METHOD  WEIGHT  ACTIVE  INACTIVE  STATE
FWM 7            wlc                  0         0
  10.0.0.3       Route        1       0         0
  10.0.0.4:80    Route        1       0         0
  2001:db8::5    Route        1       0         0
TCP 10.0.0.1:0   wlc                  0         0
  10.0.0.3:0     Route        1       0         0
`)
}

// totalTexts returns the texts of Totals, one in each line.
func totalTexts(table ipvs.Table, exact bool) string {
	text := ""
	for _, total := range Totals(table, exact) {
		text += total.Text + "\n"
	}
	return text
}

func TestTotals(t *testing.T) {
	same(t, totalTexts(office().Table, false), `
12.3k conns/s
1.2 MB/s in
0 B/s out
1.2k active, 56 inactive
3 services, 3 servers
`)
	same(t, totalTexts(office().Table, true), `
12345 conns/s
1234567 B/s in
0 B/s out
1234 active, 56 inactive
3 services, 3 servers
`)
	same(t, totalTexts(office().Table[2:], false), `
0 conns/s
0 B/s in
0 B/s out
0 active, 0 inactive
1 service, 0 servers
`)
}

// The widths of usual totals are those of the widest, and no text is wider.
func TestTotalsWidths(t *testing.T) {
	busy := director().Table
	for i, idle := range Totals(busy[:0], false) {
		if now := Totals(busy, false)[i]; now.Width != idle.Width || len(now.Text) > now.Width {
			t.Errorf("%q has %d columns, %q %d", now.Text, now.Width, idle.Text, idle.Width)
		}
	}
	busy[0].Service.Stats.CPS = 1<<64 - 1
	if total := Totals(busy, true)[0]; total.Width != len(total.Text) {
		t.Errorf("%q has %d columns", total.Text, total.Width)
	}
}

// From Linux 7.1 on the table of connections grows, and the kernel tells how full it is.
func TestTableHead(t *testing.T) {
	status := func(entries uint64, chains ...uint64) *ipvs.Status {
		s := &ipvs.Status{Conns: ipvs.HashTable{Entries: entries, Buckets: 256, Bits: 8}}
		copy(s.Conns.Chains[:], chains)
		return s
	}
	limit := uint64(1000)
	for _, tc := range []struct {
		size   uint32
		limits Limits
		status *ipvs.Status
		want   string
	}{
		{4096, Limits{}, nil, "size 4096"},
		{256, Limits{ConnTabGrows: true}, nil, "size 256 now"},
		{0, Limits{ConnTabGrows: true, ConnTabSize: 4096}, nil, "size 0 now, grows to 4096"},
		{4096, Limits{ConnTabGrows: true, ConnTabSize: 4096}, nil, "size 4096"},
		{256, Limits{ConnTabGrows: true, ConnTabSize: 4096, Conns: &limit}, nil, "size 256 now, grows to 4096"},
		{0, Limits{ConnTabGrows: true, ConnTabSize: 4096, Conns: &limit}, status(0), "size 0 now, grows to 4096\n0 connections of at most 1000"},
		{256, Limits{ConnTabGrows: true, ConnTabSize: 4096}, status(1, 254, 2), "size 256 now, grows to 4096\n1 connection; 100% of the buckets in use hold one entry"},
		{256, Limits{ConnTabGrows: true, ConnTabSize: 4096, Conns: &limit}, status(999, 0, 128, 0, 0, 0, 0, 0, 128),
			"size 256 now, grows to 4096\n999 connections of at most 1000; 50% of the buckets in use hold one entry"},
		{256, Limits{ConnTabGrows: true, ConnTabSize: 4096, Conns: &limit}, status(1000),
			"size 256 now, grows to 4096\n1000 connections of at most 1000: conn_max is reached, no new ones"},
		{256, Limits{ConnTabGrows: true, ConnTabSize: 4096, Conns: new(uint64)}, status(0),
			"size 256 now, grows to 4096\n0 connections of at most 0: conn_max is reached, no new ones"},
	} {
		s := Snapshot{Info: &ipvs.Info{Version: 0x010201, ConnTabSize: tc.size}, Limits: tc.limits, Status: tc.status}
		want := "IP Virtual Server 1.2.1, connection table " + tc.want + "\n\nno services\n"
		same(t, listing(t, Table{}, s), want)
		page := Table{}.PageTable(s)
		same(t, string(bytes.Join(slices.Concat(page.Head, page.Rows), []byte("\n")))+"\n", want)
	}
}

// Views of what does not change say so, and others do not.
func TestTableCountersStand(t *testing.T) {
	s := office()
	for estimation, reason := range map[Estimation]string{
		EstimationUnknown: "", EstimationRuns: "", EstimationOff: "run_estimation is 0", EstimationNoCPUs: "est_cpulist is empty",
	} {
		s.Estimation = estimation
		for view := Connections; view <= Activity; view++ {
			got := listing(t, Table{View: view}, s)
			want := reason != "" && (view == Counters || view == Rates || view == Activity)
			if strings.HasSuffix(got, "\n"+reason+": the kernel updates no counters and no rates\n") != want || strings.Count(got, "kernel") > 1 {
				t.Errorf("view %d:\n%s", view, got)
			}
		}
	}
	s.Info, s.Table, s.Estimation = nil, s.Table[:1], EstimationOff
	if got := listing(t, Table{View: Rates, Width: 40}, s); !strings.HasSuffix(got, "\nrun_estimation is 0: the kernel updates\nno counters and no rates\n") {
		t.Errorf("one service:\n%s", got)
	}
}

func TestTableWithoutServices(t *testing.T) {
	same(t, listing(t, Table{}, Snapshot{Info: &ipvs.Info{Version: 0x010201, ConnTabSize: 256}}), `
IP Virtual Server 1.2.1, connection table size 256

no services
`)
}

func TestTableColourKeepsColumns(t *testing.T) {
	escapes := strings.NewReplacer("\x1b[1m", "", "\x1b[2m", "", "\x1b[31m", "", "\x1b[33m", "", "\x1b[0m", "")
	for width := range 200 {
		coloured := listing(t, Table{Colour: true, Width: width}, office())
		same(t, escapes.Replace(coloured), listing(t, Table{Width: width}, office()))
	}
	got := listing(t, Table{Colour: true}, office())
	for _, want := range []string{
		"\x1b[1mSERVICE, SERVER\x1b[0m", "\x1b[31m  10.0.0.2:80\x1b[0m", "\x1b[31mfull\x1b[0m\n", "\x1b[33mweight 0\x1b[0m\n",
		"  10.0.0.3:80\x1b[0m                                    Route        0       \x1b[2m0\x1b[0m         \x1b[2m0\x1b[0m  ",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

func TestTableTimeoutsAndDaemons(t *testing.T) {
	var b strings.Builder
	if err := (Table{}).Timeouts(&b, ipvs.Timeouts{TCP: 900, TCPFin: 120, UDP: 4294967295}); err != nil {
		t.Fatal(err)
	}
	same(t, b.String(), `
CONNECTIONS  TIMEOUT
TCP          15 min (900 s)
TCP FIN      2 min (120 s)
UDP          1193046 h 28 min 15 s (4294967295 s)
`)
	b.Reset()
	daemons := []ipvs.Daemon{
		{State: ipvs.Master, Interface: "eth0", SyncID: 7},
		{State: ipvs.Backup, Interface: "eth1\x1b[2J", SyncID: 255, MaxLen: 1472, Group: netip.MustParseAddr("ff02::51"), Port: 8848, TTL: 1},
	}
	if err := (Table{}).Daemons(&b, daemons); err != nil {
		t.Fatal(err)
	}
	same(t, b.String(), `
STATE   INTERFACE    SYNCID  MAXLEN  GROUP     PORT  TTL
master  eth0              7
backup  eth1\x1b[2J     255    1472  ff02::51  8848    1
`)
	b.Reset()
	if err := (Table{}).Daemons(&b, nil); err != nil {
		t.Fatal(err)
	}
	same(t, b.String(), "no sync daemons\n")
}

// A long table has its titles once, and its columns line up from the first row to the last.
func TestLongTableLinesUp(t *testing.T) {
	var table ipvs.Table
	addr := netip.MustParseAddr("10.0.0.1")
	for range 2*rowsInMemory + 1 {
		table = append(table, ipvs.TableEntry{Service: ipvs.Service{ServiceID: ipvs.ServiceID{Protocol: ipvs.TCP, AddrPort: netip.AddrPortFrom(addr, 80)}, Scheduler: "rr"}})
		addr = addr.Next()
	}
	last := &table[len(table)-1].Service
	last.AddrPort = netip.MustParseAddrPort("[2001:db8:1111:2222:3333:4444:5555:6666]:65535")
	last.Flags, last.Timeout = ipvs.Persistent, 300
	for _, width := range []int{0, 120} {
		var b strings.Builder
		wantNil(t, Table{Width: width}.Table(&b, Snapshot{Table: table}))
		lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
		if len(lines) != 1+len(table) || strings.Count(b.String(), "METHOD") != 1 {
			t.Fatalf("width %d: %d lines", width, len(lines))
		}
		at := strings.Index(lines[0], "METHOD")
		for _, line := range lines[1:] {
			if strings.Index(line, "rr") != at {
				t.Fatalf("width %d: %q below %q", width, line, lines[0])
			}
		}
		if !strings.HasSuffix(lines[len(lines)-1], "persistent 300 s") {
			t.Errorf("width %d: last line %q", width, lines[len(lines)-1])
		}
	}
}
