// SPDX-License-Identifier: Apache-2.0

package ipvs_test

import (
	"encoding/binary"
	"math"
	"net/netip"
	"strings"
	"testing"

	"github.com/mdlayher/netlink"
	"pgregory.net/rapid"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

var (
	anyAddr = rapid.OneOf(
		rapid.Map(rapid.SliceOfN(rapid.Byte(), 4, 4), func(b []byte) netip.Addr { return netip.AddrFrom4([4]byte(b)) }),
		rapid.Map(rapid.SliceOfN(rapid.Byte(), 16, 16), func(b []byte) netip.Addr { return netip.AddrFrom16([16]byte(b)) }),
		rapid.Map(rapid.SliceOfN(rapid.Byte(), 4, 4), func(b []byte) netip.Addr {
			return netip.AddrFrom16(netip.AddrFrom4([4]byte(b)).As16())
		}),
	)
	anyAddrPort = rapid.Custom(func(t *rapid.T) netip.AddrPort {
		return netip.AddrPortFrom(anyAddr.Draw(t, "address"), rapid.Uint16().Draw(t, "port"))
	})
	anyName = rapid.Map(rapid.SliceOfN(rapid.ByteRange(1, 255), 0, 15), func(b []byte) string { return string(b) })
	// Often zero: zero counters are not encoded.
	anyStats = rapid.OneOf(rapid.Just(ipvs.Stats{}), rapid.Make[ipvs.Stats]())
	anyID    = rapid.OneOf(
		rapid.Custom(func(t *rapid.T) ipvs.ServiceID {
			addr := anyAddrPort.Draw(t, "virtual")
			return ipvs.ServiceID{
				Protocol: ipvs.Protocol(rapid.Uint16().Draw(t, "protocol")),
				AddrPort: addr,
				IPv6:     addr.Addr().Is4In6(),
			}
		}),
		rapid.Custom(func(t *rapid.T) ipvs.ServiceID {
			return ipvs.ServiceID{
				FWMark: rapid.Uint32Min(1).Draw(t, "mark"),
				IPv6:   rapid.Bool().Draw(t, "IPv6"),
			}
		}),
	)
	anyService = rapid.Custom(func(t *rapid.T) ipvs.Service {
		id := anyID.Draw(t, "id")
		return ipvs.Service{
			ServiceID:         id,
			Scheduler:         anyName.Draw(t, "scheduler"),
			Flags:             ipvs.ServiceFlags(rapid.Uint32().Draw(t, "flags")),
			FlagsMask:         ipvs.ServiceFlags(rapid.Uint32Max(math.MaxUint32-1).Draw(t, "mask")),
			Timeout:           rapid.Uint32().Draw(t, "timeout"),
			Netmask:           anyNetmask(id.AddressFamily()).Draw(t, "netmask"),
			PersistenceEngine: anyName.Draw(t, "engine"),
			Stats:             anyStats.Draw(t, "stats"),
		}
	})
	anyDestination = rapid.Custom(func(t *rapid.T) ipvs.Destination {
		return ipvs.Destination{
			DestinationID:   ipvs.DestinationID{AddrPort: anyAddrPort.Draw(t, "id")},
			Forward:         ipvs.ForwardingMethod(rapid.Uint32().Draw(t, "forward")),
			Weight:          rapid.Uint32().Draw(t, "weight"),
			UpperThreshold:  rapid.Uint32().Draw(t, "upper"),
			LowerThreshold:  rapid.Uint32().Draw(t, "lower"),
			TunnelType:      ipvs.TunnelType(rapid.Uint8().Draw(t, "tunnel")),
			TunnelPort:      rapid.Uint16().Draw(t, "port"),
			TunnelFlags:     ipvs.TunnelFlags(rapid.Uint16().Draw(t, "tunnel flags")),
			ActiveConns:     rapid.Uint32().Draw(t, "active"),
			InactiveConns:   rapid.Uint32().Draw(t, "inactive"),
			PersistentConns: rapid.Uint32().Draw(t, "persistent"),
			Stats:           anyStats.Draw(t, "stats"),
		}
	})
	anyDaemon = rapid.Custom(func(t *rapid.T) ipvs.Daemon {
		return ipvs.Daemon{
			State:     ipvs.DaemonState(rapid.Uint32().Draw(t, "state")),
			Interface: anyName.Draw(t, "interface"),
			SyncID:    rapid.Uint32().Draw(t, "sync id"),
			MaxLen:    rapid.Uint16().Draw(t, "max"),
			Group:     rapid.OneOf(rapid.Just(netip.Addr{}), anyAddr).Draw(t, "group"),
			Port:      rapid.Uint16().Draw(t, "port"),
			TTL:       rapid.Uint8().Draw(t, "TTL"),
		}
	})
)

// anyNetmask returns the masks that a service of a family takes.
func anyNetmask(family ipvs.Family) *rapid.Generator[ipvs.Netmask] {
	if family == ipvs.IPv6 {
		return rapid.Map(rapid.IntRange(0, 128), ipvs.IPv6Prefix)
	}
	return rapid.OneOf(
		rapid.Map(rapid.IntRange(0, 32), ipvs.IPv4Prefix),
		rapid.Map(rapid.SliceOfN(rapid.Byte(), 4, 4), func(b []byte) ipvs.Netmask { return ipvs.IPv4Mask(b[0], b[1], b[2], b[3]) }),
	)
}

func checkRoundTrip[T any](t *testing.T, values *rapid.Generator[T]) {
	t.Helper()
	rapid.Check(t, func(t *rapid.T) {
		want := values.Draw(t, "value")
		b, err := ipvs.Encode(&want)
		if err != nil {
			t.Fatal(err)
		}
		var got T
		if err := ipvs.Decode(&got, b); err != nil {
			t.Fatal(err)
		}
		if d := diff(got, want); d != "" {
			t.Errorf("got -, want +:\n%s", d)
		}
	})
}

func TestRoundTrips(t *testing.T) {
	t.Run("service", func(t *testing.T) { checkRoundTrip(t, anyService) })
	t.Run("destination", func(t *testing.T) { checkRoundTrip(t, anyDestination) })
	t.Run("daemon", func(t *testing.T) { checkRoundTrip(t, anyDaemon) })
	t.Run("config", func(t *testing.T) { checkRoundTrip(t, rapid.Make[ipvs.Timeouts]()) })
	t.Run("info", func(t *testing.T) { checkRoundTrip(t, rapid.Make[ipvs.Info]()) })
}

// The encoding of an identity decodes to an object with that identity and nothing else.
func TestIdentities(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := anyID.Draw(t, "service")
		b, err := ipvs.Encode(&id)
		if err != nil {
			t.Fatal(err)
		}
		var s ipvs.Service
		if err := ipvs.Decode(&s, b); err != nil || s != (ipvs.Service{ServiceID: id}) {
			t.Errorf("got %+v, %v", s, err)
		}
		dest := ipvs.DestinationID{AddrPort: anyAddrPort.Draw(t, "destination")}
		if b, err = ipvs.Encode(&dest); err != nil {
			t.Fatal(err)
		}
		var d ipvs.Destination
		if err := ipvs.Decode(&d, b); err != nil || d != (ipvs.Destination{DestinationID: dest}) {
			t.Errorf("got %+v, %v", d, err)
		}
	})
}

