// SPDX-License-Identifier: Apache-2.0

package setup

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// link makes a symbolic link below the directory of the machine.
func (m *machine) link(target, name string) {
	m.t.Helper()
	path := filepath.Join(m.top, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		m.t.Fatal(err)
	}
	if err := os.Symlink(target, path); err != nil {
		m.t.Fatal(err)
	}
}

// hasPackage makes dpkg know a package ipvsadm, whose files are those in owned.
func (m *machine) hasPackage(owned ...string) {
	m.program("dpkg-query", `case $1 in -W) echo installed ;; -S) grep -qx -- "$2" "`+m.file("owned", strings.Join(owned, "\n")+"\n")+`" ;; esac`)
}

func TestUninstallNeedsNoBuild(t *testing.T) {
	m := built(t)
	m.install().mustFail(t, 0)
	m.run("make", "clean").mustFail(t, 0)
	m.uninstall().mustFail(t, 0)
	m.mustHaveInstalled(false)
}

func TestUninstallNamesEditedBootFiles(t *testing.T) {
	m := built(t)
	m.install().mustFail(t, 0)
	m.file(script, m.text(script)+"# mine\n")
	got := m.uninstall()
	got.mustFail(t, 0)
	got.mustSay(t, "These boot files were edited, or are not from this script, and stay:\n  "+m.top+"/"+script+"\n")
	got.mustNotSay(t, "ipvsadm.service", "still enabled")
	if !m.exists(script) || m.exists(unit) {
		t.Errorf("script: %v, unit: %v", m.exists(script), m.exists(unit))
	}
}

func TestUninstallNamesLinksThatStartItAtBoot(t *testing.T) {
	links := map[string]string{
		"root/etc/systemd/system/multi-user.target.wants/ipvsadm.service":   "/etc/systemd/system/ipvsadm.service",
		"root/etc/systemd/system/timers.target.wants/ipvsadm-metrics.timer": "/etc/systemd/system/ipvsadm-metrics.timer",
		"root/etc/rcS.d/S20ipvsadm":                                         "../init.d/ipvsadm",
		"root/etc/runlevels/default/ipvsadm":                                "/etc/init.d/ipvsadm",
	}
	for name, target := range links {
		m := built(t)
		m.install().mustFail(t, 0)
		m.link(target, name)
		got := m.uninstall()
		got.mustFail(t, 0)
		got.mustSay(t, "ipvsadm is still enabled at boot. To disable it, remove these links with rm:\n  "+m.top+"/"+name+"\n")
		if !m.exists(name) {
			t.Error("the link is gone")
		}
	}
}

func TestUninstallOfNothing(t *testing.T) {
	m := built(t)
	m.install().mustFail(t, 0)
	for _, wrong := range []string{"PREFIX=/opt", "DESTDIR=" + m.top + "/other"} {
		got := m.run("make", "uninstall", "DESTDIR="+m.top+"/root", wrong)
		got.mustFail(t, 2)
		got.mustSay(t, "install.sh: there is nothing to remove: ipvsadm is not installed in "+m.top)
		got.mustNotSay(t, "Removed")
	}
	m.mustHaveInstalled(true)
}

// guarded makes rm refuse all but temporary files: without DESTDIR, the script works on the machine that runs this test.
func (m *machine) guarded() {
	m.t.Helper()
	path, err := exec.LookPath("rm")
	if err != nil {
		m.t.Fatal(err)
	}
	m.program("rm", `for word; do case $word in -* | "`+m.top+`"/* | /tmp/*) ;; *) echo "rm $word" >&2; exit 1 ;; esac; done; exec `+path+` "$@"`)
}

func TestUninstallBesidePackage(t *testing.T) {
	m := built(t)
	prefix := m.top + "/root/usr/local"
	m.install().mustFail(t, 0)
	m.guarded()
	m.hasPackage("/etc/init.d/ipvsadm", "/etc/systemd/system/ipvsadm.service", "/etc/systemd/system/ipvsadm-metrics.service",
		"/etc/systemd/system/ipvsadm-metrics.timer")
	m.run("make", "uninstall", "PREFIX="+prefix).mustFail(t, 0)
	m.mustHaveInstalled(false)
}

func TestUninstallRefusesFilesOfPackage(t *testing.T) {
	for _, prefix := range []string{"/usr", "/usr/", "/"} {
		m := built(t)
		m.guarded()
		m.hasPackage()
		got := m.run("make", "uninstall", "PREFIX="+prefix)
		got.mustFail(t, 2)
		got.mustSay(t, "is of the package ipvsadm that dpkg has. Remove that package instead.")
	}
}
