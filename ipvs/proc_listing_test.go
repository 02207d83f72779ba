// SPDX-License-Identifier: Apache-2.0

package ipvs_test

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

const procTitles = "IP Virtual Server version 1.2.1 (size=4096)\nProt LocalAddress:Port Scheduler Flags\n  -> RemoteAddress:Port Forward Weight ActiveConn InActConn\n"

// procPrefix is the length of an IPv6 prefix as /proc shows it.
func procPrefix(bits uint32) string {
	return fmt.Sprintf("%08X", binary.BigEndian.Uint32(binary.NativeEndian.AppendUint32(nil, bits)))
}

func TestReadPartialTable(t *testing.T) {
	got, err := ipvs.ReadPartialTable(strings.NewReader(procTitles+
		"TCP  [fd00:0000:0000:0000:0000:0000:0000:0001]:0050 rr persistent 25000 "+procPrefix(64)+"\n"+
		"  -> [fd00:0000:0000:0000:0000:0000:0000:0002]:0050      Route   1      4          5         \n"+
		"TCP  0A000001:0050 sh  persistent 75000 FFFFFF00\n"+
		"  -> 7F000001:0050      Local   1      0          0         \n"+
		"  -> 0A000002:0050      Tunnel  3      0          0         \n"+
		"UDP  0A000001:0035 rr ops  \n"+
		"FWM  00000007 wlc persistent 19250 "+procPrefix(128)+"\n"+
		"FWM  00000007 wlc persistent 250 FFFFFFFF\n"+
		"FWM  00000008 wlc \n  -> [fd00:0000:0000:0000:0000:0000:0000:0002]:0000      Masq    1      0          0         \n"+
		"FWM  00000009 wlc persistent -250 "+procPrefix(64)+"\n"+
		"  -> 0A000002:0000      Tunnel  -1     0          0         \n"), 250)
	must(t, err)
	if got.Info != (ipvs.Info{Version: 0x010201, ConnTabSize: 4096}) || len(got.UnknownFamily) != 1 || !got.UnknownFamily[9] {
		t.Errorf("got %+v", got)
	}
	for i, want := range []ipvs.Service{
		{ServiceID: tcp("[fd00::1]:80"), Scheduler: "rr", Flags: ipvs.Persistent, Timeout: 100, Netmask: ipvs.IPv6Prefix(64)},
		{ServiceID: tcp("10.0.0.1:80"), Scheduler: "sh", Flags: ipvs.Persistent, Timeout: 300, Netmask: ipvs.IPv4Prefix(24)},
		{ServiceID: ipvs.ServiceID{Protocol: ipvs.UDP, AddrPort: tcp("10.0.0.1:53").AddrPort}, Scheduler: "rr", Flags: ipvs.OnePacket},
		{ServiceID: mark(7, ipvs.IPv6), Scheduler: "wlc", Flags: ipvs.Persistent, Timeout: 77},
		{ServiceID: mark(7, ipvs.IPv4), Scheduler: "wlc", Flags: ipvs.Persistent, Timeout: 1},
		{ServiceID: mark(8, ipvs.IPv6), Scheduler: "wlc"},
		{ServiceID: mark(9, ipvs.IPv4), Scheduler: "wlc", Flags: ipvs.Persistent, Timeout: (1<<32 - 250) / 250},
	} {
		want.Flags |= ipvs.Hashed
		if got.Table[i].Service != want {
			t.Errorf("got  %+v\nwant %+v", got.Table[i].Service, want)
		}
	}
	first, local, tunnel := got.Table[0].Destinations[0], got.Table[1].Destinations[0], got.Table[6].Destinations[0]
	if first != destination("[fd00::2]:80", func(d *ipvs.Destination) { d.Forward, d.ActiveConns, d.InactiveConns = ipvs.DirectRoute, 4, 5 }) ||
		local.Forward != ipvs.Local || tunnel.Weight != 1<<32-1 {
		t.Errorf("got %+v, %+v, %+v", first, local, tunnel)
	}
}

