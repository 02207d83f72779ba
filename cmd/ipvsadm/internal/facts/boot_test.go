// SPDX-License-Identifier: Apache-2.0

package facts

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// inNamespace makes the files that tell in which network namespaces processes are.
func inNamespace(t *testing.T, m *Machine, first, own string) {
	t.Helper()
	for process, namespace := range map[string]string{"1": first, "thread-self": own} {
		directory := filepath.Join(m.Root, "proc", process, "ns")
		if err := os.MkdirAll(directory, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(namespace, filepath.Join(directory, "net")); err != nil {
			t.Fatal(err)
		}
	}
}

func TestBootRules(t *testing.T) {
	const rules = "-A -t 10.0.0.1:80 -s rr\n-a -t 10.0.0.1:80 -r 10.0.0.11 -g\n"
	m := withFiles(t, map[string]string{"etc/ipvsadm.rules": rules})
	inNamespace(t, m, "net:[1]", "net:[1]")
	b, err := m.BootRules()
	if err != nil || b.Elsewhere || b.Path != "/etc/ipvsadm.rules" || len(b.Table) != 1 || len(b.Table[0].Destinations) != 1 {
		t.Errorf("%+v, %v", b, err)
	}
}

func TestBootRulesOfAnotherNamespace(t *testing.T) {
	m := withFiles(t, map[string]string{"etc/ipvsadm.rules": "nonsense\n"})
	inNamespace(t, m, "net:[1]", "net:[2]")
	if b, err := m.BootRules(); err != nil || !b.Elsewhere {
		t.Errorf("%+v, %v", b, err)
	}
}

func TestNoBootRules(t *testing.T) {
	m := &Machine{Root: t.TempDir()}
	if b, err := m.BootRules(); err == nil {
		t.Errorf("without /proc: %+v", b)
	}
	inNamespace(t, m, "net:[1]", "net:[1]")
	if b, err := m.BootRules(); err != nil || len(b.Table) != 0 {
		t.Errorf("%+v, %v", b, err)
	}
}

// A boot file with an error, or with a name that only a name server knows, is not compared.
func TestBadBootRules(t *testing.T) {
	for _, rules := range []string{"-A -t 10.0.0.1\n", "-A -t www.example.com:80 -s rr\n", "-A -t 10.0.0.1:80 -s rr\n-a -t", "\x00\x01\n"} {
		m := withFiles(t, map[string]string{"etc/ipvsadm.rules": rules})
		inNamespace(t, m, "net:[1]", "net:[1]")
		if b, err := m.BootRules(); err == nil || !strings.HasPrefix(err.Error(), "/etc/ipvsadm.rules is not understood") {
			t.Errorf("%q: %+v, %v", rules, b, err)
		}
	}
}

func TestLacks(t *testing.T) {
	m := withPrograms(t, "ip_vs_wlc 1 0 - Live 0x0\n", map[string]string{"lib/modules/6.1.0/modules.dep": "kernel/net/netfilter/ipvs/ip_vs_rr.ko: \n"}, nil)
	for module, want := range map[string]bool{"ip_vs_rr": false, "ip_vs_wlc": false, "ip_vs_mh": true} {
		if got, err := m.Lacks(module); got != want || err != nil {
			t.Errorf("%s: %v, %v", module, got, err)
		}
	}
	if lacks, err := withFiles(t, nil).Lacks("ip_vs_mh"); lacks || err != nil {
		t.Errorf("in a container nobody knows: %v, %v", lacks, err)
	}
}

func TestVendor(t *testing.T) {
	if got, err := withFiles(t, map[string]string{"sys/class/dmi/id/sys_vendor": "Amazon EC2\n"}).Vendor(); got != "Amazon EC2" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := withFiles(t, map[string]string{"sys/power/state": ""}).Vendor(); got != "" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}

// The loopback interface has no hardware, and neither has one that does not exist.
func TestLRO(t *testing.T) {
	var n Network
	for _, link := range []string{"lo", "no-such-link"} {
		if on, err := n.LRO(link); on || err != nil {
			t.Errorf("%s: %v, %v", link, on, err)
		}
	}
	if _, err := n.LRO("a-name-of-more-than-15-bytes"); err == nil {
		t.Error("that name is too long")
	}
}

func TestConnectionsNeedPermission(t *testing.T) {
	m := &Machine{Root: t.TempDir()}
	if _, err := m.ConnTable(); err == nil {
		t.Error("the size of the table needs permission")
	}
	n := 0
	for _, err := range m.Connections() {
		if n++; err == nil {
			t.Error("connections need permission")
		}
	}
	if n != 1 {
		t.Errorf("%d errors", n)
	}
}
