// SPDX-License-Identifier: Apache-2.0

package ipvs_test

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"pgregory.net/rapid"
)

const connHeader = "Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData\n"

// connLine writes an entry as ip_vs_conn_seq_show does.
func connLine(e ipvs.ConnEntry) string {
	end := func(a netip.AddrPort) string {
		if a.Addr().Is4() {
			b := a.Addr().As4()
			return fmt.Sprintf("%02X%02X%02X%02X %04X", b[0], b[1], b[2], b[3], a.Port())
		}
		return fmt.Sprintf("%s %04X", a.Addr().StringExpanded(), a.Port())
	}
	line := fmt.Sprintf("%-3s %s %s %s %-11s %7d", e.Protocol, end(e.Client), end(e.Virtual), end(e.Destination), e.State, e.Expires/time.Second)
	if e.PEName != "" {
		line += " " + e.PEName
		if e.PEData != "" {
			line += " " + e.PEData
		}
	}
	return line + "\n"
}

func readConns(r io.Reader) (entries []ipvs.ConnEntry, err error) {
	for e, err := range ipvs.ConnEntries(r) {
		if err != nil {
			return entries, err
		}
		entries = append(entries, e)
	}
	return entries, nil
}

func TestConnEntriesRoundTrip(t *testing.T) {
	word := rapid.StringMatching(`[A-Za-z_]{1,14}`)
	// StringExpanded writes a mapped address with dots; the kernel does not.
	end := anyAddrPort.Filter(func(a netip.AddrPort) bool { return !a.Addr().Is4In6() })
	entry := rapid.Custom(func(t *rapid.T) ipvs.ConnEntry {
		e := ipvs.ConnEntry{
			Protocol: word.Draw(t, "protocol"), State: word.Draw(t, "state"),
			Client: end.Draw(t, "client"), Virtual: end.Draw(t, "virtual"), Destination: end.Draw(t, "destination"),
			Expires: time.Duration(rapid.Uint32().Draw(t, "expires")) * time.Second,
		}
		if rapid.Bool().Draw(t, "engine") {
			e.PEName = word.Draw(t, "name")
			e.PEData = rapid.StringMatching(`[ -~]{0,255}`).Draw(t, "data")
		}
		return e
	})
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOf(entry).Draw(t, "entries")
		text := connHeader
		for _, e := range want {
			text += connLine(e)
		}
		got, err := readConns(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if len(want) == 0 {
			want = nil
		}
		if d := diff(got, want); d != "" {
			t.Errorf("got -, want +:\n%s\n%s", d, text)
		}
	})
}

// Lines that Linux 6.1 wrote.
func TestConnEntries(t *testing.T) {
	for line, want := range map[string]ipvs.ConnEntry{
		"TCP C0A80001 C350 0A000001 0050 0A000002 0050 ESTABLISHED     900\n": {
			Protocol: "TCP", Client: netip.MustParseAddrPort("192.168.0.1:50000"), Virtual: netip.MustParseAddrPort("10.0.0.1:80"),
			Destination: netip.MustParseAddrPort("10.0.0.2:80"), State: "ESTABLISHED", Expires: 900 * time.Second,
		},
		"UDP fd00:0000:0000:0000:0000:0000:0000:0001 13C4 fd00:0000:0000:0000:0000:0000:0000:0002 13C4 0A000002 13C4 UDP              59 sip a b  c": {
			Protocol: "UDP", Client: netip.MustParseAddrPort("[fd00::1]:5060"), Virtual: netip.MustParseAddrPort("[fd00::2]:5060"),
			Destination: netip.MustParseAddrPort("10.0.0.2:5060"), State: "UDP", Expires: 59 * time.Second, PEName: "sip", PEData: "a b  c",
		},
		"IP  0A0000FF 0000 00000005 0000 0A000002 0000 NONE           4294967295": {
			Protocol: "IP", Client: netip.MustParseAddrPort("10.0.0.255:0"), Virtual: netip.MustParseAddrPort("0.0.0.5:0"),
			Destination: netip.MustParseAddrPort("10.0.0.2:0"), State: "NONE", Expires: 4294967295 * time.Second,
		},
	} {
		got, err := readConns(strings.NewReader(connHeader + line))
		must(t, err)
		wantEqual(t, line, got, []ipvs.ConnEntry{want})
	}
}

