// SPDX-License-Identifier: Apache-2.0

package facts

import (
	"encoding/hex"
	"net"
	"net/netip"
	"testing"
)

var someMAC = net.HardwareAddr{0x02, 0, 0, 0, 0, 0x12}

func TestARPProbeHasNoSender(t *testing.T) {
	const want = "0001080006040001" + "020000000012" + "00000000" + "000000000000" + "0a000001"
	if got := hex.EncodeToString(arpProbe(someMAC, netip.MustParseAddr("10.0.0.1"))); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// The checksum is what tcpdump(8) calls correct.
func TestSolicitationIsAnsweredToTheSender(t *testing.T) {
	packet, group := solicitation(netip.MustParseAddr("fe80::12"), someMAC, netip.MustParseAddr("2001:db8::100"))
	const want = "6000000000203aff" + "fe800000000000000000000000000012" + "ff0200000000000000000001ff000100" +
		"8700" + "4941" + "00000000" + "20010db8000000000000000000000100" + "0101020000000012"
	if got := hex.EncodeToString(packet); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if checksum(packet) != 0 {
		t.Errorf("the checksum with itself is %#x, not 0", checksum(packet))
	}
	if group.String() != "33:33:ff:00:01:00" {
		t.Errorf("it goes to %s", group)
	}
}

func TestAnswersAreParsed(t *testing.T) {
	for _, test := range []struct{ what, packet, addr, mac string }{
		{"an ARP reply", "0001080006040002" + "020000000012" + "0a000001" + "020000000001" + "00000000", "10.0.0.1", "02:00:00:00:00:12"},
		{"an ARP request", "0001080006040001" + "020000000012" + "0a000001" + "020000000001" + "00000000", "", ""},
		{"a short ARP reply", "0001080006040002" + "020000000012" + "0a000001", "", ""},
		{"an ARP reply of another network", "0006080006040002" + "020000000012" + "0a000001" + "020000000001" + "00000000", "", ""},
		{"an advertisement", "88000000a0000000" + "20010db8000000000000000000000100" + "0201020000000012", "2001:db8::100", "02:00:00:00:00:12"},
		{"an advertisement with another option first", "88000000a0000000" + "20010db8000000000000000000000100" + "0e01000000000000" + "0201020000000012", "2001:db8::100", "02:00:00:00:00:12"},
		{"an advertisement without an address", "88000000a0000000" + "20010db8000000000000000000000100", "", ""},
		{"an advertisement with an option of no length", "88000000a0000000" + "20010db8000000000000000000000100" + "0200020000000012", "", ""},
		{"an advertisement with an option that is too long", "88000000a0000000" + "20010db8000000000000000000000100" + "0202020000000012", "", ""},
		{"a solicitation", "8700000000000000" + "20010db8000000000000000000000100" + "0201020000000012", "", ""},
		{"nothing", "", "", ""},
	} {
		packet, err := hex.DecodeString(test.packet)
		if err != nil {
			t.Fatal(err)
		}
		parse := parseARP
		if len(packet) > 0 && packet[0] != 0 {
			parse = parseAdvert
		}
		addr, mac, ok := parse(packet)
		if ok != (test.addr != "") || ok && (addr.String() != test.addr || mac.String() != test.mac) {
			t.Errorf("%s: got %v %v %v, want %s %s", test.what, addr, mac, ok, test.addr, test.mac)
		}
	}
}

func FuzzParseAnswers(f *testing.F) {
	f.Add([]byte{})
	f.Add(arpProbe(someMAC, netip.MustParseAddr("10.0.0.1")))
	f.Fuzz(func(t *testing.T, packet []byte) {
		for _, parse := range []func([]byte) (netip.Addr, net.HardwareAddr, bool){parseARP, parseAdvert} {
			if addr, mac, ok := parse(packet); ok && (!addr.IsValid() || len(mac) != ethernetLength) {
				t.Errorf("%v %v", addr, mac)
			}
		}
	})
}
