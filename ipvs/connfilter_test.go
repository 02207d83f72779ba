package ipvs

import (
	"net/netip"
	"slices"
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
	end := func(text string) EndFilter { return EndFilter{netip.MustParseAddrPort(text), true} }
	anyPort := func(text string) EndFilter { return EndFilter{AddrPort: netip.MustParseAddrPort(text)} }
	for name, c := range map[string]struct {
		filter ConnFilter
		match  bool
	}{
		"all":                 {ConnFilter{}, true},
		"state":               {ConnFilter{State: "Established"}, true},
		"other state":         {ConnFilter{State: "ESTAB"}, false},
		"network":             {ConnFilter{Client: netip.MustParsePrefix("192.168.0.0/16")}, true},
		"other network":       {ConnFilter{Client: netip.MustParsePrefix("192.168.6.0/24")}, false},
		"other family":        {ConnFilter{Client: netip.MustParsePrefix("::/0")}, false},
		"virtual":             {ConnFilter{Virtual: anyPort("10.0.0.1:0")}, true},
		"virtual with port":   {ConnFilter{Virtual: end("10.0.0.1:80")}, true},
		"other port":          {ConnFilter{Virtual: end("10.0.0.1:81")}, false},
		"port 0":              {ConnFilter{Virtual: end("10.0.0.1:0")}, false},
		"destination":         {ConnFilter{Destination: end("[fd00::2]:0")}, true},
		"other destination":   {ConnFilter{Destination: anyPort("[fd00::3]:0")}, false},
		"one of two is wrong": {ConnFilter{State: "ESTABLISHED", Virtual: anyPort("10.0.0.2:0")}, false},
	} {
		if c.filter.Match(&entry) != c.match {
			t.Errorf("%s: %v", name, !c.match)
		}
	}
}

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
		{ConnKey{Protocol: "TCP", End: first.Virtual}, 3},
		{ConnKey{Protocol: "TCP", End: first.Destination}, 3},
		{ConnKey{End: netip.MustParseAddrPort("192.168.7.2:0")}, 2},
		{ConnKey{Protocol: "TCP", State: "ESTABLISHED"}, 2},
		{ConnKey{End: netip.MustParseAddrPort("192.168.7.1:0")}, 1},
		{ConnKey{Protocol: "TCP", State: "FIN_WAIT"}, 1},
	}
	if got := counts.List(); !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}
