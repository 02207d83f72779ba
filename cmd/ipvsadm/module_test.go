package main

import (
	"slices"
	"testing"
)

func TestUsersOfAModuleComeBeforeIt(t *testing.T) {
	for _, test := range []struct {
		loaded string
		want   []string
	}{
		{"", nil},
		{"nf_conntrack 188416 1 ip_vs, Live 0x0\n", nil},
		{"ip_vs\n", nil},
		{"ip_vs 204800 0 - Live 0x0\n", []string{"ip_vs"}},
		{"ip_vs_rr 16384 0 - Live 0x0\nip_vs 204800 5 ip_vs_rr,xt_ipvs, Live 0x0\n", []string{"ip_vs_rr", "xt_ipvs", "ip_vs"}},
	} {
		if got := usersOf("ip_vs", test.loaded); !slices.Equal(got, test.want) {
			t.Errorf("%q: got %q, want %q", test.loaded, got, test.want)
		}
	}
}
