// SPDX-License-Identifier: Apache-2.0

package ipvs_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"pgregory.net/rapid"
)

func TestServiceString(t *testing.T) {
	type S = ipvs.Service
	web := tcp("10.0.0.1:80")
	for want, s := range map[string]S{
		"TCP 10.0.0.1:80 wlc persistent 300s":                {ServiceID: web, Scheduler: "wlc", Flags: ipvs.Persistent | ipvs.Hashed, Timeout: 300},
		"TCP 10.0.0.1:80 rr":                                 {ServiceID: web, Scheduler: "rr", Stats: ipvs.Stats{Conns: 5}},
		"TCP 10.0.0.1:80 rr persistent 0s netmask 0.0.0.0":   {ServiceID: web, Scheduler: "rr", Flags: ipvs.Persistent, Netmask: ipvs.IPv4Prefix(0)},
		"FWM 7 IPv6 mh persistent 9s netmask 64 flag-1,0x80": {ServiceID: mark(7, ipvs.IPv6), Scheduler: "mh", Flags: ipvs.Persistent | ipvs.MaglevHashingFallback | 0x80, Timeout: 9, Netmask: ipvs.IPv6Prefix(64)},
		"TCP 10.0.0.1:80 rr timeout 5s pe sip one-packet flags-mask persistent": {
			ServiceID: web, Scheduler: "rr", Timeout: 5, PersistenceEngine: "sip", Flags: ipvs.OnePacket, FlagsMask: ipvs.Persistent,
		},
		`TCP 10.0.0.1:80 "r r" pe "a\n\"b"`: {ServiceID: web, Scheduler: "r r", PersistenceEngine: "a\n\"b"},
		"TCP 10.0.0.1:80":                   {ServiceID: web},
		"0 invalid AddrPort":                {},
	} {
		for _, verb := range []string{"%v", "%+v", "%s"} {
			if got := fmt.Sprintf(verb, s); got != want {
				t.Errorf("%s: got %s, want %s", verb, got, want)
			}
		}
	}
}

func TestDestinationString(t *testing.T) {
	for want, d := range map[string]ipvs.Destination{
		"10.0.0.2:80 Masq weight 1": destination("10.0.0.2:80", func(d *ipvs.Destination) { d.ActiveConns, d.Stats.Conns = 3, 4 }),
		"[fd00::2]:80 Route weight 0 upper 9 lower 5": destination("[fd00::2]:80", func(d *ipvs.Destination) {
			d.Forward, d.Weight, d.UpperThreshold, d.LowerThreshold = ipvs.DirectRoute, 0, 9, 5
			d.TunnelType = ipvs.GRE
		}),
		"10.0.0.2:80 Tunnel weight 1 ipip": destination("10.0.0.2:80", func(d *ipvs.Destination) { d.Forward = ipvs.Tunnel }),
		"10.0.0.2:80 Tunnel weight 1 gue port 6080 csum,0x8": destination("10.0.0.2:80", func(d *ipvs.Destination) {
			d.Forward, d.TunnelType, d.TunnelPort, d.TunnelFlags = ipvs.Tunnel, ipvs.GUE, 6080, ipvs.TunnelChecksum|8
		}),
		"invalid AddrPort Masq weight 0": {},
	} {
		for _, verb := range []string{"%v", "%+v", "%s"} {
			if got := fmt.Sprintf(verb, d); got != want {
				t.Errorf("%s: got %s, want %s", verb, got, want)
			}
		}
	}
}

// A line of a log is one line, whatever the names are. It differs for services with
// different settings.
func TestStringsShowAllSettings(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyService.Draw(t, "a"), anyService.Draw(t, "b")
		if strings.ContainsAny(a.String(), "\n\r\x1b") {
			t.Errorf("not one line: %q", a)
		}
		b.ServiceID = a.ServiceID
		a.Stats, b.Stats = ipvs.Stats{}, ipvs.Stats{}
		a.Flags, b.Flags = a.Flags|ipvs.Hashed, b.Flags|ipvs.Hashed
		if same := a == b; (a.String() == b.String()) != same {
			t.Errorf("equal: %v, but\n%s\n%s", same, a, b)
		}
	})
}
