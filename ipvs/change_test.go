// SPDX-License-Identifier: Apache-2.0

package ipvs_test

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/netip"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// Operands that cannot be sent: with zones, long names and masks of the wrong family.
var (
	strangeAddr = rapid.OneOf(rapid.Just(netip.Addr{}), anyAddr, rapid.Map(rapid.String(), func(zone string) netip.Addr {
		return netip.IPv6LinkLocalAllNodes().WithZone(zone)
	}))
	strangeID = rapid.Custom(func(t *rapid.T) ipvs.ServiceID {
		return ipvs.ServiceID{
			AddrPort: netip.AddrPortFrom(strangeAddr.Draw(t, "address"), rapid.Uint16().Draw(t, "port")),
			FWMark:   rapid.Uint32().Draw(t, "mark"),
			Protocol: ipvs.Protocol(rapid.Uint16().Draw(t, "protocol")),
			IPv6:     rapid.Bool().Draw(t, "IPv6"),
		}
	})
	strangeService = rapid.Custom(func(t *rapid.T) ipvs.Service {
		s := anyService.Draw(t, "service")
		s.ServiceID = strangeID.Draw(t, "id")
		s.Scheduler, s.PersistenceEngine = rapid.String().Draw(t, "scheduler"), rapid.String().Draw(t, "engine")
		s.Netmask = rapid.SampledFrom([]ipvs.Netmask{s.Netmask, ipvs.IPv4Prefix(33), ipvs.IPv6Prefix(7)}).Draw(t, "netmask")
		return s
	})
	strangeDestination = rapid.Custom(func(t *rapid.T) ipvs.Destination {
		d := anyDestination.Draw(t, "destination")
		d.AddrPort = netip.AddrPortFrom(strangeAddr.Draw(t, "address"), rapid.Uint16().Draw(t, "port"))
		return d
	})
	strangeDaemon = rapid.Custom(func(t *rapid.T) ipvs.Daemon {
		d := anyDaemon.Draw(t, "daemon")
		d.Interface, d.Group = rapid.String().Draw(t, "interface"), strangeAddr.Draw(t, "group")
		return d
	})
)

// A change gives its operands back, also if they cannot be sent, without what is read only.
func TestChangeKeepsOperands(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(anyService, strangeService).Draw(t, "service")
		d := rapid.OneOf(anyDestination, strangeDestination).Draw(t, "destination")
		daemon := rapid.OneOf(anyDaemon, strangeDaemon).Draw(t, "daemon")
		timeouts := rapid.Make[ipvs.Timeouts]().Draw(t, "timeouts")
		settings, weights := s, d
		settings.Stats = ipvs.Stats{}
		weights.ActiveConns, weights.InactiveConns, weights.PersistentConns, weights.Stats = 0, 0, 0, ipvs.Stats{}
		id, destID := ipvs.Service{ServiceID: s.ServiceID}, ipvs.Destination{DestinationID: d.DestinationID}
		for _, tc := range []struct {
			change  ipvs.Change
			command ipvs.Command
			want    operands
		}{
			{ipvs.Change{}, 0, operands{}},
			{ipvs.NewService(s), ipvs.CommandNewService, operands{service: settings}},
			{ipvs.SetService(s), ipvs.CommandSetService, operands{service: settings}},
			{ipvs.DelService(s.ServiceID), ipvs.CommandDelService, operands{service: id}},
			{ipvs.NewDestination(s.ServiceID, d), ipvs.CommandNewDestination, operands{service: id, destination: weights}},
			{ipvs.SetDestination(s.ServiceID, d), ipvs.CommandSetDestination, operands{service: id, destination: weights}},
			{ipvs.DelDestination(s.ServiceID, d.DestinationID), ipvs.CommandDelDestination, operands{service: id, destination: destID}},
			{ipvs.ZeroService(s.ServiceID), ipvs.CommandZero, operands{service: id}},
			{ipvs.ZeroAll(), ipvs.CommandZero, operands{}},
			{ipvs.Flush(), ipvs.CommandFlush, operands{}},
			{ipvs.StartDaemon(daemon), ipvs.CommandNewDaemon, operands{daemon: daemon}},
			{ipvs.StopDaemon(daemon.State), ipvs.CommandDelDaemon, operands{daemon: ipvs.Daemon{State: daemon.State}}},
			{ipvs.SetTimeouts(timeouts), ipvs.CommandSetConfig, operands{timeouts: timeouts}},
		} {
			ch := tc.change
			got := operands{ch.Service(), ch.Destination(), ch.Daemon(), ch.Timeouts()}
			if got != tc.want || ch.Command() != tc.command || ch.ServiceID() != tc.want.service.ServiceID {
				t.Errorf("%v: got  %+v\nwant %+v", ch, got, tc.want)
			}
		}
	})
}

