// SPDX-License-Identifier: Apache-2.0

package ipvs_test

import (
	"math"
	"strings"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/mdlayher/netlink"
	"pgregory.net/rapid"
)

// Whoever does not set a mask does not group clients.
func TestZeroNetmaskIsHostMask(t *testing.T) {
	onEveryBackend(t, func(t *testing.T, w *world) {
		c := w.client(t)
		for _, id := range []ipvs.ServiceID{tcp("10.0.0.1:80"), tcp("[2001:db8::80]:80"), mark(1, ipvs.IPv4), mark(1, ipvs.IPv6)} {
			must(t, c.NewService(ipvs.Service{ServiceID: id, Scheduler: "rr", Flags: ipvs.Persistent, Timeout: 300}))
			got, err := c.Service(id)
			must(t, err)
			if got.Netmask != (ipvs.Netmask{}) || !got.Netmask.IsHost() {
				t.Errorf("%s: netmask %s", id, got.Netmask)
			}
		}
		replies, errno := w.raw(t).execute(t, ipvs.CommandGetService, netlink.Dump, nil)
		if errno != 0 || len(replies) != 4 {
			t.Fatalf("%d services, %v", len(replies), errno)
		}
		for _, reply := range replies {
			switch mask := serviceAttribute(t, reply, 9); string(mask) {
			case "\xff\xff\xff\xff", string(n32(128)):
			default:
				t.Errorf("netmask %x in the kernel", mask)
			}
		}
	})
}

func TestNetmaskHasOneForm(t *testing.T) {
	for _, m := range []ipvs.Netmask{
		ipvs.IPv4Mask(255, 255, 255, 255), ipvs.IPv4Prefix(32), ipvs.IPv6Prefix(128), parseNetmask(t, "255.255.255.255"), parseNetmask(t, "128"), parseNetmask(t, "HOST"),
	} {
		if m != (ipvs.Netmask{}) || !m.IsHost() {
			t.Errorf("got %s, want the zero value", m)
		}
	}
	for bits, want := range map[int]ipvs.Netmask{
		0: ipvs.IPv4Mask(0, 0, 0, 0), 1: ipvs.IPv4Mask(128, 0, 0, 0), 24: ipvs.IPv4Mask(255, 255, 255, 0), 31: ipvs.IPv4Mask(255, 255, 255, 254),
	} {
		if got := ipvs.IPv4Prefix(bits); got != want || got.IsHost() {
			t.Errorf("prefix length %d: got %s, want %s", bits, got, want)
		}
	}
	if ipvs.IPv4Prefix(0) == ipvs.IPv6Prefix(0) {
		t.Error("0.0.0.0 is the IPv6 prefix length 0")
	}
}

func TestNetmaskByFamily(t *testing.T) {
	for _, tc := range []struct {
		m    ipvs.Netmask
		mask [4]byte
		is4  bool
		bits int
		is6  bool
	}{
		{ipvs.Netmask{}, [4]byte{255, 255, 255, 255}, true, 128, true},
		{ipvs.IPv4Mask(0, 0, 0, 0), [4]byte{}, true, 0, false},
		{ipvs.IPv4Mask(1, 2, 3, 4), [4]byte{1, 2, 3, 4}, true, 0, false},
		{ipvs.IPv6Prefix(0), [4]byte{}, false, 0, true},
		{ipvs.IPv6Prefix(64), [4]byte{}, false, 64, true},
		{ipvs.IPv4Prefix(33), [4]byte{}, false, 0, false},
	} {
		if mask, ok := tc.m.IPv4(); mask != tc.mask || ok != tc.is4 {
			t.Errorf("%s: IPv4 mask %v, %v", tc.m, mask, ok)
		}
		if bits, ok := tc.m.IPv6(); bits != tc.bits || ok != tc.is6 {
			t.Errorf("%s: IPv6 prefix length %d, %v", tc.m, bits, ok)
		}
	}
}

func TestNetmaskText(t *testing.T) {
	for want, m := range map[string]ipvs.Netmask{
		"host": {}, "0.0.0.0": ipvs.IPv4Prefix(0), "255.255.255.0": ipvs.IPv4Prefix(24), "0.255.0.7": ipvs.IPv4Mask(0, 255, 0, 7),
		"0": ipvs.IPv6Prefix(0), "64": ipvs.IPv6Prefix(64), "127": ipvs.IPv6Prefix(127),
	} {
		text, err := m.MarshalText()
		if err != nil || string(text) != want || m.String() != want {
			t.Errorf("got %q, %q, %v, want %q", text, m, err, want)
		}
		if got := parseNetmask(t, want); got != m {
			t.Errorf("%q became %s", want, got)
		}
	}
	for _, bits := range []int{-1, 129, math.MaxInt, math.MinInt} {
		for _, m := range []ipvs.Netmask{ipvs.IPv6Prefix(bits), ipvs.IPv4Prefix(bits)} {
			if text, err := m.MarshalText(); err == nil || m.String() != "invalid" || m.IsHost() {
				t.Errorf("prefix length %d: got %q, %s", bits, text, m)
			}
		}
	}
	for _, bad := range []string{"", "129", "256", "-1", "/24", "0x40", "255.255.255", "ffff::", "255.255.255.0 ", "hosts", "invalid"} {
		var m ipvs.Netmask
		if err := m.UnmarshalText([]byte(bad)); err == nil || !strings.Contains(err.Error(), "netmask") {
			t.Errorf("%q became %s, %v", bad, m, err)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		want := anyNetmask(rapid.SampledFrom([]ipvs.Family{ipvs.IPv4, ipvs.IPv6}).Draw(t, "family")).Draw(t, "mask")
		text, err := want.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		var got ipvs.Netmask
		if err := got.UnmarshalText(text); err != nil || got != want {
			t.Errorf("%s became %s, %v", want, got, err)
		}
	})
}

func TestNetmaskOfOtherFamily(t *testing.T) {
	v4, v6 := tcp("10.0.0.1:80"), mark(1, ipvs.IPv6)
	for want, s := range map[string]ipvs.Service{
		"add service TCP 10.0.0.1:80: netmask 64 is for IPv6, and the service is IPv4": {ServiceID: v4, Netmask: ipvs.IPv6Prefix(64)},
		"add service FWM 1 IPv6: netmask 0.0.0.0 is for IPv4, and the service is IPv6": {ServiceID: v6, Netmask: ipvs.IPv4Prefix(0)},
		"add service TCP 10.0.0.1:80: netmask is invalid":                              {ServiceID: v4, Netmask: ipvs.IPv4Prefix(33)},
		"add service FWM 1 IPv6: netmask is invalid":                                   {ServiceID: v6, Netmask: ipvs.IPv6Prefix(-1)},
	} {
		c, err := newFake().Dial()
		must(t, err)
		if err := c.NewService(s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// serviceAttribute returns an attribute of the service in a reply.
func serviceAttribute(t *testing.T, reply netlink.Message, typ uint16) (value []byte) {
	t.Helper()
	ad, err := netlink.NewAttributeDecoder(reply.Data[4:])
	must(t, err)
	for ad.Next() {
		ad.Nested(func(nad *netlink.AttributeDecoder) error {
			for nad.Next() {
				if nad.Type() == typ {
					value = nad.Bytes()
				}
			}
			return nil
		})
	}
	must(t, ad.Err())
	return value
}

func parseNetmask(t *testing.T, text string) (m ipvs.Netmask) {
	t.Helper()
	must(t, m.UnmarshalText([]byte(text)))
	return m
}
