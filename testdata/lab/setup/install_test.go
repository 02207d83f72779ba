package setup

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// built is a machine with all that "make install" copies and without Go, as it is for sudo.
func built(t *testing.T) *machine {
	m := newMachine(t)
	m.copies("Makefile", "go.mod", "go.sum", "testdata/lab/go.sh", "cmd/ipvsadm/main.go", "sysconfig/replace.go",
		"sysconfig/ipvsadm.init", "sysconfig/ipvsadm.service", "sysconfig/default.debian")
	pages, err := filepath.Glob("../../../cmd/ipvsadm/*.8")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range pages {
		m.copies("cmd/ipvsadm/" + filepath.Base(page))
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
	data, _ := os.ReadFile(filepath.Join(m.top, "root/sbin/ipvsadm-restore"))
	if got := string(data) == "the binary"; got != want {
		m.t.Errorf("installed: %v, want %v", got, want)
	}
}

func TestInstallNeedsNoGo(t *testing.T) {
	m := built(t)
	m.install().mustFail(t, 0)
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
