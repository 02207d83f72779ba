// SPDX-License-Identifier: Apache-2.0

package ipvs_test

import (
	"encoding/binary"
	"slices"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/mdlayher/netlink"
)

// The files of conversations are from a little-endian kernel. On a big-endian machine
// the tests swap the bytes of every number in them. Text, addresses, and ports and
// netmasks in network byte order stay.

// wireOrder is the byte order of the files.
var wireOrder = binary.LittleEndian

// sameOrder reports whether this machine has the byte order of the files.
func sameOrder() bool {
	return binary.NativeEndian.Uint16([]byte{1, 0}) == wireOrder.Uint16([]byte{1, 0})
}

// otherOrder swaps the bytes of the numbers in a datagram. from is their byte order.
func otherOrder(b []byte, from binary.ByteOrder) []byte {
	b = slices.Clone(b)
	for rest := b; len(rest) >= 16; {
		n := int(from.Uint32(rest))
		typ := netlink.HeaderType(from.Uint16(rest[4:]))
		swapHeader(rest)
		data := rest[16:n]
		switch typ {
		case netlink.Done:
			swap(data[:4])
		case netlink.Error: // struct nlmsgerr
			swap(data[:4])
			swapHeader(data[4:])
		case 0: // the family, with its number zeroed
			swapCommand(data, from)
		}
		rest = rest[min(len(rest), (n+3)&^3):]
	}
	return b
}

func swap(number []byte) { slices.Reverse(number) }

// swapHeader swaps struct nlmsghdr: length, type, flags, sequence number, port.
func swapHeader(b []byte) {
	swap(b[0:4])
	swap(b[4:6])
	swap(b[6:8])
	swap(b[8:12])
	swap(b[12:16])
}

// swapCommand swaps a message of the family. struct genlmsghdr has single bytes only.
func swapCommand(b []byte, from binary.ByteOrder) {
	if ipvs.Command(b[0]) == ipvs.CommandSetInfo {
		swapAttributes(b[4:], from, func(_ uint16, value []byte) { swap(value) })
		return
	}
	swapAttributes(b[4:], from, func(typ uint16, value []byte) {
		switch typ {
		case 1:
			swapService(value, from)
		case 2:
			swapDestination(value, from)
		case 3:
			swapDaemon(value, from)
		default: // timeouts
			swap(value)
		}
	})
}

func swapAttributes(b []byte, from binary.ByteOrder, swapValue func(typ uint16, value []byte)) {
	for len(b) >= 4 {
		n, typ := int(from.Uint16(b)), from.Uint16(b[2:])
		swap(b[0:2])
		swap(b[2:4])
		swapValue(typ&^uint16(netlink.Nested|netlink.NetByteOrder), b[4:n])
		b = b[min(len(b), (n+3)&^3):]
	}
}

// swapService swaps IPVS_SVC_ATTR_*.
func swapService(b []byte, from binary.ByteOrder) {
	var family ipvs.Family
	swapAttributes(b, from, func(typ uint16, value []byte) {
		switch typ {
		case 1: // address family
			family = ipvs.Family(from.Uint16(value))
			swap(value)
		case 2, 5, 8: // protocol, mark, timeout
			swap(value)
		case 7: // flags and their mask
			swap(value[:4])
			swap(value[4:])
		case 9:
			if family == ipvs.IPv6 { // the length of a prefix
				swap(value)
			}
		case 10, 12:
			swapStats(value, from)
		}
	})
}

// swapDestination swaps IPVS_DEST_ATTR_*.
func swapDestination(b []byte, from binary.ByteOrder) {
	swapAttributes(b, from, func(typ uint16, value []byte) {
		switch typ {
		case 3, 4, 5, 6, 7, 8, 9, 11, 15:
			swap(value)
		case 10, 12:
			swapStats(value, from)
		}
	})
}

// swapDaemon swaps IPVS_DAEMON_ATTR_*.
func swapDaemon(b []byte, from binary.ByteOrder) {
	swapAttributes(b, from, func(typ uint16, value []byte) {
		switch typ {
		case 1, 3, 4, 7: // state, sync id, length, port
			swap(value)
		}
	})
}

func swapStats(b []byte, from binary.ByteOrder) {
	swapAttributes(b, from, func(_ uint16, value []byte) { swap(value) })
}
