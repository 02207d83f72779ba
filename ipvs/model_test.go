// SPDX-License-Identifier: Apache-2.0

package ipvs_test

import (
	"cmp"
	"net/netip"
	"slices"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"pgregory.net/rapid"
)

// The fake is the model of every backend: any changes have the same results and leave
// the same table on both. With the kernel as backend, this audits the fake.
func TestFakeMatchesBackend(t *testing.T) {
	onEveryBackend(t, func(t *testing.T, w *world) {
		c := w.client(t)
		large := takesLargeThresholds(t, c)
		rapid.Check(t, func(t *rapid.T) {
			k := newFake()
			k.SetLargeThresholds(large)
			model, err := k.Dial()
			if err != nil {
				t.Fatal(err)
			}
			clean(t, c)
			changes := rapid.SliceOfN(anyChange(), 1, 40).Draw(t, "changes")
			got, want := c.Apply(changes), model.Apply(changes)
			for i, ch := range changes {
				if d := diff(text(got[i]), text(want[i])); d != "" {
					t.Errorf("change %d, %+v: got -, want +:\n%s", i, ch, d)
				}
			}
			if d := diff(state(t, c), state(t, model)); d != "" {
				t.Errorf("got -, want +:\n%s", d)
			}
		})
	})
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// clean resets the backend to its state after boot.
func clean(t *rapid.T, c *ipvs.Client) {
	for _, err := range c.Apply([]ipvs.Change{ipvs.Flush(), ipvs.SetTimeouts(ipvs.Timeouts{TCP: 900, TCPFin: 120, UDP: 300})}) {
		if err != nil {
			t.Fatal(err)
		}
	}
	_ = c.StopDaemon(ipvs.Master)
	_ = c.StopDaemon(ipvs.Backup)
}

type everything struct {
	Table    ipvs.Table
	Daemons  []ipvs.Daemon
	Timeouts ipvs.Timeouts
}

// state reads everything. It sorts the services, because the backends order them
// differently.
func state(t *rapid.T, c *ipvs.Client) (all everything) {
	var err error
	if all.Table, err = c.Table(); err != nil {
		t.Fatal(err)
	}
	overview, err := c.Overview()
	if err != nil {
		t.Fatal(err)
	}
	if d := diff(plain(overview), plain(all.Table)); d != "" {
		t.Errorf("overview -, table +:\n%s", d)
	}
	settings, err := c.Settings()
	if err != nil {
		t.Fatal(err)
	}
	if d := diff(settingsOf(settings), settingsOf(all.Table)); d != "" {
		t.Errorf("settings -, table +:\n%s", d)
	}
	slices.SortFunc(all.Table, func(a, b ipvs.TableEntry) int {
		return cmp.Compare(a.Service.ServiceID.String(), b.Service.ServiceID.String())
	})
	if all.Daemons, err = c.Daemons(); err != nil {
		t.Fatal(err)
	}
	if all.Timeouts, err = c.Timeouts(); err != nil {
		t.Fatal(err)
	}
	return all
}

// anyChange draws from few identities, so that changes affect each other.
func anyChange() *rapid.Generator[ipvs.Change] {
	ids := rapid.SampledFrom([]ipvs.ServiceID{
		tcp("10.0.0.1:80"), tcp("10.0.0.1:0"), {Protocol: ipvs.UDP, AddrPort: netip.MustParseAddrPort("10.0.0.1:80")},
		tcp("[2001:db8::80]:80"), mark(1, ipvs.IPv4), mark(1, ipvs.IPv6),
	})
	servers := rapid.SampledFrom([]ipvs.DestinationID{
		destID("10.0.0.2:80"), destID("10.0.0.3:0"), destID("[2001:db8::2]:80"), destID("0.0.0.0:1"), destID("[fe80::9]:1"),
	})
	settings := rapid.Custom(func(t *rapid.T) ipvs.Service {
		id := ids.Draw(t, "id")
		return ipvs.Service{
			ServiceID:         id,
			Scheduler:         rapid.SampledFrom([]string{"rr", "wlc", "sh", "none", "nosuch"}).Draw(t, "scheduler"),
			Flags:             ipvs.ServiceFlags(rapid.Uint32Range(0, 63).Draw(t, "flags")),
			FlagsMask:         rapid.SampledFrom([]ipvs.ServiceFlags{0, ipvs.Persistent, ipvs.OnePacket | ipvs.SchedulerFlag1}).Draw(t, "mask"),
			Timeout:           rapid.Uint32().Draw(t, "timeout"),
			Netmask:           anyNetmask(id.AddressFamily()).Draw(t, "netmask"),
			PersistenceEngine: rapid.SampledFrom([]string{"", "sip", "nosuch"}).Draw(t, "engine"),
		}
	})
	small := rapid.SampledFrom([]uint32{0, 1, 2, 1<<31 - 1, 1 << 31, 1<<32 - 1})
	server := rapid.Custom(func(t *rapid.T) ipvs.Destination {
		return ipvs.Destination{
			DestinationID:  servers.Draw(t, "id"),
			Forward:        ipvs.ForwardingMethod(rapid.Uint32Range(0, 20).Draw(t, "forward")),
			Weight:         small.Draw(t, "weight"),
			UpperThreshold: small.Draw(t, "upper"),
			LowerThreshold: small.Draw(t, "lower"),
			TunnelType:     ipvs.TunnelType(rapid.Uint8Range(0, 4).Draw(t, "tunnel")),
			TunnelPort:     uint16(rapid.SampledFrom([]int{0, 6080}).Draw(t, "port")),
			TunnelFlags:    ipvs.TunnelFlags(rapid.Uint16().Draw(t, "tunnel flags")),
		}
	})
	daemon := rapid.Custom(func(t *rapid.T) ipvs.Daemon {
		return ipvs.Daemon{
			State:     ipvs.DaemonState(rapid.Uint32Range(0, 3).Draw(t, "state")),
			Interface: rapid.SampledFrom([]string{"eth0", "nosuch0"}).Draw(t, "interface"),
			SyncID:    rapid.Uint32Range(0, 255).Draw(t, "sync id"),
			MaxLen:    rapid.Uint16().Draw(t, "max"),
			Group:     rapid.SampledFrom([]netip.Addr{{}, addr("239.1.1.1"), addr("ff05::1"), addr("10.0.0.9")}).Draw(t, "group"),
			Port:      rapid.Uint16Range(0, 3).Draw(t, "port") * 7000,
			TTL:       rapid.Uint8().Draw(t, "TTL"),
		}
	})
	return rapid.Custom(func(t *rapid.T) ipvs.Change {
		id := ids.Draw(t, "service")
		switch rapid.IntRange(0, 12).Draw(t, "command") {
		case 0, 1:
			return ipvs.NewService(settings.Draw(t, "settings"))
		case 2:
			return ipvs.SetService(settings.Draw(t, "settings"))
		case 3:
			return ipvs.DelService(id)
		case 4, 5, 6:
			return ipvs.NewDestination(id, server.Draw(t, "server"))
		case 7:
			return ipvs.SetDestination(id, server.Draw(t, "server"))
		case 8:
			return ipvs.DelDestination(id, servers.Draw(t, "server"))
		case 9:
			return ipvs.StartDaemon(daemon.Draw(t, "daemon"))
		case 10:
			return ipvs.StopDaemon(ipvs.DaemonState(rapid.Uint32Range(0, 3).Draw(t, "state")))
		case 11:
			return ipvs.SetTimeouts(ipvs.Timeouts{TCP: small.Draw(t, "TCP"), UDP: small.Draw(t, "UDP"), TCPFin: small.Draw(t, "FIN")})
		}
		return rapid.SampledFrom([]ipvs.Change{ipvs.ZeroAll(), ipvs.ZeroService(id), ipvs.Flush()}).Draw(t, "other")
	})
}