func TestReadPartialTableMalformed(t *testing.T) {
	for text, want := range map[string]string{
		"":                                         "ipvs: table, line 1: unexpected EOF",
		"IP Virtual Server version 1.2\n":          "ipvs: table, line 1: ",
		"Pro FromIP FPrt ToIP TPrt DestIP\n":       "ipvs: table, line 1: ",
		procTitles + "TCP  0A000001:0050\n":        "ipvs: table, line 4: a service without a scheduler",
		procTitles + "TCP  0A000001:0050 rr new\n": `ipvs: table, line 4: "new" is not expected`,
		procTitles + "TCP  0A000001:0050 rr persistent 1x FFFFFFFF\n":          `ipvs: table, line 4: "1x" is not a number of 32 bits`,
		procTitles + "TCP  0A000001:0050 rr persistent 9999999999 FFFFFFFF\n":  `ipvs: table, line 4: "9999999999" is not a number of 32 bits`,
		procTitles + "TCP  0A000001:0050 rr persistent 1 FF\n":                 `ipvs: table, line 4: "FF" is not a netmask`,
		procTitles + "  -> 0A000001:0050 Masq 1 0 0\n":                         "ipvs: table, line 4: a destination without a service",
		procTitles + "TCP  0A000001:0050 rr\n  -> 0A000001:0050 Masq 1 0\n":    `ipvs: table, line 5: "Masq 1 0" is not a forwarding method`,
		procTitles + "TCP  0A000001:0050 rr\n  -> 0A000001:0050 Magic 1 0 0\n": `ipvs: table, line 5: "Magic 1 0 0" is not a forwarding method`,
		procTitles + "TCP  0A000001:0050 rr\n  -> 0A000001:0050 Masq 1 0 x\n":  `ipvs: table, line 5: "Masq 1 0 x" is not a forwarding method`,
	} {
		got, err := ipvs.ReadPartialTable(strings.NewReader(text), 250)
		if err == nil || !strings.HasPrefix(err.Error(), want) || len(got.Table) > 0 {
			t.Errorf("%q: got %v, %v", text, got, err)
		}
	}
}

// What /proc tells is what netlink tells.
func TestPartialTableOfKernel(t *testing.T) {
	if os.Getenv("IPVS_KERNEL") != "1" {
		t.Skip("needs the kernel's ip_vs")
	}
	runtime.LockOSThread()
	c := kernelWorld(t).client(t)
	for _, s := range []ipvs.Service{
		service(tcp("10.0.0.1:80"), func(s *ipvs.Service) { s.Flags, s.Timeout, s.Netmask = ipvs.Persistent, 300, ipvs.IPv4Prefix(24) }),
		service(tcp("[fd00::1]:80"), func(s *ipvs.Service) { s.Flags, s.Timeout, s.Netmask = ipvs.Persistent, 77, ipvs.IPv6Prefix(64) }),
		service(tcp("10.0.0.1:81"), func(s *ipvs.Service) { s.Flags, s.Timeout = ipvs.Persistent|ipvs.OnePacket, 86400 }),
		service(mark(7, ipvs.IPv6), func(s *ipvs.Service) { s.Flags, s.Timeout = ipvs.Persistent, 1 }),
		service(mark(7, ipvs.IPv4)), service(mark(1<<31, ipvs.IPv6)),
	} {
		must(t, c.NewService(s))
		ip := "10.0.1.2:80"
		if s.AddressFamily() == ipvs.IPv6 {
			ip = "[fd00::2]:80"
		}
		must(t, c.NewDestination(s.ServiceID, destination(ip, func(d *ipvs.Destination) { d.Weight = 7 })))
	}
	must(t, c.NewDestination(tcp("10.0.0.1:80"), destination("[fd00::9]:80", func(d *ipvs.Destination) { d.Forward = ipvs.Tunnel })))
	file, err := os.Open("/proc/thread-self/net/ip_vs")
	must(t, err)
	defer func() { _ = file.Close() }()
	got, err := ipvs.ReadPartialTable(file, ticksPerSecond(t))
	must(t, err)
	want, err := c.Table()
	must(t, err)
	got.Table.Sort()
	want.Sort()
	if fmt.Sprint(got.Table) != fmt.Sprint(want) || len(got.UnknownFamily) > 0 {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	if info, err := c.Info(); err != nil || info != got.Info {
		t.Errorf("got %v, want %v, %v", got.Info, info, err)
	}
}

// Any text is a table or an error, and a table has what the text has.
func FuzzPartialTable(f *testing.F) {
	f.Add(procTitles + "TCP  0A000001:0050 wlc ops persistent 75000 FFFFFF00\n  -> 0A000002:0050      Masq    1      0          0         \n")
	f.Add(procTitles + "FWM  00000007 wlc persistent 1 " + procPrefix(128) + "\nFWM  00000007 rr\n")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := ipvs.ReadPartialTable(strings.NewReader(text), 250)
		if err != nil {
			return
		}
		rows := 3
		for _, entry := range got.Table {
			rows += 1 + len(entry.Destinations)
			if _, err := json.Marshal(entry.Destinations); err != nil {
				t.Error(err)
			}
		}
		if lines := strings.Count(strings.TrimSuffix(text, "\n"), "\n") + 1; rows != lines {
			t.Errorf("%d rows of %d lines", rows, lines)
		}
	})
}
