// SPDX-License-Identifier: Apache-2.0

package setup

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	unit   = "root/etc/systemd/system/ipvsadm.service"
	script = "root/etc/init.d/ipvsadm"
)

func (m *machine) uninstall() result {
	return m.run("make", "uninstall", "DESTDIR="+m.top+"/root", "DISTRIBUTION=debian")
}

// text is that of a file, empty if there is none.
func (m *machine) text(name string) string {
	data, _ := os.ReadFile(filepath.Join(m.top, name))
	return string(data)
}

func (m *machine) exists(name string) bool {
	_, err := os.Lstat(filepath.Join(m.top, name))
	return err == nil
}

// change replaces text in a file of the repository, as another version does.
func (m *machine) change(name, old, new string) {
	m.t.Helper()
	text := m.text(name)
	if !strings.Contains(text, old) {
		m.t.Fatalf("%s has no %q", name, old)
	}
	m.file(name, strings.ReplaceAll(text, old, new))
}

func TestInstallKeepsEditedBootFiles(t *testing.T) {
	for _, path := range []string{unit, script} {
		m := built(t)
		m.install().mustFail(t, 0)
		installed := m.text(path)
		m.file(path, installed+"# mine\n")

		got := m.install()
		got.mustFail(t, 0)
		got.mustSay(t, path+" was edited, or is not from this script, and stays. The new one is "+m.top+"/"+path+".new")
		if m.text(path) != installed+"# mine\n" || m.text(path+".new") != installed {
			t.Errorf("%s: %q\nnew: %q", path, m.text(path), m.text(path+".new"))
		}

		if err := os.Rename(filepath.Join(m.top, path+".new"), filepath.Join(m.top, path)); err != nil {
			t.Fatal(err)
		}
		m.install().mustNotSay(t, "stays")
	}
}

func TestInstallKeepsForeignBootFiles(t *testing.T) {
	m := built(t)
	m.file(script, "theirs")
	got := m.install()
	got.mustFail(t, 0)
	got.mustSay(t, script+".new")
	if m.text(script) != "theirs" {
		t.Errorf("has %q", m.text(script))
	}
}

func TestInstallReplacesBootFilesOfAnotherVersion(t *testing.T) {
	m := built(t)
	m.install().mustFail(t, 0)
	m.change("sysconfig/ipvsadm.service", "Rules of the", "The rules of the")
	got := m.install()
	got.mustFail(t, 0)
	got.mustNotSay(t, "stays")
	if !strings.Contains(m.text(unit), "The rules of the") || m.exists(unit+".new") {
		t.Errorf("has %q", m.text(unit))
	}
	m.change("sysconfig/ipvsadm.service", "The rules of the", "Rules of the")
	m.uninstall().mustFail(t, 0)
	if m.exists(unit) {
		t.Error("the unit is left")
	}
}

func TestInstallKeepsModeOfBootFiles(t *testing.T) {
	m := built(t)
	m.install().mustFail(t, 0)
	path := filepath.Join(m.top, script)
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	m.install().mustFail(t, 0)
	if info, err := os.Stat(path); err != nil || info.Mode() != 0o644 {
		t.Errorf("%v, %v", info, err)
	}
}

func TestInstallRemovesNewBootFileThatIsNoLongerNeeded(t *testing.T) {
	m := built(t)
	m.file(unit, "theirs")
	m.install().mustFail(t, 0)
	if err := os.Remove(filepath.Join(m.top, unit)); err != nil {
		t.Fatal(err)
	}
	m.install().mustFail(t, 0)
	if !m.exists(unit) || m.exists(unit+".new") {
		t.Errorf("unit: %v, new: %v", m.exists(unit), m.exists(unit+".new"))
	}
}

func TestInstallLeavesMaskedUnit(t *testing.T) {
	m := built(t)
	m.file(unit, "")
	path := filepath.Join(m.top, unit)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/dev/null", path); err != nil {
		t.Fatal(err)
	}
	for _, got := range []result{m.install(), m.install()} {
		got.mustFail(t, 0)
		got.mustSay(t, unit+" is a link to /dev/null, and stays. The new one is "+path+".new")
	}
	m.uninstall().mustFail(t, 0)
	if target, err := os.Readlink(path); target != "/dev/null" || m.exists(unit+".new") {
		t.Errorf("links to %q, %v; new: %v", target, err, m.exists(unit+".new"))
	}
}

func TestInstallRefusesDirectoryAtThePlaceOfAFile(t *testing.T) {
	for _, path := range []string{"root/usr/local/sbin/ipvsadm", "root/usr/local/sbin/ipvsadm-save", unit} {
		m := built(t)
		m.file(path+"/some", "")
		got := m.install()
		got.mustFail(t, 2)
		got.mustSay(t, path+" is a directory. Remove it or move it away first.")
		got.mustNotSay(t, "Installed")
		m.mustHaveInstalled(false)
		if m.exists(script) {
			t.Error("something was installed")
		}
	}
}
