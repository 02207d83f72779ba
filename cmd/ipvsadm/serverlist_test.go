package main

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"pgregory.net/rapid"
)

// A list of servers does what a plain list would, few or many, whatever was
// removed and added again.
func TestServerListIsAList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var l serverList
		var plain []desiredServer
		servers := rapid.IntRange(1, 3*fewServers).Draw(t, "servers")
		for line := range rapid.IntRange(0, 200).Draw(t, "lines") {
			d := ipvs.Destination{DestinationID: ipvs.DestinationID{
				AddrPort: netip.MustParseAddrPort(fmt.Sprintf("10.0.0.%d:80", rapid.IntRange(1, servers).Draw(t, "server"))),
			}}
			i := slices.IndexFunc(plain, func(s desiredServer) bool { return s.DestinationID == d.DestinationID })
			found := l.find(d.DestinationID)
			switch {
			case (i < 0) != (found == nil), found != nil && *found != plain[i]:
				t.Fatalf("%s is %v, in %v", d.DestinationID, found, plain)
			case found == nil:
				l.add(d, line+1)
				plain = append(plain, desiredServer{d, line + 1})
			default:
				l.remove(found)
				plain = slices.Delete(plain, i, i+1)
			}
		}
		left := l.left()
		if !slices.EqualFunc(left, plain, func(d ipvs.Destination, s desiredServer) bool { return d == s.Destination }) {
			t.Fatalf("left %v, want %v", left, plain)
		}
		if len(l.all) > 2*len(plain) {
			t.Fatalf("%d are kept for %d", len(l.all), len(plain))
		}
	})
}
