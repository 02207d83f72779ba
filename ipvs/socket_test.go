package ipvs

import (
	"slices"
	"testing"

	"github.com/mdlayher/netlink"
)

// A datagram of anything is cut into messages that are as they were.
func FuzzDatagram(f *testing.F) {
	f.Add([]byte{})
	f.Add(appendMessage(nil, netlink.Message{Header: netlink.Header{Length: 20, Type: 1, PID: 7}, Data: []byte{1, 2, 3}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		for len(b) > 0 {
			m, rest, err := cutMessage(b)
			if err != nil {
				return
			}
			length := int(m.Header.Length)
			again := appendMessage(nil, m)
			if !slices.Equal(again, b[:length]) || len(rest) > len(b)-length {
				t.Fatalf("%x: message %x, rest %x", b, again, rest)
			}
			b = rest
		}
	})
}
