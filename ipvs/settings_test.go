// SPDX-License-Identifier: Apache-2.0

package ipvs_test

import (
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"pgregory.net/rapid"
)

func TestServiceSameSettings(t *testing.T) {
	base := service(tcp("10.0.0.1:80"), func(s *ipvs.Service) { s.Flags, s.Timeout = ipvs.Persistent|ipvs.SchedulerFlag1, 300 })
	change := func(f func(*ipvs.Service)) ipvs.Service {
		s := base
		f(&s)
		return s
	}
	for name, other := range map[string]ipvs.Service{
		"equal":            base,
		"identity":         change(func(s *ipvs.Service) { s.ServiceID = mark(1, ipvs.IPv6) }),
		"counters":         change(func(s *ipvs.Service) { s.Stats.Conns = 1 }),
		"hashed":           change(func(s *ipvs.Service) { s.Flags |= ipvs.Hashed }),
		"outside the mask": change(func(s *ipvs.Service) { s.Flags, s.FlagsMask = ipvs.Persistent, ipvs.Persistent|ipvs.OnePacket }),
		"host mask":        change(func(s *ipvs.Service) { s.Netmask = ipvs.IPv4Prefix(32) }),
	} {
		if !base.SameSettings(other) {
			t.Errorf("%s: %s and %s differ", name, base, other)
		}
	}
	for name, other := range map[string]ipvs.Service{
		"scheduler":       change(func(s *ipvs.Service) { s.Scheduler = "wlc" }),
		"flag":            change(func(s *ipvs.Service) { s.Flags |= ipvs.OnePacket }),
		"missing flag":    change(func(s *ipvs.Service) { s.Flags = ipvs.Persistent }),
		"inside the mask": change(func(s *ipvs.Service) { s.Flags, s.FlagsMask = 0, ipvs.SchedulerFlag1 }),
		"timeout":         change(func(s *ipvs.Service) { s.Timeout = 299 }),
		"netmask":         change(func(s *ipvs.Service) { s.Netmask = ipvs.IPv4Prefix(24) }),
		"engine":          change(func(s *ipvs.Service) { s.PersistenceEngine = "sip" }),
	} {
		if base.SameSettings(other) {
			t.Errorf("%s: %s and %s are the same", name, base, other)
		}
	}
}

func TestDestinationSameSettings(t *testing.T) {
	base := destination("10.0.0.2:80", func(d *ipvs.Destination) { d.Forward, d.TunnelType, d.TunnelPort = ipvs.Tunnel, ipvs.GUE, 6080 })
	change := func(f func(*ipvs.Destination)) ipvs.Destination {
		d := base
		f(&d)
		return d
	}
	for name, other := range map[string]ipvs.Destination{
		"equal":       base,
		"identity":    change(func(d *ipvs.Destination) { d.DestinationID = destID("10.0.0.3:80") }),
		"counters":    change(func(d *ipvs.Destination) { d.Stats.InBPS = 1 }),
		"connections": change(func(d *ipvs.Destination) { d.ActiveConns, d.InactiveConns, d.PersistentConns = 1, 2, 3 }),
		"other bits":  change(func(d *ipvs.Destination) { d.Forward |= 0xfff8 }),
	} {
		if !base.SameSettings(other) {
			t.Errorf("%s: %s and %s differ", name, base, other)
		}
	}
	for name, other := range map[string]ipvs.Destination{
		"method":       change(func(d *ipvs.Destination) { d.Forward = ipvs.Bypass }),
		"weight":       change(func(d *ipvs.Destination) { d.Weight = 0 }),
		"upper":        change(func(d *ipvs.Destination) { d.UpperThreshold = 1 }),
		"lower":        change(func(d *ipvs.Destination) { d.LowerThreshold = 1 }),
		"tunnel type":  change(func(d *ipvs.Destination) { d.TunnelType = ipvs.GRE }),
		"tunnel port":  change(func(d *ipvs.Destination) { d.TunnelPort = 1 }),
		"tunnel flags": change(func(d *ipvs.Destination) { d.TunnelFlags = 1 }),
	} {
		if base.SameSettings(other) {
			t.Errorf("%s: %s and %s are the same", name, base, other)
		}
	}
}

// Diff has an edit exactly where the settings differ.
func TestSameSettingsAgreesWithDiff(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyService.Draw(t, "a"), anyService.Draw(t, "b")
		if rapid.Bool().Draw(t, "similar") {
			b = a
			b.Flags ^= ipvs.ServiceFlags(rapid.Uint32Max(7).Draw(t, "flags"))
			b.Stats = ipvs.Stats{}
		}
		b.ServiceID = a.ServiceID
		changes := ipvs.Diff(ipvs.Table{{Service: a}}, ipvs.Table{{Service: b}})
		if same := a.SameSettings(b); same != (len(changes) == 0) {
			t.Errorf("same: %v, but %d changes from %s to %s", same, len(changes), a, b)
		}
	})
}
