// SPDX-License-Identifier: Apache-2.0

package nlsock

import (
	"encoding/binary"
	"errors"

	"github.com/mdlayher/netlink"
)

const headerLen = 16 // struct nlmsghdr

func align(n int) int { return (n + 3) &^ 3 }

var errTruncated = errors.New("truncated or malformed length")

// AppendMessage appends struct nlmsghdr and the data, with zeros up to the length in the
// header.
func AppendMessage(b []byte, m netlink.Message) []byte {
	end := len(b) + int(m.Header.Length)
	b = binary.NativeEndian.AppendUint32(b, m.Header.Length)
	b = binary.NativeEndian.AppendUint16(b, uint16(m.Header.Type))
	b = binary.NativeEndian.AppendUint16(b, uint16(m.Header.Flags))
	b = binary.NativeEndian.AppendUint32(b, m.Header.Sequence)
	b = binary.NativeEndian.AppendUint32(b, m.Header.PID)
	b = append(b, m.Data...)
	for len(b) < end {
		b = append(b, 0)
	}
	return b
}

// NextMessage returns the first message of a datagram and the rest.
func NextMessage(b []byte) (m netlink.Message, rest []byte, err error) {
	if len(b) < headerLen {
		return m, nil, errTruncated
	}
	m.Header = netlink.Header{
		Length:   binary.NativeEndian.Uint32(b),
		Type:     netlink.HeaderType(binary.NativeEndian.Uint16(b[4:])),
		Flags:    netlink.HeaderFlags(binary.NativeEndian.Uint16(b[6:])),
		Sequence: binary.NativeEndian.Uint32(b[8:]),
		PID:      binary.NativeEndian.Uint32(b[12:]),
	}
	if m.Header.Length < headerLen || uint64(m.Header.Length) > uint64(len(b)) {
		return m, nil, errTruncated
	}
	length := int(m.Header.Length)
	m.Data = b[headerLen:length]
	return m, b[min(align(length), len(b)):], nil
}