// Changes are values: equal ones are one key of a map, and counters make no difference.
func TestChangeIsComparable(t *testing.T) {
	id, busy := tcp("10.0.0.1:80"), destination("10.0.0.2:80", func(d *ipvs.Destination) { d.ActiveConns, d.Stats = 7, someStats })
	seen := map[ipvs.Change]bool{}
	for range 2 {
		for _, ch := range []ipvs.Change{
			ipvs.NewDestination(id, busy), ipvs.NewDestination(id, destination("10.0.0.2:80")), ipvs.SetDestination(id, busy),
			ipvs.NewService(service(id)), ipvs.ZeroService(ipvs.ServiceID{}), ipvs.ZeroAll(), {},
		} {
			seen[ch] = true
		}
	}
	if len(seen) != 6 {
		t.Errorf("%d changes: %v", len(seen), seen)
	}
}

func TestChangeInWords(t *testing.T) {
	id, d := tcp("10.0.0.1:80"), destination("10.0.0.2:80", func(d *ipvs.Destination) { d.Weight = 2 })
	for _, tc := range []struct {
		change ipvs.Change
		want   string
	}{
		{ipvs.NewService(service(id)), "add service TCP 10.0.0.1:80, " + service(id).Scheduler},
		{ipvs.DelService(id), "delete service TCP 10.0.0.1:80"},
		{ipvs.SetDestination(id, d), "edit server 10.0.0.2:80 of TCP 10.0.0.1:80, " + d.Forward.String() + ", weight 2"},
		{ipvs.DelDestination(id, d.DestinationID), "delete server 10.0.0.2:80 of TCP 10.0.0.1:80"},
		{ipvs.ZeroService(mark(7, ipvs.IPv6)), "zero FWM 7 IPv6"},
		{ipvs.ZeroAll(), "zero"},
		{ipvs.ZeroService(ipvs.ServiceID{}), "zero 0 invalid AddrPort"},
		{ipvs.Flush(), "flush"},
		{ipvs.StartDaemon(ipvs.Daemon{State: ipvs.Backup, Interface: "eth0", SyncID: 3}), "start daemon backup on eth0, sync ID 3"},
		{ipvs.StopDaemon(ipvs.Master), "stop daemon master"},
		{ipvs.SetTimeouts(ipvs.Timeouts{TCP: 1, UDP: 3}), "set timeouts 1 0 3"},
		{ipvs.NewService(service(id, func(s *ipvs.Service) { s.Scheduler = "a\x1b[31m" })), `add service TCP 10.0.0.1:80, "a\x1b[31m"`},
		{ipvs.StartDaemon(ipvs.Daemon{State: ipvs.Master, Interface: "a\nb"}), `start daemon master on "a\nb", sync ID 0`},
		{ipvs.Change{}, "no change"},
	} {
		if got := fmt.Sprint(tc.change); got != tc.want {
			t.Errorf("got  %s\nwant %s", got, tc.want)
		}
		if text, err := tc.change.MarshalText(); string(text) != tc.want || err != nil {
			t.Errorf("got  %s, %v\nwant %s", text, err, tc.want)
		}
	}
}

// Logs and JSON show a change in words.
func TestChangeInLogs(t *testing.T) {
	ch := ipvs.DelService(tcp("10.0.0.1:80"))
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "change", ch)
	text, err := json.Marshal([]ipvs.Change{ch, {}})
	if err != nil || string(text) != `["delete service TCP 10.0.0.1:80","no change"]` {
		t.Errorf("got %s, %v", text, err)
	}
	if !strings.Contains(log.String(), `"change":"delete service TCP 10.0.0.1:80"`) {
		t.Errorf("got %s", &log)
	}
	if _, ok := any(&ch).(encoding.TextUnmarshaler); ok {
		t.Error("a change can be read from text")
	}
}

// What makes a change impossible to send is known before it is sent, and names the change.
func TestChangeErr(t *testing.T) {
	id := tcp("10.0.0.1:80")
	if err := ipvs.NewService(service(id)).Err(); err != nil {
		t.Error(err)
	}
	for want, ch := range map[string]ipvs.Change{
		"ipvs: the zero Change is not a change":                                                                     {},
		"ipvs: get info: get info is not a change":                                                                  ipvs.CommandAlone(ipvs.CommandGetInfo),
		"ipvs: start daemon master: sync ID 256 is not from 0 to 255":                                               ipvs.StartDaemon(ipvs.Daemon{State: ipvs.Master, Interface: "lo", SyncID: 256}),
		"ipvs: start daemon backup: address ff02::81%lo of the multicast group has a zone: the interface is enough": ipvs.StartDaemon(ipvs.Daemon{State: ipvs.Backup, Interface: "lo", Group: addr("ff02::81%lo")}),
	} {
		if err := ch.Err(); fmt.Sprint(err) != want || !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
	err := ipvs.NewService(service(id, func(s *ipvs.Service) { s.Scheduler = strings.Repeat("a", 16) })).Err()
	if err == nil || !strings.HasPrefix(err.Error(), "ipvs: add service TCP 10.0.0.1:80: scheduler name ") {
		t.Error(err)
	}
}
