package ipvs_test

import (
	"encoding"
	"encoding/binary"
	"net/netip"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
	"github.com/mdlayher/netlink"
)

// fuzzDecoder checks that what can be decoded at all can be encoded and decoded
// again to the same value.
func fuzzDecoder[T encoding.BinaryMarshaler, P decoder[T]](f *testing.F, seeds ...T) {
	for _, s := range seeds {
		b, err := s.MarshalBinary()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		var first, second T
		if P(&first).UnmarshalBinary(b) != nil {
			return
		}
		again, err := first.MarshalBinary()
		if err != nil {
			return // a name that the kernel would not send
		}
		must(t, P(&second).UnmarshalBinary(again))
		wantEqual(t, "decoded again", second, first)
	})
}

func FuzzService(f *testing.F) {
	fuzzDecoder(f, service(tcp("10.0.0.1:80"), func(s *ipvs.Service) { s.Stats.Conns = 1 }), service(mark(7, ipvs.IPv6)))
}

func FuzzDestination(f *testing.F) {
	fuzzDecoder(f, destination("10.0.0.1:80", func(d *ipvs.Destination) { d.Stats.Conns = 1 }), destination("[2001:db8::1]:80"))
}

func FuzzDaemon(f *testing.F) {
	fuzzDecoder(f, ipvs.Daemon{ipvs.Master, "eth0", 1, 2, addr("224.0.0.81"), 3, 4}, ipvs.Daemon{Group: netip.IPv6LinkLocalAllNodes()})
}

func FuzzConfig(f *testing.F) { fuzzDecoder(f, ipvs.Config{TCP: 1, TCPFin: 2, UDP: 3}) }

func FuzzInfo(f *testing.F) { fuzzDecoder(f, ipvs.Info{Version: 0x010201, ConnTabSize: 4096}) }

// FuzzClient lets the kernel answer anything. No call may panic or wait for ever;
// the fake fails where a real socket would wait.
func FuzzClient(f *testing.F) {
	f.Add(uint16(netlink.Error), uint16(0), make([]byte, 20), false)
	f.Add(uint16(netlink.Done), uint16(netlink.Multi), make([]byte, 4), false)
	f.Add(uint16(netlink.Done), uint16(netlink.Multi), []byte{}, true)
	f.Add(uint16(0x1f), uint16(0), []byte{1, 1, 0, 0}, false)
	f.Add(uint16(0x1f), uint16(netlink.Multi), []byte{1, 1, 0, 0}, true)
	f.Add(uint16(0x1f), uint16(netlink.Multi|netlink.DumpInterrupted), []byte{1, 1, 0, 0}, true)
	f.Add(uint16(netlink.Error), uint16(netlink.AcknowledgeTLVs), binary.NativeEndian.AppendUint32(nil, ^uint32(0)), true)
	f.Fuzz(func(t *testing.T, typ, flags uint16, data []byte, twice bool) {
		m := netlink.Message{
			Header: netlink.Header{Type: netlink.HeaderType(typ), Flags: netlink.HeaderFlags(flags)},
			Data:   data,
		}
		k := newFake()
		k.Inject(ipvstest.Fault{Command: ipvstest.FamilyLookup, Effect: ipvstest.Answer([]netlink.Message{m})})
		if c, err := k.Dial(); err == nil {
			_ = c.Close()
		}
		k.ClearFaults()
		c, err := k.Dial()
		must(t, err)
		effects := []ipvstest.Effect{
			ipvstest.Garble(data),
			ipvstest.Answer([]netlink.Message{m}),
			ipvstest.Answer([]netlink.Message{m, m}, nil, []netlink.Message{m}),
		}
		id := tcp("10.0.0.1:80")
		for _, effect := range effects {
			for _, call := range []func(){
				func() { _, _ = c.Info() }, func() { _, _ = c.Config() }, func() { _, _ = c.Services() },
				func() { _, _ = c.Service(id) }, func() { _, _ = c.Destinations(id) }, func() { _, _ = c.Daemons() },
				func() { _, _ = c.Table() }, func() { _ = c.NewService(service(id)) }, func() { _ = c.Flush() },
			} {
				times := 1
				if twice {
					times = 2
				}
				k.Inject(ipvstest.Fault{Times: times, Effect: effect})
				call()
				k.ClearFaults()
				// The next call is well again.
				must(t, c.Flush())
				if services, err := c.Services(); err != nil || len(services) != 0 {
					t.Fatalf("after %x: %v, %v", data, services, err)
				}
			}
		}
	})
}
