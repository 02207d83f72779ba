// SPDX-License-Identifier: Apache-2.0

package ipvs

import (
	"encoding/binary"
	"io"
	"io/fs"
	"net/netip"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs/internal/nlsock"
	"github.com/mdlayher/netlink"
)

// echo is a kernel that answers every dump with the same datagrams.
type echo struct {
	nlsock.Transport
	answer [][]byte
	next   int // index of the next datagram
}

func (e *echo) PortID() uint32 { return 1 }

// Send copies the sequence number of the request to the answer.
func (e *echo) Send(request []byte) error {
	for _, datagram := range e.answer {
		for at := 0; at < len(datagram); at += int(binary.NativeEndian.Uint32(datagram[at:])) {
			copy(datagram[at+8:at+12], request[8:12])
		}
	}
	e.next = 0
	return nil
}

func (e *echo) Receive() ([]byte, error) {
	e.next++
	return e.answer[e.next-1], nil
}

func (e *echo) OpenProc(string) (io.ReadCloser, error) { return nil, fs.ErrNotExist }

// Ten destinations as the kernel describes them, with counters in both forms.
//
// The rest of a read's time is the kernel's. Measured on an emulated machine:
//
//   - Reading a service, in microseconds, by the size of the receive buffer
//     (LargeBuffer and SmallBuffer of package nlsock):
//
//     destinations   4 KiB   8 KiB  32 KiB
//     1                247     273     279
//     10               414     439     448
//     100             2844    2477    2192
//     1000           30000   27500   21400
//     4000          272000  210000  128000
//
//   - On one processor, a listing of 1000 services with 10 destinations each: 1.1 s
//     with Dial(), 0.5 s with Dial(RawSyscalls()). With unix.Syscall6 the runtime hands the P to
//     another thread in every call of more than 20 us.
func BenchmarkDestinations(b *testing.B) {
	const family = 30
	var datagram []byte
	add := func(typ netlink.HeaderType, data []byte) {
		h := netlink.Header{Length: uint32(16 + len(data)), Type: typ, Flags: netlink.Multi, PID: 1}
		datagram = nlsock.AppendMessage(datagram, netlink.Message{Header: h, Data: data})
	}
	for port := range uint16(10) {
		d := Destination{
			DestinationID: DestinationID{netip.AddrPortFrom(netip.MustParseAddr("10.0.0.2"), port)},
			Forward:       DirectRoute, Weight: 1, ActiveConns: 1,
			Stats: Stats{1, 2, 3, 4, 5, 6, 7, 8, 9, 10},
		}
		e := encoder{B: appendHeader(nil, CommandNewDestination)}
		e.Nest(attrDestination, d.encode)
		add(family, e.B)
	}
	replies := datagram
	datagram = nil
	add(netlink.Done, make([]byte, 4))
	c := &Client{conn: &connection{nl: nlsock.NewConn(&echo{answer: [][]byte{replies, datagram}}), family: family}}
	id := ServiceID{Protocol: TCP, AddrPort: netip.MustParseAddrPort("10.0.0.1:80")}
	b.ReportAllocs()
	for b.Loop() {
		if found, err := c.Destinations(id); err != nil || len(found) != 10 {
			b.Fatal(found, err)
		}
	}
}