// A change encodes what its command needs, but neither counters nor the flag Hashed,
// which the kernel sets.
func TestChangePayloads(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, d, daemon := anyService.Draw(t, "service"), anyDestination.Draw(t, "destination"), anyDaemon.Draw(t, "daemon")
		config := rapid.Make[ipvs.Timeouts]().Draw(t, "config")
		if s.FWMark == 0 && s.Protocol == 0 {
			s.Protocol = ipvs.TCP // 0 cannot be sent
		}
		daemon.SyncID %= 256 // more cannot be sent
		sentService, sentDestination := s, d
		sentService.Stats = ipvs.Stats{}
		sentService.Flags &^= ipvs.Hashed
		sentDestination.Stats = ipvs.Stats{}
		sentDestination.ActiveConns, sentDestination.InactiveConns, sentDestination.PersistentConns = 0, 0, 0
		idAlone := ipvs.Service{ServiceID: s.ServiceID}
		for _, tc := range []struct {
			change ipvs.Change
			want   operands
		}{
			{ipvs.NewService(s), operands{service: sentService}},
			{ipvs.SetService(s), operands{service: sentService}},
			{ipvs.DelService(s.ServiceID), operands{service: idAlone}},
			{ipvs.NewDestination(s.ServiceID, d), operands{service: idAlone, destination: sentDestination}},
			{ipvs.SetDestination(s.ServiceID, d), operands{service: idAlone, destination: sentDestination}},
			{ipvs.DelDestination(s.ServiceID, d.DestinationID), operands{service: idAlone, destination: ipvs.Destination{DestinationID: d.DestinationID}}},
			{ipvs.ZeroService(s.ServiceID), operands{service: idAlone}},
			{ipvs.ZeroAll(), operands{}},
			{ipvs.Flush(), operands{}},
			{ipvs.StartDaemon(daemon), operands{daemon: daemon}},
			{ipvs.StopDaemon(daemon.State), operands{daemon: ipvs.Daemon{State: daemon.State}}},
			{ipvs.SetTimeouts(config), operands{timeouts: config}},
		} {
			b, err := ipvs.EncodeChange(tc.change)
			if err != nil {
				t.Fatal(err)
			}
			if got := readOperands(t, b); got != tc.want {
				t.Errorf("%s: got  %+v\nwant %+v", tc.change.Command(), got, tc.want)
			}
		}
	})
}

