// SPDX-License-Identifier: Apache-2.0

package cmdline

import (
	"net/netip"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

func TestX13BracketedEndpoints(t *testing.T) {
	end, err := parseEndpoint("[10.0.0.1]:80", ipvs.TCP, noDNS())
	if err != nil || end.AddrPort() != netip.MustParseAddrPort("10.0.0.1:80") {
		t.Errorf("[10.0.0.1]:80 is %v, %v", end.AddrPort(), err)
	}
	hosts := answeringDNS(t, map[string][]string{"six.test.": {"fd00::6"}, "both.test.": {"fd00::4", "10.0.0.4"}})
	for name, want := range map[string]string{"six.test:http": "[fd00::6]:80", "both.test:8080": "10.0.0.4:8080", "[both.test]:8080": "[fd00::4]:8080"} {
		end, err := parseEndpoint(name, ipvs.TCP, hosts)
		if err != nil || end.AddrPort() != netip.MustParseAddrPort(want) {
			t.Errorf("%s is %v, %v", name, end.AddrPort(), err)
		}
	}
}
