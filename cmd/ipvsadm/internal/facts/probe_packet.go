// SPDX-License-Identifier: Apache-2.0

package facts

import (
	"encoding/binary"
	"net"
	"net/netip"
)

const ethernetLength = 6

var broadcast = net.HardwareAddr{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}

// An ARP packet for Ethernet and IPv4: 8 bytes, then the addresses of the sender and those of
// the target.
const (
	arpLength  = 28
	arpSender  = 8
	arpTarget  = 24
	arpRequest = 1
	arpReply   = 2
)

// arpHead is that of each packet, without its operation.
var arpHead = [...]byte{0, 1, 0x08, 0x00, ethernetLength, 4, 0}

// arpProbe asks for an address, without an address of the sender.
func arpProbe(mac net.HardwareAddr, addr netip.Addr) []byte {
	packet := make([]byte, arpLength)
	copy(packet, arpHead[:])
	packet[len(arpHead)] = arpRequest
	copy(packet[arpSender:], mac)
	target := addr.As4()
	copy(packet[arpTarget:], target[:])
	return packet
}

// parseARP returns who answers for which address.
func parseARP(packet []byte) (addr netip.Addr, mac net.HardwareAddr, ok bool) {
	if len(packet) < arpLength || [len(arpHead)]byte(packet) != arpHead || packet[len(arpHead)] != arpReply {
		return netip.Addr{}, nil, false
	}
	sender := packet[arpSender:]
	mac = append(mac, sender[:ethernetLength]...)
	return netip.AddrFrom4([4]byte(sender[ethernetLength:])), mac, true
}

// A neighbour solicitation and its answer: 8 bytes, then the address, then options, each with
// a type and its length in units of 8 bytes. Those here have a MAC address.
const (
	ipv6Length       = 40
	nextICMPv6       = 58
	solicit          = 135
	advertisement    = 136
	solicitLength    = 24
	optionLength     = 8
	sourceLinkOption = 1
	targetLinkOption = 2
)

// solicitation asks for an address. It goes to a group in which everybody is who has an address
// with the same end. Without an address of the sender the answer would go to everybody, and
// teach them who has the address.
func solicitation(from netip.Addr, mac net.HardwareAddr, addr netip.Addr) (packet []byte, group net.HardwareAddr) {
	source, target := from.As16(), addr.As16()
	to := netip.MustParseAddr("ff02::1:ff00:0").As16()
	copy(to[13:], target[13:])
	packet = make([]byte, ipv6Length+solicitLength+optionLength)
	packet[0] = 6 << 4
	binary.BigEndian.PutUint16(packet[4:], solicitLength+optionLength)
	packet[6], packet[7] = nextICMPv6, 255
	copy(packet[8:], source[:])
	copy(packet[24:], to[:])
	message := packet[ipv6Length:]
	message[0] = solicit
	copy(message[8:], target[:])
	option := message[solicitLength:]
	option[0], option[1] = sourceLinkOption, 1
	copy(option[2:], mac)
	binary.BigEndian.PutUint16(message[2:], checksum(packet))
	return packet, net.HardwareAddr{0x33, 0x33, to[12], to[13], to[14], to[15]}
}

// checksum is that of an ICMPv6 message, which covers the addresses of the IPv6 header, too.
func checksum(packet []byte) uint16 {
	sum := uint32(len(packet)-ipv6Length) + nextICMPv6
	for i := 8; i+1 < len(packet); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(packet[i:]))
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}

// parseAdvert returns who answers for which address.
func parseAdvert(message []byte) (addr netip.Addr, mac net.HardwareAddr, ok bool) {
	if len(message) < solicitLength || message[0] != advertisement {
		return netip.Addr{}, nil, false
	}
	addr = netip.AddrFrom16([16]byte(message[8:]))
	for options := message[solicitLength:]; len(options) >= optionLength; {
		length := optionLength * int(options[1])
		if length == 0 || length > len(options) {
			break
		}
		if options[0] == targetLinkOption {
			return addr, append(mac, options[2:2+ethernetLength]...), true
		}
		options = options[length:]
	}
	return netip.Addr{}, nil, false
}
