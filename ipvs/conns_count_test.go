// SPDX-License-Identifier: Apache-2.0

package ipvs

import (
	"net/netip"
	"slices"
	"testing"
)

func TestConnCounts(t *testing.T) {
	counts := ConnCounts{}
	first, second := someConnEntry(), someConnEntry()
	second.Client = netip.MustParseAddrPort("192.168.7.2:50000")
	third := second
	third.State = "FIN_WAIT"
	for _, e := range []ConnEntry{first, second, third} {
		for g := ByState; g <= ByDestination; g++ {
			counts[g.Key(&e)]++
		}
	}
	want := []ConnCount{
		{ConnKey{Protocol: "TCP", Endpoint: first.Virtual}, 3},
		{ConnKey{Protocol: "TCP", Endpoint: first.Destination}, 3},
		{ConnKey{Endpoint: netip.MustParseAddrPort("192.168.7.2:0")}, 2},
		{ConnKey{Protocol: "TCP", State: "ESTABLISHED"}, 2},
		{ConnKey{Endpoint: netip.MustParseAddrPort("192.168.7.1:0")}, 1},
		{ConnKey{Protocol: "TCP", State: "FIN_WAIT"}, 1},
	}
	if got := counts.Sorted(); !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}
