// SPDX-License-Identifier: Apache-2.0

package format

import (
	"net/netip"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// The rules for a server do not need those for its service. What no option names is a comment.
func TestDestinationAndWeightRules(t *testing.T) {
	known := ipvs.ServiceID{Protocol: ipvs.TCP, AddrPort: netip.MustParseAddrPort("[fd00::1]:80")}
	foreign := known
	foreign.Protocol = 99
	d := ipvs.Destination{
		DestinationID: ipvs.DestinationID{AddrPort: netip.MustParseAddrPort("[fd00::2]:80")}, Forward: ipvs.DirectRoute, Weight: 3, UpperThreshold: 9,
	}
	for _, test := range []struct {
		id          ipvs.ServiceID
		add, weight string
	}{
		{known, "-a -t [fd00::1]:80 -r [fd00::2]:80 -g -w 3 -x 9 -y 0\n", "-e --keep -t [fd00::1]:80 -r [fd00::2]:80 -w 3"},
		{foreign, "# -a -t [fd00::1]:80 -r [fd00::2]:80 -g -w 3 -x 9 -y 0\n", "# -e --keep -t [fd00::1]:80 -r [fd00::2]:80 -w 3"},
		{ipvs.ServiceID{FWMark: 7, IPv6: true}, "-a -f 7 -6 -r [fd00::2]:80 -g -w 3 -x 9 -y 0\n", "-e --keep -f 7 -6 -r [fd00::2]:80 -w 3"},
	} {
		if got := DestinationRules(&ipvs.Service{ServiceID: test.id}, []ipvs.Destination{d}); got != test.add {
			t.Errorf("got %s, want %s", got, test.add)
		}
		if got := WeightRule(test.id, d); got != test.weight {
			t.Errorf("got %s, want %s", got, test.weight)
		}
	}
}
