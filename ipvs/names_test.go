// SPDX-License-Identifier: Apache-2.0

package ipvs_test

import (
	"encoding"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// wantWords checks that all of some words mean a value, in any case.
func wantWords[T comparable, P interface {
	*T
	encoding.TextUnmarshaler
}](t *testing.T, want T, words ...string) {
	t.Helper()
	for _, word := range words {
		for _, word := range []string{word, strings.ToUpper(word), strings.ToLower(word)} {
			var got T
			if err := P(&got).UnmarshalText([]byte(word)); err != nil || got != want {
				t.Errorf("%T: %q became %v, %v, want %v", got, word, got, err, want)
			}
		}
	}
}

func TestWordsInAnyCase(t *testing.T) {
	wantWords(t, ipvs.TCP, "TCP", "Tcp", "6")
	wantWords(t, ipvs.SCTP, "SCTP", "132")
	wantWords(t, ipvs.IPv6, "IPv6", "10")
	wantWords(t, ipvs.Masquerade, "Masq", "masquerade", "masquerading", "NAT", "0")
	wantWords(t, ipvs.DirectRoute, "Route", "DirectRoute", "DR", "gate", "gatewaying", "3")
	wantWords(t, ipvs.Tunnel, "Tunnel", "ipip", "TUN", "2")
	wantWords(t, ipvs.Local, "Local")
	wantWords(t, ipvs.Bypass, "Bypass")
	wantWords(t, ipvs.GUE, "gue")
	wantWords(t, ipvs.Backup, "backup")
	wantWords(t, ipvs.ServiceFlags(0), "", "none", " none ", "0")
	wantWords(t, ipvs.Persistent|ipvs.OnePacket, "persistent,ops", "one-packet, persistent", "Persistent,one-packet,persistent", "0x5", "1,4")
	wantWords(t, ipvs.SourceHashingFallback|ipvs.MaglevHashingPort, "sh-fallback,sh-port", "mh-fallback,mh-port", "flag-1,flag-2")
	wantWords(t, ipvs.ServiceFlags(0x41), "persistent,0x40", "65")
	wantWords(t, ipvs.TunnelFlags(0), "", "none", "nocsum")
	wantWords(t, ipvs.TunnelRemoteChecksum, "remcsum", "2")
}

func TestFlagTexts(t *testing.T) {
	for want, flags := range map[string]fmt.Stringer{
		"none":                  ipvs.ServiceFlags(0),
		"persistent":            ipvs.Persistent,
		"persistent,one-packet": ipvs.OnePacket | ipvs.Persistent,
		"persistent,hashed,one-packet,flag-1,flag-2,flag-3": ipvs.ServiceFlags(0x3f),
		"0x40":                  ipvs.ServiceFlags(0x40),
		"persistent,0xffffffc0": ipvs.ServiceFlags(0xffffffc1),
		"csum":                  ipvs.TunnelChecksum,
		"csum,remcsum,0xfffc":   ipvs.TunnelFlags(0xffff),
	} {
		if got := flags.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	for _, bad := range []string{"nosuch", "persistent,", ",", "-1", "0x100000000", "persistent ops", "none,persistent"} {
		if err := new(ipvs.ServiceFlags).UnmarshalText([]byte(bad)); err == nil {
			t.Errorf("%q is no error", bad)
		}
	}
}

func TestUnknownWordErrorsListTheWords(t *testing.T) {
	for want, err := range map[string]error{
		`ipvs: unknown protocol "ICMP": it is TCP, UDP, SCTP or a number`:                                                            new(ipvs.Protocol).UnmarshalText([]byte("ICMP")),
		`ipvs: unknown forwarding method "": it is Masq, Local, Tunnel, Route, Bypass or a number`:                                   new(ipvs.ForwardingMethod).UnmarshalText(nil),
		`ipvs: unknown service flag "sticky": it is persistent, hashed, one-packet, flag-1, flag-2, flag-3 or a number such as 0x40`: new(ipvs.ServiceFlags).UnmarshalText([]byte("ops,sticky")),
		`ipvs: unknown tunnel flag "0x10000": it is csum, remcsum or a number such as 0x40`:                                          new(ipvs.TunnelFlags).UnmarshalText([]byte("0x10000")),
	} {
		if err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	flags := ipvs.OnePacket
	if flags.UnmarshalText([]byte("persistent,nosuch")) == nil || flags != ipvs.OnePacket {
		t.Errorf("an error left %s", flags)
	}
}

// Every value of an enumeration has a text, and that text has this value only.
func TestEveryValueRoundTrips(t *testing.T) {
	t.Run("protocol", everyValue[ipvs.Protocol](math.MaxUint16))
	t.Run("family", everyValue[ipvs.Family](math.MaxUint16))
	t.Run("forwarding method", everyValue[ipvs.ForwardingMethod](math.MaxUint32))
	t.Run("tunnel type", everyValue[ipvs.TunnelType](math.MaxUint8))
	t.Run("daemon state", everyValue[ipvs.DaemonState](math.MaxUint32))
	t.Run("service flags", everyValue[ipvs.ServiceFlags](math.MaxUint32))
	t.Run("tunnel flags", everyValue[ipvs.TunnelFlags](math.MaxUint16))
}

func everyValue[T interface {
	~uint8 | ~uint16 | ~uint32
	encoding.TextMarshaler
	fmt.Stringer
}, P interface {
	*T
	encoding.TextUnmarshaler
}](largest uint64) func(*testing.T) {
	return func(t *testing.T) {
		values := rapid.OneOf(rapid.Uint64Max(min(largest, 300)), rapid.Uint64Max(largest))
		rapid.Check(t, func(t *rapid.T) {
			want := T(values.Draw(t, "value"))
			text, err := want.MarshalText()
			if err != nil || len(text) == 0 || string(text) != want.String() {
				t.Fatalf("text %q, string %q, %v", text, want, err)
			}
			var got T
			if err := P(&got).UnmarshalText(text); err != nil || got != want {
				t.Fatalf("%q became %d, %v", text, uint64(got), err)
			}
		})
	}
}

// Enumerations without UnmarshalText print numbers for unknown values too.
func TestUnknownValuesPrint(t *testing.T) {
	for _, n := range []int{math.MinInt, -1, 4, 18, 99, 255, math.MaxInt} {
		if group := ipvs.ConnGroup(n); group.String() != fmt.Sprint(n) {
			t.Errorf("connection group %d: %s", n, group)
		}
		if n >= 0 && n < 256 && ipvs.Command(n).String() == "" {
			t.Errorf("command %d has no text", n)
		}
	}
	if got := ipvs.Command(99).String(); got != "command 99" {
		t.Errorf("got %q", got)
	}
}

func TestSchedulers(t *testing.T) {
	all := ipvs.Schedulers()
	if want := strings.Fields("rr wrr lc wlc lblc lblcr dh sh mh sed nq fo ovf twos"); !slices.Equal(all, want) {
		t.Errorf("got %v, want %v", all, want)
	}
	all[0] = "changed"
	if ipvs.Schedulers()[0] != ipvs.RoundRobin {
		t.Error("callers share the list")
	}
}
