// SPDX-License-Identifier: Apache-2.0

package ipvs

import (
	"net/netip"
	"testing"
)

func someConnEntry() ConnEntry {
	return ConnEntry{
		Protocol: "TCP", State: "ESTABLISHED", Client: netip.MustParseAddrPort("192.168.7.1:50000"),
		Virtual: netip.MustParseAddrPort("10.0.0.1:80"), Destination: netip.MustParseAddrPort("[fd00::2]:0"),
	}
}

func TestConnFilter(t *testing.T) {
	entry := someConnEntry()
	end := func(text string) EndpointFilter { return EndpointFilter{netip.MustParseAddrPort(text), true} }
	anyPort := func(text string) EndpointFilter { return EndpointFilter{AddrPort: netip.MustParseAddrPort(text)} }
	portAlone := func(port uint16) EndpointFilter { return EndpointFilter{netip.AddrPortFrom(netip.Addr{}, port), true} }
	for name, c := range map[string]struct {
		filter ConnFilter
		match  bool
	}{
		"all":                 {ConnFilter{}, true},
		"protocol":            {ConnFilter{Protocol: "tcp"}, true},
		"other protocol":      {ConnFilter{Protocol: "UDP"}, false},
		"state":               {ConnFilter{State: "Established"}, true},
		"other state":         {ConnFilter{State: "ESTAB"}, false},
		"network":             {ConnFilter{Client: netip.MustParsePrefix("192.168.0.0/16")}, true},
		"other network":       {ConnFilter{Client: netip.MustParsePrefix("192.168.6.0/24")}, false},
		"other family":        {ConnFilter{Client: netip.MustParsePrefix("::/0")}, false},
		"virtual":             {ConnFilter{Virtual: anyPort("10.0.0.1:0")}, true},
		"virtual with port":   {ConnFilter{Virtual: end("10.0.0.1:80")}, true},
		"other port":          {ConnFilter{Virtual: end("10.0.0.1:81")}, false},
		"port 0":              {ConnFilter{Virtual: end("10.0.0.1:0")}, false},
		"port alone":          {ConnFilter{Virtual: portAlone(80)}, true},
		"other port alone":    {ConnFilter{Virtual: portAlone(81)}, false},
		"port 0 alone":        {ConnFilter{Destination: portAlone(0)}, true},
		"mapped":              {ConnFilter{Virtual: end("[::ffff:10.0.0.1]:80")}, true},
		"other mapped":        {ConnFilter{Virtual: anyPort("[::ffff:10.0.0.2]:80")}, false},
		"mapped network":      {ConnFilter{Client: netip.MustParsePrefix("::ffff:192.168.0.0/112")}, true},
		"other mapped net":    {ConnFilter{Client: netip.MustParsePrefix("::ffff:192.168.6.0/120")}, false},
		"all mapped":          {ConnFilter{Client: netip.MustParsePrefix("::ffff:0.0.0.0/96")}, true},
		"more than mapped":    {ConnFilter{Client: netip.MustParsePrefix("::ffff:0.0.0.0/95")}, false},
		"destination":         {ConnFilter{Destination: end("[fd00::2]:0")}, true},
		"other destination":   {ConnFilter{Destination: anyPort("[fd00::3]:0")}, false},
		"one of two is wrong": {ConnFilter{State: "ESTABLISHED", Virtual: anyPort("10.0.0.2:0")}, false},
	} {
		if c.filter.Match(&entry) != c.match {
			t.Errorf("%s: %v", name, !c.match)
		}
	}
}
