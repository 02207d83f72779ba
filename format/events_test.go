// SPDX-License-Identifier: Apache-2.0

package format

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// A change that no rule makes is a comment, which names it as well as a rule could.
func TestChangesWithoutARuleAreComments(t *testing.T) {
	known := ipvs.ServiceID{Protocol: ipvs.TCP, AddrPort: netip.MustParseAddrPort("10.0.0.1:80")}
	foreign := known
	foreign.Protocol = 99
	id := ipvs.DestinationID{AddrPort: netip.MustParseAddrPort("10.0.0.2:80")}
	d := ipvs.Destination{DestinationID: id, Forward: ipvs.Masquerade, Weight: 1}
	odd := d
	odd.Forward = 6
	changes := []ipvs.Change{
		ipvs.NewService(ipvs.Service{ServiceID: known, Scheduler: "rr"}), ipvs.NewService(ipvs.Service{ServiceID: foreign, Scheduler: "rr"}),
		ipvs.SetService(ipvs.Service{ServiceID: known, Scheduler: "r r"}), ipvs.DelService(foreign),
		ipvs.NewDestination(known, d), ipvs.SetDestination(known, odd), ipvs.NewDestination(foreign, d), ipvs.DelDestination(foreign, id),
		ipvs.SetTimeouts(ipvs.Timeouts{TCP: uint32(TimeoutRange.Max) + 1}), ipvs.StartDaemon(ipvs.Daemon{State: ipvs.Master, Interface: "br#1"}),
		ipvs.StopDaemon(ipvs.Master), ipvs.ZeroAll(), ipvs.Flush(),
	}
	const want = `+ -A -t 10.0.0.1:80 -s rr
+ # -A -t 10.0.0.1:80 -s rr
~ # -E -t 10.0.0.1:80 -s r r
- # -D -t 10.0.0.1:80
+ -a -t 10.0.0.1:80 -r 10.0.0.2:80 -m -w 1
~ # -e -t 10.0.0.1:80 -r 10.0.0.2:80 -g -w 1
+ # -a -t 10.0.0.1:80 -r 10.0.0.2:80 -m -w 1
- # -d -t 10.0.0.1:80 -r 10.0.0.2:80
~ # --set 2678401 0 0
+ # --start-daemon master --mcast-interface br#1 --syncid 0
- --stop-daemon master
~ -Z
- -C
`
	var b strings.Builder
	if err := Changes(&b, changes); err != nil || b.String() != want {
		t.Errorf("%v\n%s", err, b.String())
	}
	b.Reset()
	events := []Event{ChangeEvent(changes[3]), ChangeEvent(changes[2]).Present(), SettingEvent("--sysctl a=b\n\x1b")}
	at := time.Date(2026, 11, 24, 15, 2, 7, 999, time.Local)
	const lines = `2026-11-24 15:02:07 - # -D -t 10.0.0.1:80
2026-11-24 15:02:07 = # -E -t 10.0.0.1:80 -s r r
2026-11-24 15:02:07 ~ --sysctl a=b\x0a\x1b
`
	if err := Events(&b, at, events); err != nil || b.String() != lines {
		t.Errorf("%v\n%s", err, b.String())
	}
}

func TestJSONEvents(t *testing.T) {
	id := ipvs.ServiceID{FWMark: 7, IPv6: true}
	d := ipvs.Destination{DestinationID: ipvs.DestinationID{AddrPort: netip.MustParseAddrPort("[fd00::2]:0")}, Forward: ipvs.Masquerade}
	deleted := ChangeEvent(ipvs.DelDestination(id, d.DestinationID))
	deleted.Before = []string{"-a -f 7 -6 -r [fd00::2]:0 -m -w 0"}
	events := []Event{
		ChangeEvent(ipvs.NewService(ipvs.Service{ServiceID: ipvs.ServiceID{Protocol: ipvs.UDP, AddrPort: netip.MustParseAddrPort("10.0.0.1:53")}, Scheduler: "rr"})),
		ChangeEvent(ipvs.NewDestination(id, d)).Present(), deleted, SettingEvent("--sysctl a=<\x1b"),
	}
	const want = `{"time":"2026-11-24T15:02:07Z","event":"added","rule":"-A -u 10.0.0.1:53 -s rr","service":{"protocol":"UDP","address":"10.0.0.1","port":53,"family":"IPv4"}}
{"time":"2026-11-24T15:02:07Z","event":"present","rule":"-a -f 7 -6 -r [fd00::2]:0 -m -w 0","service":{"fwmark":7,"family":"IPv6"},"destination":{"address":"fd00::2","port":0,"family":"IPv6","weight":0}}
{"time":"2026-11-24T15:02:07Z","event":"deleted","rule":"-d -f 7 -6 -r [fd00::2]:0","before":["-a -f 7 -6 -r [fd00::2]:0 -m -w 0"],"service":{"fwmark":7,"family":"IPv6"},"destination":{"address":"fd00::2","port":0,"family":"IPv6"}}
{"time":"2026-11-24T15:02:07Z","event":"edited","rule":"--sysctl a=<\u001b"}
`
	var b strings.Builder
	if err := (JSON{Time: time.Date(2026, 11, 24, 15, 2, 7, 0, time.UTC)}).Events(&b, events); err != nil || b.String() != want {
		t.Errorf("%v\n%s", err, b.String())
	}
	for line := range strings.Lines(b.String()) {
		valid(t, []byte(line))
	}
}
