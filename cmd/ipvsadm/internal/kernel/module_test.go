// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/mdlayher/genetlink"
	"golang.org/x/sys/unix"
)

func TestModuleUsersOrder(t *testing.T) {
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
		if got := moduleUsers("ip_vs", test.loaded); !slices.Equal(got, test.want) {
			t.Errorf("%q: got %q, want %q", test.loaded, got, test.want)
		}
	}
}

func TestHasIPVS(t *testing.T) {
	loaded, unloaded, noProc := t.TempDir(), t.TempDir(), filepath.Join(t.TempDir(), "none")
	if err := os.WriteFile(filepath.Join(loaded, "ip_vs"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	refused := func() ([]genetlink.Family, error) { return nil, unix.EPROTONOSUPPORT }
	list := func(names ...string) func() ([]genetlink.Family, error) {
		return func() (families []genetlink.Family, err error) {
			for _, name := range names {
				families = append(families, genetlink.Family{Name: name})
			}
			return families, nil
		}
	}
	for _, test := range []struct {
		name, dir string
		families  func() ([]genetlink.Family, error)
		want      bool
		wantErr   string
	}{
		{"in /proc", loaded, refused, true, ""},
		{"not in /proc", unloaded, refused, false, ""},
		{"without /proc", noProc, list("nlctrl", "IPVS"), true, ""},
		{"without /proc and IPVS", noProc, list("nlctrl", "ipvs2"), false, ""},
		{"without /proc and netlink", noProc, refused, false, "cannot determine whether IPVS is available: protocol not supported"},
	} {
		got, err := hasIPVS(test.dir, test.families)
		if text := errorText(err); got != test.want || text != test.wantErr {
			t.Errorf("%s: %v, %q", test.name, got, text)
		}
	}
	if families, err := listFamilies(); err != nil || !slices.ContainsFunc(families, func(f genetlink.Family) bool { return f.Name == "nlctrl" }) {
		t.Errorf("the kernel lists %v, %v", families, err)
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
