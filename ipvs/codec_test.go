package ipvs_test

import (
	"encoding"
	"encoding/binary"
	"math"
	"net/netip"
	"strings"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/mdlayher/netlink"
	"pgregory.net/rapid"
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
	// Often zero, which is not sent.
	anyStats = rapid.OneOf(rapid.Just(ipvs.Stats{}), rapid.Make[ipvs.Stats]())
	anyID    = rapid.OneOf(
		rapid.Custom(func(t *rapid.T) ipvs.ServiceID {
			return ipvs.ServiceID{
				Protocol: ipvs.Protocol(rapid.Uint16().Draw(t, "protocol")),
				AddrPort: anyAddrPort.Draw(t, "virtual"),
			}
		}),
		rapid.Custom(func(t *rapid.T) ipvs.ServiceID {
			return ipvs.ServiceID{
				FWMark: rapid.Uint32Min(1).Draw(t, "mark"),
				Family: rapid.SampledFrom([]ipvs.Family{0, ipvs.IPv6}).Draw(t, "family"),
			}
		}),
	)
	anyService = rapid.Custom(func(t *rapid.T) ipvs.Service {
		return ipvs.Service{
			ServiceID:         anyID.Draw(t, "id"),
			Scheduler:         anyName.Draw(t, "scheduler"),
			Flags:             ipvs.ServiceFlags(rapid.Uint32().Draw(t, "flags")),
			FlagsMask:         ipvs.ServiceFlags(rapid.Uint32Max(math.MaxUint32-1).Draw(t, "mask")),
			Timeout:           rapid.Uint32().Draw(t, "timeout"),
			Netmask:           rapid.Uint32().Draw(t, "netmask"),
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

// decoder is a pointer to T that reads what T writes.
type decoder[T any] interface {
	*T
	encoding.BinaryUnmarshaler
}

func checkRoundTrip[T encoding.BinaryMarshaler, P decoder[T]](t *testing.T, values *rapid.Generator[T]) {
	t.Helper()
	rapid.Check(t, func(t *rapid.T) {
		want := values.Draw(t, "value")
		b, err := want.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		var got T
		if err := P(&got).UnmarshalBinary(b); err != nil {
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
	t.Run("config", func(t *testing.T) { checkRoundTrip(t, rapid.Make[ipvs.Config]()) })
	t.Run("info", func(t *testing.T) { checkRoundTrip(t, rapid.Make[ipvs.Info]()) })
}

// An identity is what a whole object has in common with it.
func TestIdentities(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := anyID.Draw(t, "service")
		b, err := id.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		var s ipvs.Service
		if err := s.UnmarshalBinary(b); err != nil || s != (ipvs.Service{ServiceID: id}) {
			t.Errorf("got %+v, %v", s, err)
		}
		dest := ipvs.DestinationID{AddrPort: anyAddrPort.Draw(t, "destination")}
		if b, err = dest.MarshalBinary(); err != nil {
			t.Fatal(err)
		}
		var d ipvs.Destination
		if err := d.UnmarshalBinary(b); err != nil || d != (ipvs.Destination{DestinationID: dest}) {
			t.Errorf("got %+v, %v", d, err)
		}
	})
}

// A change has in it what its command needs, and neither counters nor the flag
// that the kernel sets.
func TestChangePayloads(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, d, daemon := anyService.Draw(t, "service"), anyDestination.Draw(t, "destination"), anyDaemon.Draw(t, "daemon")
		config := rapid.Make[ipvs.Config]().Draw(t, "config")
		sentService, sentDestination := s, d
		sentService.Stats = ipvs.Stats{}
		sentService.Flags &^= ipvs.Hashed
		sentDestination.Stats = ipvs.Stats{}
		sentDestination.ActiveConns, sentDestination.InactiveConns, sentDestination.PersistentConns = 0, 0, 0
		idAlone := ipvs.Service{ServiceID: s.ServiceID}
		for _, tc := range []struct{ change, want ipvs.Change }{
			{ipvs.NewService(s), ipvs.Change{Service: sentService}},
			{ipvs.SetService(s), ipvs.Change{Service: sentService}},
			{ipvs.DelService(s.ServiceID), ipvs.Change{Service: idAlone}},
			{ipvs.NewDestination(s.ServiceID, d), ipvs.Change{Service: idAlone, Destination: sentDestination}},
			{ipvs.SetDestination(s.ServiceID, d), ipvs.Change{Service: idAlone, Destination: sentDestination}},
			{ipvs.DelDestination(s.ServiceID, d.DestinationID), ipvs.Change{Service: idAlone, Destination: ipvs.Destination{DestinationID: d.DestinationID}}},
			{ipvs.ZeroService(s.ServiceID), ipvs.Change{Service: idAlone}},
			{ipvs.ZeroAll(), ipvs.Change{}},
			{ipvs.Flush(), ipvs.Change{}},
			{ipvs.StartDaemon(daemon), ipvs.Change{Daemon: daemon}},
			{ipvs.StopDaemon(daemon.State), ipvs.Change{Daemon: ipvs.Daemon{State: daemon.State}}},
			{ipvs.SetConfig(config), ipvs.Change{Config: config}},
		} {
			b, err := tc.change.MarshalBinary()
			if err != nil {
				t.Fatal(err)
			}
			if d := diff(readChange(t, b), tc.want); d != "" {
				t.Errorf("%s: got -, want +:\n%s", tc.change.Command, d)
			}
		}
	})
}

// readChange reads the attributes of a change.
func readChange(t *rapid.T, b []byte) (ch ipvs.Change) {
	ad, err := netlink.NewAttributeDecoder(b)
	if err != nil {
		t.Fatal(err)
	}
	for ad.Next() {
		switch ad.Type() {
		case 1:
			err = ch.Service.UnmarshalBinary(ad.Bytes())
		case 2:
			err = ch.Destination.UnmarshalBinary(ad.Bytes())
		case 3:
			err = ch.Daemon.UnmarshalBinary(ad.Bytes())
		case 4, 5, 6:
			err = ch.Config.UnmarshalBinary(b)
		default:
			t.Fatalf("attribute %d", ad.Type())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return ch
}

func TestUnencodable(t *testing.T) {
	id := tcp("10.0.0.1:80")
	for name, ch := range map[string]ipvs.Change{
		"no change":         {},
		"a get":             {Command: ipvs.CommandGetInfo},
		"unknown command":   {Command: 99},
		"no identity":       ipvs.NewService(ipvs.Service{}),
		"protocol alone":    ipvs.DelService(ipvs.ServiceID{Protocol: ipvs.TCP}),
		"long scheduler":    ipvs.NewService(service(id, func(s *ipvs.Service) { s.Scheduler = strings.Repeat("a", 16) })),
		"scheduler and NUL": ipvs.NewService(service(id, func(s *ipvs.Service) { s.Scheduler = "r\x00r" })),
		"long engine":       ipvs.NewService(service(id, func(s *ipvs.Service) { s.PersistenceEngine = strings.Repeat("a", 16) })),
		"service zone":      ipvs.DelService(tcp("[fe80::1%eth0]:80")),
		"no destination":    ipvs.NewDestination(id, ipvs.Destination{}),
		"destination zone":  ipvs.DelDestination(id, destID("[fe80::1%eth0]:80")),
		"long interface":    ipvs.StartDaemon(ipvs.Daemon{Interface: strings.Repeat("a", 16)}),
	} {
		if b, err := ch.MarshalBinary(); err == nil {
			t.Errorf("%s: encoded to %x", name, b)
		}
	}
	for _, ok := range []ipvs.Change{
		ipvs.NewService(service(id, func(s *ipvs.Service) { s.Scheduler = strings.Repeat("a", 15) })),
		ipvs.StartDaemon(ipvs.Daemon{Interface: strings.Repeat("a", 15)}),
	} {
		_, err := ok.MarshalBinary()
		must(t, err)
	}
}

// What kernels older and newer than 6.1 would send.
func TestDecodeOddities(t *testing.T) {
	svc := fields{1: n16(2), 2: n16(6), 3: {10, 0, 0, 1}, 4: be16(80)}
	dest := fields{1: append([]byte{10, 0, 0, 2}, make([]byte, 12)...), 2: be16(80)}
	long := append([]byte{0x20, 1, 0xd, 0xb8}, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1)
	n64 := func(v uint64) []byte { return binary.NativeEndian.AppendUint64(nil, v) }
	stats32 := attrs(t, fields{1: n32(1), 4: n64(4), 6: n32(6), 99: {1}}.encode)
	stats64 := attrs(t, fields{1: n64(11), 4: n64(14), 6: n64(16)}.encode)

	var s ipvs.Service
	must(t, s.UnmarshalBinary(attrs(t, svc.with(fields{10: stats32, 99: {1, 2, 3}}).encode)))
	wantEqual(t, "32-bit counters", s, ipvs.Service{ServiceID: tcp("10.0.0.1:80"), Stats: ipvs.Stats{Conns: 1, InBytes: 4, CPS: 6}})
	must(t, s.UnmarshalBinary(attrs(t, svc.with(fields{10: stats32, 12: stats64}).encode)))
	wantEqual(t, "64-bit counters", s.Stats, ipvs.Stats{Conns: 11, InBytes: 14, CPS: 16})
	must(t, s.UnmarshalBinary(append(attrs(t, fields{12: stats64}.encode), attrs(t, svc.with(fields{10: stats32}).encode)...)))
	wantEqual(t, "64-bit counters first", s.Stats, ipvs.Stats{Conns: 11, InBytes: 14, CPS: 16})

	var d ipvs.Destination
	must(t, d.UnmarshalBinary(attrs(t, dest.encode)))
	wantEqual(t, "no family, short address", d.DestinationID, destID("10.0.0.2:80"))
	must(t, d.UnmarshalBinary(attrs(t, dest.with(fields{1: long}).encode)))
	wantEqual(t, "no family, long address", d.DestinationID, destID("[2001:db8::1]:80"))
	must(t, d.UnmarshalBinary(attrs(t, dest.with(fields{1: long, 11: n16(2)}).encode)))
	wantEqual(t, "family", d.DestinationID, destID("32.1.13.184:80"))

	for name, bad := range map[string]fields{
		"no identity":     svc.without(3),
		"no family":       svc.without(1),
		"unknown family":  svc.with(fields{1: n16(99)}),
		"short family":    svc.with(fields{1: {2}}),
		"short address":   svc.with(fields{3: {10, 0, 0}}),
		"long address":    svc.with(fields{3: make([]byte, 17)}),
		"IPv6 in 4 bytes": svc.with(fields{1: n16(10)}),
		"short port":      svc.with(fields{4: {1}}),
		"short flags":     svc.with(fields{7: n32(1)}),
		"short netmask":   svc.with(fields{9: n16(1)}),
		"short counter":   svc.with(fields{10: attrs(t, fields{1: n16(1)}.encode)}),
		"wide counter":    svc.with(fields{10: attrs(t, fields{1: n64(1)}.encode)}),
		"narrow counter":  svc.with(fields{12: attrs(t, fields{1: n32(1)}.encode)}),
	} {
		if err := s.UnmarshalBinary(attrs(t, bad.encode)); err == nil {
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
		if err := d.UnmarshalBinary(attrs(t, bad.encode)); err == nil {
			t.Errorf("%s: decoded to %+v", name, d)
		}
	}
	var daemon ipvs.Daemon
	for name, bad := range map[string]fields{
		"long group":       {5: make([]byte, 16)},
		"short IPv6 group": {6: make([]byte, 4)},
		"short state":      {1: n16(1)},
	} {
		if err := daemon.UnmarshalBinary(attrs(t, bad.encode)); err == nil {
			t.Errorf("%s: decoded to %+v", name, daemon)
		}
	}
}
