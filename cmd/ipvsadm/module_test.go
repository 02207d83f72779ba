package main

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
	"github.com/mdlayher/genetlink"
	"golang.org/x/sys/unix"
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

func TestWhetherIPVSIsThere(t *testing.T) {
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
		{"without /proc and netlink", noProc, refused, false, "cannot tell whether IPVS is there: protocol not supported"},
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

// A verb that cannot know whether there are services does not say that there are none.
func TestBootVerbsThatCannotTellWhetherIPVSIsThere(t *testing.T) {
	k := ipvstest.New()
	runLines(t, k, "ipvsadm -A -f 1")
	m := fakeMachine(k, t.TempDir())
	m.loaded = func() (bool, error) { return false, errors.New("cannot tell") }
	for verb, want := range map[string]int{"stop": lsbFailed, "panic": lsbFailed, "save": lsbFailed, "status": lsbUnknown} {
		var stdout, stderr strings.Builder
		status := run([]string{"ipvsadm-boot", verb}, strings.NewReader(""), &stdout, &stderr, m)
		if status != want || stdout.String() != "" || stderr.String() != "cannot tell\n" {
			t.Errorf("%s: status %d, want %d, %q, %q", verb, status, want, stdout.String(), stderr.String())
		}
	}
	check(t, k, "ipvsadm -S -n", want{stdout: "-A -f 1 -s wlc\n"})
}

// Without IPVS, it is the caller's fault if he lacks CAP_NET_ADMIN. A sandbox that
// leaves him nothing else does not change that.
func TestWhomToBlameForAMissingIPVS(t *testing.T) {
	withAll, err := effectiveCapabilities()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		keep uint64
		want bool
	}{
		{"all", withAll, has(withAll, unix.CAP_NET_ADMIN)},
		{"only CAP_NET_ADMIN", withAll & (1 << unix.CAP_NET_ADMIN), has(withAll, unix.CAP_NET_ADMIN)},
		{"all but CAP_NET_ADMIN", withAll &^ (1 << unix.CAP_NET_ADMIN), false},
		{"none", 0, false},
	} {
		got := make(chan bool)
		go func() {
			runtime.LockOSThread() // and it ends with the goroutine
			header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
			data := [2]unix.CapUserData{}
			for i := range data {
				data[i].Effective = uint32(test.keep >> (32 * i))
				data[i].Permitted = data[i].Effective
			}
			if err := unix.Capset(&header, &data[0]); err != nil {
				t.Errorf("%s: %v", test.name, err)
			}
			got <- mayAdministrate()
		}()
		if got := <-got; got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}
