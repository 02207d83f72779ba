// SPDX-License-Identifier: Apache-2.0

package format

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

func TestClassicConnections(t *testing.T) {
	entry := ipvs.ConnEntry{
		Protocol: "TCP", State: "ESTABLISHED", Expires: 15 * time.Minute,
		Client:      netip.MustParseAddrPort("192.168.0.1:50000"),
		Virtual:     netip.MustParseAddrPort("10.0.0.1:80"),
		Destination: netip.MustParseAddrPort("[fd00::2]:80"),
	}
	long := entry
	long.Protocol, long.Expires, long.PEName, long.PEData = "UDP", 6000*time.Second, "sip", "call@host "+strings.Repeat("x", 300)
	var b strings.Builder
	if err := (Classic{PersistenceData: true}).Connections(&b, oneChunk([]ipvs.ConnEntry{entry, long})); err != nil {
		t.Fatal(err)
	}
	want := `IPVS connection entries
pro expire state       source             virtual            destination        pe name          pe_data
TCP 15:00  ESTABLISHED 192.168.0.1:50000  10.0.0.1:80        [fd00::2]:80
UDP 100:00 ESTABLISHED 192.168.0.1:50000  10.0.0.1:80        [fd00::2]:80     sip                call@host
`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}

func TestAppendMinutes(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "00:00", 59 * time.Second: "00:59", 9*time.Minute + 5*time.Second: "09:05",
		15 * time.Minute: "15:00", 4294967295 * time.Second: "71582788:15",
	} {
		if got := string(appendMinutes(nil, d)); got != want {
			t.Errorf("%s: got %s, want %s", d, got, want)
		}
	}
}