func TestConnEntriesErrors(t *testing.T) {
	good := "TCP C0A80001 C350 0A000001 0050 0A000002 0050 ESTABLISHED     900\n"
	for name, line := range map[string]string{
		"empty":           "\n",
		"one word":        "TCP\n",
		"no time":         "TCP C0A80001 C350 0A000001 0050 0A000002 0050 ESTABLISHED\n",
		"no number":       "TCP C0A80001 C350 0A000001 0050 0A000002 0050 ESTABLISHED soon\n",
		"negative":        "TCP C0A80001 C350 0A000001 0050 0A000002 0050 ESTABLISHED -1\n",
		"long port":       "TCP C0A80001 1C350 0A000001 0050 0A000002 0050 ESTABLISHED 1\n",
		"decimal address": "TCP 10.0.0.1 C350 0A000001 0050 0A000002 0050 ESTABLISHED 1\n",
		"no hex":          "TCP XXXXXXXX C350 0A000001 0050 0A000002 0050 ESTABLISHED 1\n",
		"no port":         "TCP C0A80001  0A000001 0050 0A000002 0050 ESTABLISHED 1\n",
		"short IPv6":      "TCP fd00::1 C350 0A000001 0050 0A000002 0050 ESTABLISHED 1\n",
		"no colon":        "TCP fd00:0000:0000-0000:0000:0000:0000:0001 C350 0A000001 0050 0A000002 0050 ESTABLISHED 1\n",
		"no hex in IPv6":  "TCP fd00:0000:0000:0000:0000:0000:0000:000g C350 0A000001 0050 0A000002 0050 ESTABLISHED 1\n",
		"zone":            "TCP fe80::1%eth0 C350 0A000001 0050 0A000002 0050 ESTABLISHED 1\n",
		"too long":        strings.Repeat("x", 70000) + "\n",
	} {
		got, err := readConns(strings.NewReader(connHeader + good + line + good))
		if err == nil || len(got) != 1 {
			t.Errorf("%s: got %v, %v", name, got, err)
		} else if name != "too long" && !strings.Contains(err.Error(), "line 3") {
			t.Errorf("%s: %v does not name the line", name, err)
		}
	}
	broken := errors.New("broken")
	for _, start := range []string{"", connHeader, connHeader + good} {
		_, err := readConns(io.MultiReader(strings.NewReader(start), iotest.ErrReader(broken)))
		if !errors.Is(err, broken) {
			t.Errorf("broken after %q: got %v", start, err)
		}
	}
	if _, err := readConns(strings.NewReader("")); !errors.Is(err, ipvs.ErrNoConnEntries) {
		t.Errorf("empty: got %v", err)
	}
	for range ipvs.ConnEntries(strings.NewReader(connHeader + good + good)) {
		break
	}
}

func FuzzConnEntries(f *testing.F) {
	f.Add(connHeader + "TCP C0A80001 C350 0A000001 0050 0A000002 0050 ESTABLISHED     900 sip abc@host\n")
	f.Add(connHeader)
	f.Fuzz(func(t *testing.T, text string) {
		entries, err := readConns(strings.NewReader(text))
		for i, e := range entries {
			if !e.Client.IsValid() || !e.Virtual.IsValid() || !e.Destination.IsValid() || e.Expires < 0 {
				t.Errorf("entry %d of %q: %+v", i, text, e)
			}
		}
		if err == nil && len(entries) > strings.Count(text, "\n")+1 {
			t.Errorf("%d entries in %q", len(entries), text)
		}
	})
}
