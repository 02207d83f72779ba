// SPDX-License-Identifier: Apache-2.0

package ipvs_test

import (
	"encoding/json"
	"net/netip"
	"strings"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"pgregory.net/rapid"
)

func TestParseServiceID(t *testing.T) {
	for text, want := range map[string]ipvs.ServiceID{
		"TCP 10.0.0.1:80":          tcp("10.0.0.1:80"),
		"tcp  10.0.0.1:0 ":         tcp("10.0.0.1:0"),
		"6 [fd00::1]:80":           tcp("[fd00::1]:80"),
		"Udp 10.0.0.1:53":          {Protocol: ipvs.UDP, AddrPort: netip.MustParseAddrPort("10.0.0.1:53")},
		"99 10.0.0.1:53":           {Protocol: 99, AddrPort: netip.MustParseAddrPort("10.0.0.1:53")},
		"TCP [::ffff:10.0.0.1]:80": mapped("[::ffff:10.0.0.1]:80"),
		"FWM 7":                    mark(7, ipvs.IPv4),
		"fwm 4294967295 ipv6":      mark(4294967295, ipvs.IPv6),
		"FWM 7 IPv4":               mark(7, ipvs.IPv4),
	} {
		got, err := ipvs.ParseServiceID(text)
		if err != nil || got != want {
			t.Errorf("%q became %#v, %v", text, got, err)
		}
		var again ipvs.ServiceID
		if err := again.UnmarshalText([]byte(text)); err != nil || again != want {
			t.Errorf("%q became %#v, %v", text, again, err)
		}
	}
}

func TestParseServiceIDErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":                      "want a protocol, an address and a port",
		"TCP":                   "want a protocol, an address and a port",
		"TCP 10.0.0.1:80 IPv4":  "want a protocol, an address and a port",
		"FWM 1 IPv6 x":          "want a protocol, an address and a port",
		"FWM":                   `or a firewall mark, as in "FWM 7" or "FWM 7 IPv6"`,
		"ICMP 10.0.0.1:80":      `unknown protocol "ICMP": it is TCP, UDP, SCTP or a number`,
		"TCP 10.0.0.1":          "not an ip:port",
		"TCP vip:80":            "vip",
		"TCP 10.0.0.1:65536":    "65536",
		"TCP [fe80::1%eth0]:80": "zones are not for IPVS",
		"FWM 0":                 `firewall mark "0" is not a number from 1 to 4294967295`,
		"FWM 4294967296":        `firewall mark "4294967296" is not`,
		"FWM -1":                `firewall mark "-1" is not`,
		"FWM 1 IPv5":            `family "IPv5" of a firewall mark is neither IPv4 nor IPv6`,
		"FWM 1 0":               `family "0" of a firewall mark is neither IPv4 nor IPv6`,
	} {
		id, err := ipvs.ParseServiceID(text)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Count(err.Error(), "ipvs:") != 1 {
			t.Errorf("%q: got %v, %v, want %s", text, id, err, want)
		}
	}
}

func TestParseDestinationID(t *testing.T) {
	for _, text := range []string{"10.0.0.2:80", "[fd00::2]:0", "[::ffff:10.0.0.2]:80"} {
		if got, err := ipvs.ParseDestinationID(text); err != nil || got != destID(text) {
			t.Errorf("%q became %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "10.0.0.2", "fd00::2:80:x", "[fe80::1%eth0]:80", "server:80", "10.0.0.2:http"} {
		if got, err := ipvs.ParseDestinationID(text); err == nil || !strings.HasPrefix(err.Error(), "ipvs: destination ") {
			t.Errorf("%q became %v, %v", text, got, err)
		}
	}
}

// Parsing is the inverse of String, and text is the same in every form.
func TestIdentityTextRoundTrips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := anyID.Draw(t, "service")
		got, err := ipvs.ParseServiceID(id.String())
		if err != nil || got != id {
			t.Errorf("%s became %#v, %v", id, got, err)
		}
		if text, err := id.MarshalText(); err != nil || string(text) != id.String() {
			t.Errorf("text %q of %s, %v", text, id, err)
		}
		dest := ipvs.DestinationID{AddrPort: anyAddrPort.Draw(t, "destination")}
		gotDest, err := ipvs.ParseDestinationID(dest.String())
		if err != nil || gotDest != dest {
			t.Errorf("%s became %v, %v", dest, gotDest, err)
		}
		if text, err := dest.MarshalText(); err != nil || string(text) != dest.String() {
			t.Errorf("text %q of %s, %v", text, dest, err)
		}
	})
}

func TestIdentitiesAreKeysOfJSON(t *testing.T) {
	type weights map[ipvs.ServiceID]map[ipvs.DestinationID]uint32
	want := weights{mark(7, ipvs.IPv6): {destID("[fd00::2]:80"): 1}, tcp("10.0.0.1:80"): {destID("10.0.0.2:80"): 2}}
	text, err := json.Marshal(want)
	must(t, err)
	if got := string(text); got != `{"FWM 7 IPv6":{"[fd00::2]:80":1},"TCP 10.0.0.1:80":{"10.0.0.2:80":2}}` {
		t.Errorf("got %s", got)
	}
	var got weights
	must(t, json.Unmarshal(text, &got))
	wantEqual(t, "weights", got, want)
	if err := json.Unmarshal([]byte(`{"10.0.0.1:80":{}}`), &got); err == nil {
		t.Error("a key without a protocol is no error")
	}
}

// The zero value has empty text, as that of package netip has. Other identities that
// nothing has are errors.
func TestIdentityWithoutText(t *testing.T) {
	var id ipvs.ServiceID
	var dest ipvs.DestinationID
	idText, idErr := id.MarshalText()
	destText, destErr := dest.MarshalText()
	if len(idText)+len(destText) > 0 || idErr != nil || destErr != nil {
		t.Errorf("got %q, %v, %q, %v", idText, idErr, destText, destErr)
	}
	id, dest = tcp("10.0.0.1:80"), destID("10.0.0.2:80")
	must(t, id.UnmarshalText(nil))
	must(t, dest.UnmarshalText(nil))
	if id != (ipvs.ServiceID{}) || dest != (ipvs.DestinationID{}) {
		t.Errorf("empty text became %#v and %#v", id, dest)
	}
	for _, bad := range []ipvs.ServiceID{
		{Protocol: ipvs.TCP}, {FWMark: 1, Protocol: ipvs.TCP}, {IPv6: true}, tcp("[::ffff:10.0.0.1]:80"), tcp("[fe80::1%eth0]:80"), mapped("10.0.0.1:80"),
	} {
		if text, err := bad.MarshalText(); err == nil || !strings.HasPrefix(err.Error(), "ipvs: ") {
			t.Errorf("%#v became %q, %v", bad, text, err)
		}
	}
	for _, bad := range []ipvs.DestinationID{destID("[fe80::1%eth0]:80"), {AddrPort: netip.AddrPortFrom(netip.Addr{}, 1)}} {
		if text, err := bad.MarshalText(); err == nil {
			t.Errorf("%#v became %q", bad, text)
		}
	}
	id = tcp("10.0.0.1:80")
	if err := id.UnmarshalText([]byte("FWM 0")); err == nil || id != tcp("10.0.0.1:80") {
		t.Errorf("an error left %s, %v", id, err)
	}
}
