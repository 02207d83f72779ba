// SPDX-License-Identifier: Apache-2.0

package facts

import (
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/diagnose"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

var _ diagnose.Facts = (*Machine)(nil)

// The loopback interface and its address are the same everywhere.
func TestNetworkOfThisMachine(t *testing.T) {
	var n Network
	defer n.Close()
	links, err := n.Links()
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(links, func(l diagnose.Link) bool { return l.Name == "lo" })
	if i < 0 || !links[i].Loopback {
		t.Fatalf("links are %+v", links)
	}
	if !links[i].Up {
		t.Fatal("lo is down: this test needs it")
	}
	addresses, err := n.Addresses()
	want := diagnose.Address{Prefix: netip.MustParsePrefix("127.0.0.1/8"), Link: "lo", HostScope: true}
	if err != nil || !slices.Contains(addresses, want) {
		t.Errorf("addresses are %+v, %v", addresses, err)
	}
	route, err := n.Route(diagnose.Query{Dst: netip.MustParseAddr("127.0.0.1")})
	if err != nil || route.Kind != diagnose.LocalPath || route.Link != "lo" || route.Src != netip.MustParseAddr("127.0.0.1") {
		t.Errorf("the route to 127.0.0.1 is %+v, %v", route, err)
	}
	if _, err := n.Route(diagnose.Query{Dst: netip.IPv4Unspecified()}); err != nil {
		t.Errorf("default route: %v", err)
	}
	if route, err := n.Route(diagnose.Query{Dst: netip.MustParseAddr("127.0.0.1"), Src: netip.MustParseAddr("192.0.2.77")}); err != nil || route.Kind != diagnose.NoRoute {
		t.Errorf("the route from another machine's address is %+v, %v", route, err)
	}
	if route, err := n.Route(diagnose.Query{Dst: netip.MustParseAddr("203.0.113.77")}); err != nil || route.Gateway.IsValid() && !route.Prefix.IsValid() {
		t.Errorf("the route to another machine is %+v, %v", route, err)
	}
	if _, err := n.Neighbours(); err != nil {
		t.Error(err)
	}
	if _, err := n.PolicyRules(); err != nil {
		t.Error(err)
	}
}

// withFiles is a machine with files in place of those of the kernel.
func withFiles(t *testing.T, files map[string]string) *Machine {
	t.Helper()
	root := t.TempDir()
	for path, content := range files {
		path = filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return &Machine{Root: root}
}

func TestSetting(t *testing.T) {
	m := withFiles(t, map[string]string{"proc/sys/net/ipv4/conf/eth0.7/arp_ignore": "1\n", "proc/sys/net/ipv4/vs/sync_threshold": "3\t50\n", "proc/secret": "x"})
	for path, want := range map[string]string{"net ipv4 conf eth0.7 arp_ignore": "1", "net ipv4 vs sync_threshold": "3 50"} {
		if got, err := m.Setting(strings.Fields(path)...); got != want || err != nil {
			t.Errorf("%s: %q, %v", path, got, err)
		}
	}
	if _, err := m.Setting("net", "ipv4", "ip_forward"); !errors.Is(err, fs.ErrNotExist) || err.Error() != "/proc/sys/net/ipv4/ip_forward: no such file or directory" {
		t.Errorf("a missing setting: %v", err)
	}
	for _, path := range [][]string{{"..", "secret"}, {"../secret"}} {
		if got, err := m.Setting(path...); err == nil {
			t.Errorf("%q: %q", path, got)
		}
	}
}

// The last file that sets a setting counts, and a file hides those with its name elsewhere.
func TestConfigured(t *testing.T) {
	m := withFiles(t, map[string]string{
		"etc/sysctl.d/50-lvs.conf":     "# net.ipv4.vs.conntrack = 0\n; net.ipv4.vs.conntrack = 0\nnet.ipv4.vs.conntrack = 1\n-net/ipv4/vs/sync_threshold =3\t 100\nnet.ipv4.ip_forward=1\nnet.ipv4.vs.pmtu_disc\n",
		"usr/lib/sysctl.d/50-lvs.conf": "net.ipv4.vs.sloppy_tcp=1\n",
		"run/sysctl.d/60-other.conf":   "net.ipv4.vs.conntrack=0",
		"etc/sysctl.d/70-mine.txt":     "net.ipv4.vs.sloppy_tcp=1\n",
		"usr/lib/sysctl.d/80-no.conf":  "net.ipv4.vs.sloppy_tcp=1\n",
	})
	if err := os.Symlink("/dev/null", filepath.Join(m.Root, "etc/sysctl.d/80-no.conf")); err != nil {
		t.Fatal(err)
	}
	want := []diagnose.Configured{
		{Name: "conntrack", Value: "0", File: "/run/sysctl.d/60-other.conf"},
		{Name: "sync_threshold", Value: "3 100", File: "/etc/sysctl.d/50-lvs.conf"},
	}
	if got, err := m.Configured(); err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v", got, err)
	}
	for process, link := range map[string]string{"1": "net:[1]", "thread-self": "net:[2]"} {
		ns := filepath.Join(m.Root, "proc", process, "ns")
		if err := os.MkdirAll(ns, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(link, filepath.Join(ns, "net")); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := m.Configured(); err != nil || len(got) > 0 {
		t.Errorf("in another namespace: got %v, %v", got, err)
	}
	if got, err := withFiles(t, nil).Configured(); err != nil || len(got) > 0 {
		t.Errorf("without files: got %v, %v", got, err)
	}
}

// Lines as /proc has them on x86. The last one ends early.
func TestListeners(t *testing.T) {
	const head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
	m := withFiles(t, map[string]string{
		"proc/thread-self/net/tcp": head + `   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0
   1: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0
   2: 0B00000A:0050 07000A0A:C001 01 00000000:00000000 00:00000000 00000000     0        0 1 1 0
   3: 0B00000A:00`,
		"proc/thread-self/net/tcp6": head + `   0: 00000000000000000000000000000000:01BB 00000000000000000000000000000000:0000 0A 0:0 00:0 0 0 0 1
   1: 000000FD000000000000000011000000:01BC 00000000000000000000000000000000:0000 0A 0:0 00:0 0 0 0 1
`,
		"proc/thread-self/net/udp": head + "   0: 00000000:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 1 1 0\n",
	})
	for protocol, want := range map[ipvs.Protocol]string{
		ipvs.TCP: "[127.0.0.1:8080 0.0.0.0:80 [::]:443 [fd00::11]:444]",
		ipvs.UDP: "[0.0.0.0:53]",
	} {
		got, err := m.Listeners(protocol)
		var text []string
		for _, l := range got {
			text = append(text, l.String())
		}
		if err != nil || "["+strings.Join(text, " ")+"]" != want {
			t.Errorf("%s: %s, %v, want %s", protocol, text, err, want)
		}
	}
	if _, err := m.Listeners(ipvs.SCTP); err == nil {
		t.Error("sockets of SCTP are not read")
	}
}

// Without /proc nobody knows which programs run.
func TestManagersWithoutProc(t *testing.T) {
	if running, err := withFiles(t, nil).Managers(); err == nil {
		t.Errorf("%v", running)
	}
	if _, err := (&Machine{Root: "/"}).Managers(); err != nil {
		t.Error(err)
	}
}

// A file that is missing from a file system that is not mounted tells nothing.
func TestFilesThatNobodyCanSee(t *testing.T) {
	m := withFiles(t, map[string]string{"proc/version": "", "sys/power/state": ""})
	if _, err := m.Table(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without IPVS: %v", err)
	}
	if vendor, err := m.Vendor(); vendor != "" || err != nil {
		t.Errorf("without firmware: %q, %v", vendor, err)
	}
	m = withFiles(t, nil)
	if _, err := m.Table(); err == nil || err.Error() != "/proc is not mounted" || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without /proc: %v", err)
	}
	if _, err := m.Vendor(); err == nil || err.Error() != "/sys is not mounted" {
		t.Errorf("without /sys: %v", err)
	}
}

// Without permission, /proc tells of services and servers, and nothing of thresholds.
func TestTableOfProc(t *testing.T) {
	m := withFiles(t, map[string]string{"proc/thread-self/net/ip_vs": `IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
TCP  0A000001:0050 rr 
  -> 0A00000B:0050      Route   1      0          0         
`})
	table, err := m.Table()
	if err != nil || len(table) != 1 || len(table[0].Destinations) != 1 || table[0].Destinations[0].Forward != ipvs.DirectRoute {
		t.Errorf("%+v, %v", table, err)
	}
	if err := m.Complete(); err == nil {
		t.Error("it should lack thresholds")
	}
	if _, err := m.Timeouts(); err == nil {
		t.Error("timeouts need permission")
	}
}
