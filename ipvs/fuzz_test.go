// SPDX-License-Identifier: Apache-2.0

package ipvs_test

import (
	"encoding"
	"encoding/binary"
	"encoding/json"
	"net/netip"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
	"github.com/mdlayher/netlink"
)

// fuzzDecoder checks that a decoded value, encoded and decoded again, is the same.
func fuzzDecoder[T any](f *testing.F, seeds ...T) {
	for _, s := range seeds {
		b, err := ipvs.Encode(&s)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		var first, second T
		if ipvs.Decode(&first, b) != nil {
			return
		}
		again, err := ipvs.Encode(&first)
		if err != nil {
			return // a name that the kernel would not send
		}
		must(t, ipvs.Decode(&second, again))
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

func FuzzTimeouts(f *testing.F) { fuzzDecoder(f, ipvs.Timeouts{TCP: 1, TCPFin: 2, UDP: 3}) }

func FuzzInfo(f *testing.F) { fuzzDecoder(f, ipvs.Info{Version: 0x010201, ConnTabSize: 4096}) }

// FuzzText parses any text as an identity, a mask and flags. What is parsed has a text of
// its own, which means the same.
func FuzzText(f *testing.F) {
	for _, seed := range []string{"TCP 10.0.0.1:80", "fwm 7 ipv6", "[::ffff:10.0.0.1]:80", "99 [fd00::1]:0", "255.255.255.0", "64", "persistent,0x40", "nocsum", "DR"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		reparse[ipvs.ServiceID](t, text)
		reparse[ipvs.DestinationID](t, text)
		reparse[ipvs.Netmask](t, text)
		reparse[ipvs.ServiceFlags](t, text)
		reparse[ipvs.TunnelFlags](t, text)
		reparse[ipvs.ForwardingMethod](t, text)
	})
}

func reparse[T interface {
	comparable
	encoding.TextMarshaler
}, P interface {
	*T
	encoding.TextUnmarshaler
}](t *testing.T, text string) {
	var first, second T
	if P(&first).UnmarshalText([]byte(text)) != nil {
		return
	}
	again, err := first.MarshalText()
	must(t, err)
	must(t, P(&second).UnmarshalText(again))
	if first != second {
		t.Errorf("%q became %v, and %q became %v", text, first, again, second)
	}
}

// FuzzJSON reads any table. What is read can be written and means the same.
func FuzzJSON(f *testing.F) {
	f.Add(tableJSON)
	f.Add(`[{"service":{"id":"fwm 1","netmask":"128"},"destinations":[]}]`)
	f.Fuzz(func(t *testing.T, text string) {
		var first, second ipvs.Table
		if json.Unmarshal([]byte(text), &first) != nil {
			return
		}
		again, err := json.Marshal(first)
		must(t, err)
		must(t, json.Unmarshal(again, &second))
		wantEqual(t, "read again", second, first)
	})
}

// FuzzClient makes the kernel answer anything. No call may panic or wait forever: the
// fake returns an error where a real socket would wait.
func FuzzClient(f *testing.F) {
	f.Add(uint16(netlink.Error), uint16(0), make([]byte, 20), false)
	f.Add(uint16(netlink.Done), uint16(netlink.Multi), make([]byte, 4), false)
	f.Add(uint16(netlink.Done), uint16(netlink.Multi), []byte{}, true)
	f.Add(uint16(0x1f), uint16(0), []byte{1, 1, 0, 0}, false)
	f.Add(uint16(0x1f), uint16(netlink.Multi), []byte{1, 1, 0, 0}, true)
	f.Add(uint16(0x1f), uint16(netlink.Multi|netlink.DumpInterrupted), []byte{1, 1, 0, 0}, true)
	f.Add(uint16(netlink.Error), uint16(netlink.AcknowledgeTLVs), binary.NativeEndian.AppendUint32(nil, ^uint32(0)), true)
	f.Fuzz(func(t *testing.T, typ, flags uint16, data []byte, twice bool) {
		m := ipvstest.Message{Type: typ, Flags: flags, Data: data}
		k := newFake()
		k.Inject(ipvstest.Fault{Command: ipvstest.FamilyLookup, Effect: ipvstest.Answer([]ipvstest.Message{m})})
		if c, err := k.Dial(); err == nil {
			_ = c.Close()
		}
		k.ClearFaults()
		c, err := k.Dial()
		must(t, err)
		effects := []ipvstest.Effect{
			ipvstest.Garble(data),
			ipvstest.Answer([]ipvstest.Message{m}),
			ipvstest.Answer([]ipvstest.Message{m, m}, nil, []ipvstest.Message{m}),
		}
		id := tcp("10.0.0.1:80")
		for _, effect := range effects {
			for _, call := range []func(){
				func() { _, _ = c.Info() }, func() { _, _ = c.Timeouts() }, func() { _, _ = c.Services() },
				func() { _, _ = c.Service(id) }, func() { _, _ = c.Destinations(id) }, func() { _, _ = c.Daemons() },
				func() { _, _ = c.Table() }, func() { _, _ = c.Overview() }, func() { _ = c.NewService(service(id)) }, func() { _ = c.Flush() },
			} {
				times := 1
				if twice {
					times = 2
				}
				k.Inject(ipvstest.Fault{Times: times, Effect: effect})
				call()
				k.ClearFaults()
				// The next call succeeds.
				must(t, c.Flush())
				if services, err := c.Services(); err != nil || len(services) != 0 {
					t.Fatalf("after %x: %v, %v", data, services, err)
				}
			}
		}
	})
}
