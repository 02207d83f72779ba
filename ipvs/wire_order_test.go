package ipvs_test

import (
	"encoding/binary"
	"slices"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/mdlayher/netlink"
)

// The files of conversations are from a little-endian kernel. On a big-endian machine
// every number in them is turned around, and nothing else: text, addresses, and
// ports and netmasks in network order stay.

// wireOrder is the byte order of the files.
var wireOrder = binary.LittleEndian

// sameOrder tells whether this machine has the byte order of the files.
func sameOrder() bool {
	return binary.NativeEndian.Uint16([]byte{1, 0}) == wireOrder.Uint16([]byte{1, 0})
}

// otherOrder turns the numbers of a datagram around. from is the order that they have.
func otherOrder(b []byte, from binary.ByteOrder) []byte {
	b = slices.Clone(b)
	for rest := b; len(rest) >= 16; {
		n := int(from.Uint32(rest))
		typ := netlink.HeaderType(from.Uint16(rest[4:]))
		turnHeader(rest)
		data := rest[16:n]
		switch typ {
		case netlink.Done:
			turn(data[:4])
		case netlink.Error: // struct nlmsgerr
			turn(data[:4])
			turnHeader(data[4:])
		case 0: // the family, with its number zeroed
			turnCommand(data, from)
		}
		rest = rest[min(len(rest), (n+3)&^3):]
	}
	return b
}

func turn(number []byte) { slices.Reverse(number) }

// turnHeader turns struct nlmsghdr: length, type, flags, sequence number, port.
func turnHeader(b []byte) {
	turn(b[0:4])
	turn(b[4:6])
	turn(b[6:8])
	turn(b[8:12])
	turn(b[12:16])
}

// turnCommand turns a message of the family: struct genlmsghdr has single bytes.
func turnCommand(b []byte, from binary.ByteOrder) {
	if ipvs.Command(b[0]) == ipvs.CommandSetInfo {
		turnAttributes(b[4:], from, func(_ uint16, value []byte) { turn(value) })
		return
	}
	turnAttributes(b[4:], from, func(typ uint16, value []byte) {
		switch typ {
		case 1:
			turnService(value, from)
		case 2:
			turnDestination(value, from)
		case 3:
			turnDaemon(value, from)
		default: // timeouts
			turn(value)
		}
	})
}

func turnAttributes(b []byte, from binary.ByteOrder, turnValue func(typ uint16, value []byte)) {
	for len(b) >= 4 {
		n, typ := int(from.Uint16(b)), from.Uint16(b[2:])
		turn(b[0:2])
		turn(b[2:4])
		turnValue(typ&^uint16(netlink.Nested|netlink.NetByteOrder), b[4:n])
		b = b[min(len(b), (n+3)&^3):]
	}
}

// turnService knows IPVS_SVC_ATTR_*.
func turnService(b []byte, from binary.ByteOrder) {
	var family ipvs.Family
	turnAttributes(b, from, func(typ uint16, value []byte) {
		switch typ {
		case 1: // address family
			family = ipvs.Family(from.Uint16(value))
			turn(value)
		case 2, 5, 8: // protocol, mark, timeout
			turn(value)
		case 7: // flags and their mask
			turn(value[:4])
			turn(value[4:])
		case 9:
			if family == ipvs.IPv6 { // the length of a prefix
				turn(value)
			}
		case 10, 12:
			turnStats(value, from)
		}
	})
}

// turnDestination knows IPVS_DEST_ATTR_*.
func turnDestination(b []byte, from binary.ByteOrder) {
	turnAttributes(b, from, func(typ uint16, value []byte) {
		switch typ {
		case 3, 4, 5, 6, 7, 8, 9, 11, 15:
			turn(value)
		case 10, 12:
			turnStats(value, from)
		}
	})
}

// turnDaemon knows IPVS_DAEMON_ATTR_*.
func turnDaemon(b []byte, from binary.ByteOrder) {
	turnAttributes(b, from, func(typ uint16, value []byte) {
		switch typ {
		case 1, 3, 4, 7: // state, sync id, length, port
			turn(value)
		}
	})
}

func turnStats(b []byte, from binary.ByteOrder) {
	turnAttributes(b, from, func(_ uint16, value []byte) { turn(value) })
}
