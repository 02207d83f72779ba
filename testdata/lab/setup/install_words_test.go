// SPDX-License-Identifier: Apache-2.0

package setup

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestInstallTakesAnyDirectoryAsRoot(t *testing.T) {
	for _, root := range []string{"a root", "it's", "a|b&c%", "relative/root"} {
		m := built(t)
		m.run("make", "install", "DISTRIBUTION=debian", "DESTDIR="+root).mustFail(t, 0)
		m.run("make", "install", "DISTRIBUTION=debian", "DESTDIR="+m.top+"/absolute/"+root).mustFail(t, 0)
		for _, path := range []string{root, "absolute/" + root} {
			if m.text(path+"/usr/local/sbin/ipvsadm") != "the binary" || !m.exists(path+"/etc/default/ipvsadm") {
				t.Errorf("not installed below %s", path)
			}
		}
		m.run("make", "uninstall", "DESTDIR="+root).mustFail(t, 0)
		if m.exists(root + "/usr/local/sbin/ipvsadm") {
			t.Errorf("still installed below %s", root)
		}
	}
}

func TestInstallRefusesPrefix(t *testing.T) {
	for _, prefix := range []string{"", "usr", "./usr", "/opt/my programs", "/opt/a|b", "/opt/a&b", "/opt/100%", "/opt/it's", `/opt/"`, `/opt/\n`, "/opt/ä"} {
		m := built(t)
		got := m.run("make", "install", "DESTDIR="+m.top+"/root", "PREFIX="+prefix)
		got.mustFail(t, 2)
		got.mustSay(t, "install.sh: the prefix must be an absolute path of letters, digits, and . _ / -, not '"+prefix+"'")
		if m.exists("root") {
			t.Errorf("%s: something was installed", prefix)
		}
	}
}

func TestInstallTakesPrefixWithSlashes(t *testing.T) {
	m := built(t)
	m.run("make", "install", "DESTDIR="+m.top+"/root", "PREFIX=//opt//lvs-1.0_a/").mustFail(t, 0)
	if !strings.Contains(m.text(unit), "ExecStart=/opt/lvs-1.0_a/sbin/ipvsadm-boot start") {
		t.Errorf("the unit is %q", m.text(unit))
	}
}

func TestInstallRefusesDistribution(t *testing.T) {
	m := built(t)
	got := m.run("make", "install", "DESTDIR="+m.top+"/root", "DISTRIBUTION=ubuntu")
	got.mustFail(t, 2)
	got.mustSay(t, "install.sh: the distribution must be debian, redhat or suse, not 'ubuntu'")
	if m.exists("root") {
		t.Error("something was installed")
	}
}

// As from a tarball.
func TestInstallScriptRunsFromAnywhere(t *testing.T) {
	m := built(t)
	m.run("bash", ".packaging/stage.sh", "tarball", "bin/ipvsadm", "/dev/null", "unpacked").mustFail(t, 0)
	m.link("../unpacked/install.sh", "links/install")
	for _, name := range []string{"unpacked/install.sh", "links/install", filepath.Join(m.top, "unpacked/install.sh")} {
		got := m.run("sh", name, "--help")
		got.mustFail(t, 0)
		got.mustSay(t, "Usage: install.sh [--prefix=/usr/local]", "--uninstall")
		m.run("sh", name, "--root=root").mustFail(t, 0)
		m.mustHaveInstalled(true)
		if err := os.RemoveAll(filepath.Join(m.top, "root")); err != nil {
			t.Fatal(err)
		}
	}
}

func TestDistRefusesArchitectureAndKeepsPackages(t *testing.T) {
	m := newMachine(t)
	m.copies(".packaging/dist.sh")
	m.file("bin/dist/some.deb", "")
	got := m.run("bash", ".packaging/dist.sh", "bin/dist", "amd64", "foo")
	got.mustFail(t, 1)
	got.mustSay(t, "dist.sh: there are no packages for 'foo'. The architectures are amd64 arm64 riscv64 s390x ppc64le armv7\n")
	if !m.exists("bin/dist/some.deb") {
		t.Error("the packages are gone")
	}
}
