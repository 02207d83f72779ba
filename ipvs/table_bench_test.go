package ipvs

import (
	"iter"
	"net/netip"
	"testing"

	"github.com/mdlayher/netlink"
)

// echo is a kernel that answers any dump of destinations with the same ones.
type echo struct {
	netlink.Socket
	asked     netlink.Header
	answer    []byte
	destCount int
}

func (e *echo) Send(m netlink.Message) error { e.asked = m.Header; return nil }

func (e *echo) ReceiveIter() iter.Seq2[netlink.Message, error] {
	return func(yield func(netlink.Message, error) bool) {
		header := netlink.Header{Length: headerLen + uint32(len(e.answer)), Type: e.asked.Type, Flags: netlink.Multi, Sequence: e.asked.Sequence, PID: e.asked.PID}
		for range e.destCount {
			if !yield(netlink.Message{Header: header, Data: e.answer}, nil) {
				return
			}
		}
		header.Type = netlink.Done
		yield(netlink.Message{Header: header, Data: make([]byte, 4)}, nil)
	}
}

// A destination as the kernel describes it, with counters in both forms.
func BenchmarkDestinations(b *testing.B) {
	d := Destination{
		DestinationID: DestinationID{netip.MustParseAddrPort("10.0.0.2:80")}, Forward: DirectRoute, Weight: 1, ActiveConns: 1,
		Stats: Stats{1, 2, 3, 4, 5, 6, 7, 8, 9, 10},
	}
	e := encoder{b: appendHeader(nil, CommandNewDestination)}
	e.nest(attrDestination, d.encode)
	c := &Client{conn: netlink.NewConn(&echo{answer: e.b, destCount: 10}, 1), family: 30}
	id := ServiceID{Protocol: TCP, AddrPort: netip.MustParseAddrPort("10.0.0.1:80")}
	b.ReportAllocs()
	for b.Loop() {
		if found, err := c.Destinations(id); err != nil || len(found) != 10 {
			b.Fatal(found, err)
		}
	}
}
