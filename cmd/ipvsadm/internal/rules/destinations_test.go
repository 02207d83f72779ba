// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"pgregory.net/rapid"
)

// TestDestinationListMatchesSlice compares a destinationList, with and without an index,
// with a plain slice.
func TestDestinationListMatchesSlice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var l destinationList
		var plain []desiredDestination
		servers := rapid.IntRange(1, 3*maxUnindexed).Draw(t, "servers")
		for line := range rapid.IntRange(0, 200).Draw(t, "lines") {
			d := ipvs.Destination{DestinationID: ipvs.DestinationID{
				AddrPort: netip.MustParseAddrPort(fmt.Sprintf("10.0.0.%d:80", rapid.IntRange(1, servers).Draw(t, "server"))),
			}}
			i := slices.IndexFunc(plain, func(s desiredDestination) bool { return s.DestinationID == d.DestinationID })
			found := l.find(d.DestinationID)
			switch {
			case (i < 0) != (found == nil), found != nil && *found != plain[i]:
				t.Fatalf("%s is %v, in %v", d.DestinationID, found, plain)
			case found == nil:
				l.add(d, line+1)
				plain = append(plain, desiredDestination{d, line + 1})
			default:
				l.remove(found)
				plain = slices.Delete(plain, i, i+1)
			}
		}
		left := l.remaining()
		if !slices.EqualFunc(left, plain, func(d ipvs.Destination, s desiredDestination) bool { return d == s.Destination }) {
			t.Fatalf("left %v, want %v", left, plain)
		}
		if len(l.all) > 2*len(plain) {
			t.Fatalf("%d are kept for %d", len(l.all), len(plain))
		}
	})
}
