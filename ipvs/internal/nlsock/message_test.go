// SPDX-License-Identifier: Apache-2.0

package nlsock

import (
	"slices"
	"testing"

	"github.com/mdlayher/netlink"
)

// Any datagram is split into messages with the same bytes.
func FuzzDatagram(f *testing.F) {
	f.Add([]byte{})
	f.Add(AppendMessage(nil, netlink.Message{Header: netlink.Header{Length: 20, Type: 1, PID: 7}, Data: []byte{1, 2, 3}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		for len(b) > 0 {
			m, rest, err := NextMessage(b)
			if err != nil {
				return
			}
			length := int(m.Header.Length)
			again := AppendMessage(nil, m)
			if !slices.Equal(again, b[:length]) || len(rest) > len(b)-length {
				t.Fatalf("%x: message %x, rest %x", b, again, rest)
			}
			b = rest
		}
	})
}