// operands are those of a change.
type operands struct {
	service     ipvs.Service
	destination ipvs.Destination
	daemon      ipvs.Daemon
	timeouts    ipvs.Timeouts
}

// readOperands decodes the attributes of a change.
func readOperands(t *rapid.T, b []byte) (o operands) {
	ad, err := netlink.NewAttributeDecoder(b)
	if err != nil {
		t.Fatal(err)
	}
	for ad.Next() {
		switch ad.Type() {
		case 1:
			err = ipvs.Decode(&o.service, ad.Bytes())
		case 2:
			err = ipvs.Decode(&o.destination, ad.Bytes())
		case 3:
			err = ipvs.Decode(&o.daemon, ad.Bytes())
		case 4, 5, 6:
			err = ipvs.Decode(&o.timeouts, b)
		default:
			t.Fatalf("attribute %d", ad.Type())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return o
}

func TestUnencodable(t *testing.T) {
	id := tcp("10.0.0.1:80")
	for name, ch := range map[string]ipvs.Change{
		"no change":         {},
		"a get":             ipvs.CommandAlone(ipvs.CommandGetInfo),
		"unknown command":   ipvs.CommandAlone(99),
		"no identity":       ipvs.NewService(ipvs.Service{}),
		"no protocol":       ipvs.NewService(service(ipvs.ServiceID{AddrPort: id.AddrPort})),
		"protocol alone":    ipvs.DelService(ipvs.ServiceID{Protocol: ipvs.TCP}),
		"long scheduler":    ipvs.NewService(service(id, func(s *ipvs.Service) { s.Scheduler = strings.Repeat("a", 16) })),
		"scheduler and NUL": ipvs.NewService(service(id, func(s *ipvs.Service) { s.Scheduler = "r\x00r" })),
		"long engine":       ipvs.NewService(service(id, func(s *ipvs.Service) { s.PersistenceEngine = strings.Repeat("a", 16) })),
		"service zone":      ipvs.DelService(tcp("[fe80::1%eth0]:80")),
		"no destination":    ipvs.NewDestination(id, ipvs.Destination{}),
		"destination zone":  ipvs.DelDestination(id, destID("[fe80::1%eth0]:80")),
		"IPv6 netmask":      ipvs.NewService(service(id, func(s *ipvs.Service) { s.Netmask = ipvs.IPv6Prefix(64) })),
		"IPv4 netmask":      ipvs.NewService(service(mark(1, ipvs.IPv6), func(s *ipvs.Service) { s.Netmask = ipvs.IPv4Prefix(24) })),
		"IPv4 prefix 33":    ipvs.NewService(service(id, func(s *ipvs.Service) { s.Netmask = ipvs.IPv4Prefix(33) })),
		"IPv6 prefix 129":   ipvs.NewService(service(mark(1, ipvs.IPv6), func(s *ipvs.Service) { s.Netmask = ipvs.IPv6Prefix(129) })),
		"long interface":    ipvs.StartDaemon(ipvs.Daemon{Interface: strings.Repeat("a", 16)}),
	} {
		if b, err := ipvs.EncodeChange(ch); err == nil {
			t.Errorf("%s: encoded to %x", name, b)
		}
		if ch.Err() == nil {
			t.Errorf("%s has no error", name)
		}
	}
	for _, ok := range []ipvs.Change{
		ipvs.NewService(service(id, func(s *ipvs.Service) { s.Scheduler = strings.Repeat("a", 15) })),
		ipvs.StartDaemon(ipvs.Daemon{Interface: strings.Repeat("a", 15)}),
	} {
		must(t, ok.Err())
	}
}

// Replies of kernels older and newer than 6.1.
func TestDecodeLegacyAttributes(t *testing.T) {
	svc := fields{1: n16(2), 2: n16(6), 3: {10, 0, 0, 1}, 4: be16(80)}
	dest := fields{1: append([]byte{10, 0, 0, 2}, make([]byte, 12)...), 2: be16(80)}
	long := append([]byte{0x20, 1, 0xd, 0xb8}, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1)
	n64 := func(v uint64) []byte { return binary.NativeEndian.AppendUint64(nil, v) }
	stats32 := attrs(t, fields{1: n32(1), 4: n64(4), 6: n32(6), 99: {1}}.encode)
	stats64 := attrs(t, fields{1: n64(11), 4: n64(14), 6: n64(16)}.encode)

	var s ipvs.Service
	must(t, ipvs.Decode(&s, attrs(t, svc.with(fields{10: stats32, 99: {1, 2, 3}}).encode)))
	wantEqual(t, "32-bit counters", s, ipvs.Service{ServiceID: tcp("10.0.0.1:80"), Stats: ipvs.Stats{Conns: 1, InBytes: 4, CPS: 6}})
	must(t, ipvs.Decode(&s, attrs(t, svc.with(fields{10: stats32, 12: stats64}).encode)))
	wantEqual(t, "64-bit counters", s.Stats, ipvs.Stats{Conns: 11, InBytes: 14, CPS: 16})
	must(t, ipvs.Decode(&s, append(attrs(t, fields{12: stats64}.encode), attrs(t, svc.with(fields{10: stats32}).encode)...)))
	wantEqual(t, "64-bit counters first", s.Stats, ipvs.Stats{Conns: 11, InBytes: 14, CPS: 16})

	var d ipvs.Destination
	must(t, ipvs.Decode(&d, attrs(t, dest.encode)))
	wantEqual(t, "no family, short address", d.DestinationID, destID("10.0.0.2:80"))
	must(t, ipvs.Decode(&d, attrs(t, dest.with(fields{1: long}).encode)))
	wantEqual(t, "no family, long address", d.DestinationID, destID("[2001:db8::1]:80"))
	must(t, ipvs.Decode(&d, attrs(t, dest.with(fields{1: long, 11: n16(2)}).encode)))
	wantEqual(t, "family", d.DestinationID, destID("32.1.13.184:80"))

	for name, bad := range map[string]fields{
		"no identity":       svc.without(3),
		"no family":         svc.without(1),
		"unknown family":    svc.with(fields{1: n16(99)}),
		"short family":      svc.with(fields{1: {2}}),
		"short address":     svc.with(fields{3: {10, 0, 0}}),
		"long address":      svc.with(fields{3: make([]byte, 17)}),
		"mark of family 0":  fields{1: n16(0), 5: n32(1)},
		"mark of family 99": fields{1: n16(99), 5: n32(1)},
		"mark, no family":   fields{5: n32(1)},
		"IPv6 in 4 bytes":   svc.with(fields{1: n16(10)}),
		"short port":        svc.with(fields{4: {1}}),
		"short flags":       svc.with(fields{7: n32(1)}),
		"short netmask":     svc.with(fields{9: n16(1)}),
		"IPv6 prefix 129":   svc.with(fields{1: n16(10), 3: long, 9: n32(129)}),
		"short counter":     svc.with(fields{10: attrs(t, fields{1: n16(1)}.encode)}),
		"wide counter":      svc.with(fields{10: attrs(t, fields{1: n64(1)}.encode)}),
		"narrow counter":    svc.with(fields{12: attrs(t, fields{1: n32(1)}.encode)}),
	} {
		if err := ipvs.Decode(&s, attrs(t, bad.encode)); err == nil {
			t.Errorf("%s: decoded to %+v", name, s)
		}
	}
	for name, bad := range map[string]fields{
		"no address":     dest.without(1),
		"short address":  dest.with(fields{1: {1, 2, 3}}),
		"empty address":  dest.with(fields{1: {}}),
		"unknown family": dest.with(fields{11: n16(99)}),
		"short weight":   dest.with(fields{4: n16(1)}),
	} {
		if err := ipvs.Decode(&d, attrs(t, bad.encode)); err == nil {
			t.Errorf("%s: decoded to %+v", name, d)
		}
	}
	var daemon ipvs.Daemon
	for name, bad := range map[string]fields{
		"long group":       {5: make([]byte, 16)},
		"short IPv6 group": {6: make([]byte, 4)},
		"short state":      {1: n16(1)},
	} {
		if err := ipvs.Decode(&daemon, attrs(t, bad.encode)); err == nil {
			t.Errorf("%s: decoded to %+v", name, daemon)
		}
	}
}
