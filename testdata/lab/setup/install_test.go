// SPDX-License-Identifier: Apache-2.0

package setup

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// built is a machine with all that "make install" copies and without Go, as it is for sudo.
func built(t *testing.T) *machine {
	m := newMachine(t)
	m.copies("Makefile", "go.mod", "go.sum", "testdata/lab/vm/go.sh", "cmd/ipvsadm/main.go", "sysconfig/replace.go",
		".packaging/stage.sh", ".packaging/tarball/install.sh", "LICENSE", "README.md", ".github/CHANGELOG.md",
		".github/watch.svg", "format/schema.json", "format/grafana-dashboard.json")
	const top = "../../../"
	for _, pattern := range []string{"cmd/ipvsadm/*.[78]", "cmd/ipvsadm/completions/*", "sysconfig/ipvsadm*.*", "sysconfig/default.*"} {
		files, err := filepath.Glob(top + pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v, %v", pattern, files, err)
		}
		for _, file := range files {
			m.copies(strings.TrimPrefix(file, top))
		}
	}
	for _, dir := range []string{"ipvs", "format"} {
		m.file(dir+"/some.go", "package some\n")
	}
	m.file("bin/ipvsadm", "the binary")
	return m
}

func (m *machine) install() result {
	return m.run("make", "install", "DESTDIR="+m.top+"/root", "DISTRIBUTION=debian")
}

func (m *machine) mustHaveInstalled(want bool) {
	m.t.Helper()
	data, _ := os.ReadFile(filepath.Join(m.top, "root/usr/local/sbin/ipvsadm-restore"))
	if got := string(data) == "the binary"; got != want {
		m.t.Errorf("installed: %v, want %v", got, want)
	}
}

func TestInstallNeedsNoGo(t *testing.T) {
	m := built(t)
	got := m.install()
	got.mustFail(t, 0)
	got.mustSay(t, "Installed "+m.top+"/root/usr/local/sbin/ipvsadm. Nothing was started or enabled.")
	m.mustHaveInstalled(true)
}

func TestInstallOfABinaryThatIsNotBuilt(t *testing.T) {
	m := built(t)
	if err := os.Remove(filepath.Join(m.top, "bin/ipvsadm")); err != nil {
		t.Fatal(err)
	}
	got := m.install()
	got.mustFail(t, 2)
	got.mustSay(t, "bin/ipvsadm is not built: make && sudo make install")
	m.mustHaveInstalled(false)
}

func TestInstallOfABinaryThatIsOlderThanItsSources(t *testing.T) {
	later := time.Now().Add(time.Minute)
	for _, name := range []string{"cmd/ipvsadm/main.go", "format/some.go", "go.mod", "Makefile"} {
		m := built(t)
		if err := os.Chtimes(filepath.Join(m.top, name), later, later); err != nil {
			t.Fatal(err)
		}
		got := m.install()
		got.mustFail(t, 2)
		got.mustSay(t, "bin/ipvsadm is older than "+name+": make && sudo make install")
		m.mustHaveInstalled(false)
	}
	m := built(t)
	if err := os.Chtimes(m.file("ipvs/some_test.go", ""), later, later); err != nil {
		t.Fatal(err)
	}
	m.install().mustFail(t, 0)
	m.mustHaveInstalled(true)
}

func TestUninstallLeavesSettings(t *testing.T) {
	m := built(t)
	m.install().mustFail(t, 0)
	m.run("make", "uninstall", "DESTDIR="+m.top+"/root", "DISTRIBUTION=debian").mustFail(t, 0)
	var left []string
	err := filepath.WalkDir(filepath.Join(m.top, "root"), func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			left = append(left, strings.TrimPrefix(path, m.top+"/root"))
		}
		return err
	})
	if err != nil || !slices.Equal(left, []string{"/etc/default/ipvsadm"}) {
		t.Errorf("left: %v, %v", left, err)
	}
}

func TestInstallRefusesBesidePackage(t *testing.T) {
	m := built(t)
	m.program("dpkg-query", "echo installed")
	got := m.run("make", "install", "PREFIX="+m.top+"/root")
	got.mustFail(t, 2)
	got.mustSay(t, "dpkg has a package ipvsadm here. Install our package over it, or remove it first.")
	if _, err := os.Stat(filepath.Join(m.top, "root")); err == nil {
		t.Error("something was installed")
	}
}
