// SPDX-License-Identifier: Apache-2.0

package setup

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// staging is a machine with what .packaging/stage.sh needs for a deb, and completions.
func staging(t *testing.T, completions ...string) *machine {
	m := newMachine(t)
	m.copies(".packaging/stage.sh", ".packaging/deb/copyright", ".packaging/deb/lintian-overrides", "cmd/ipvsadm/ipvsadm.8", "cmd/ipvsadm/ipvsadm-diagnose.7",
		"sysconfig/ipvsadm.service", "sysconfig/ipvsadm-metrics.service",
		"sysconfig/ipvsadm-metrics.timer", "sysconfig/ipvsadm.init", "sysconfig/default.debian",
		"format/schema.json", "format/grafana-dashboard.json")
	m.file("program", "")
	m.file("licences", "")
	for _, name := range completions {
		m.file("cmd/ipvsadm/completions/"+name, name)
	}
	return m
}

func (m *machine) stage(format string) result {
	return m.run("bash", ".packaging/stage.sh", format, "program", "licences", "stage")
}

func TestPackageTakesCompletions(t *testing.T) {
	m := staging(t, "ipvsadm.bash", "_ipvsadm", "ipvsadm.fish", "ipvsadm-boot.fish", "completions.go")
	m.stage("deb").mustFail(t, 0)
	for path, want := range map[string]string{
		"bash-completion/completions/ipvsadm":            "ipvsadm.bash",
		"bash-completion/completions/ipvsadm-save":       "ipvsadm.bash",
		"bash-completion/completions/ipvsadm-restore":    "ipvsadm.bash",
		"bash-completion/completions/ipvsadm-boot":       "ipvsadm.bash",
		"zsh/vendor-completions/_ipvsadm":                "_ipvsadm",
		"fish/vendor_completions.d/ipvsadm.fish":         "ipvsadm.fish",
		"fish/vendor_completions.d/ipvsadm-restore.fish": "ipvsadm.fish",
		"fish/vendor_completions.d/ipvsadm-boot.fish":    "ipvsadm-boot.fish",
	} {
		if got, err := os.ReadFile(filepath.Join(m.top, "stage/usr/share", path)); err != nil || string(got) != want {
			t.Errorf("%s has %q, %v, want %s", path, got, err, want)
		}
	}
}

func TestPackageWithoutCompletions(t *testing.T) {
	m := staging(t)
	m.stage("deb").mustFail(t, 0)
	for _, path := range []string{"bash-completion", "zsh", "fish"} {
		if _, err := os.Stat(filepath.Join(m.top, "stage/usr/share", path)); err == nil {
			t.Errorf("there is /usr/share/%s", path)
		}
	}
}

func TestPackageRefusesCompletionOfUnknownShell(t *testing.T) {
	got := staging(t, "ipvsadm.nu").stage("deb")
	got.mustFail(t, 1)
	got.mustSay(t, "stage.sh: for which shell is cmd/ipvsadm/completions/ipvsadm.nu?")
}

func TestPackageTakesSchemaAndDashboard(t *testing.T) {
	m := staging(t)
	m.stage("deb").mustFail(t, 0)
	for _, name := range []string{"schema.json", "grafana-dashboard.json"} {
		if got := m.text("stage/usr/share/ipvsadm/" + name); got == "" || got != m.text("format/"+name) {
			t.Errorf("%s has %q", name, got)
		}
	}
}

func TestPackageTakesManualPages(t *testing.T) {
	m := staging(t)
	m.stage("deb").mustFail(t, 0)
	for _, path := range []string{"man8/ipvsadm.8.gz", "man7/ipvsadm-diagnose.7.gz"} {
		if !m.exists("stage/usr/share/man/" + path) {
			t.Errorf("there is no %s", path)
		}
	}
}

func TestReadmeOfTarballHasNoBrokenLinks(t *testing.T) {
	m := built(t)
	m.run("bash", ".packaging/stage.sh", "tarball", "bin/ipvsadm", "/dev/null", "unpacked").mustFail(t, 0)
	readme := m.text("unpacked/README.md")
	links := regexp.MustCompile(`\]\(([^)]*)\)`).FindAllStringSubmatch(readme, -1)
	files := 0
	for _, link := range links {
		target := link[1]
		source, isProject := strings.CutPrefix(target, "https://github.com/ipvsadm-go/ipvsadm/blob/HEAD/")
		switch {
		case isProject:
			if _, err := os.Stat(filepath.Join("../../..", source)); err != nil {
				t.Error(err)
			}
		case strings.Contains(target, "://") || strings.HasPrefix(target, "#"):
		case m.exists("unpacked/" + target):
			files++
		default:
			t.Errorf("there is no %s", target)
		}
	}
	if files != 4 {
		t.Errorf("%d links to files of the tarball, want the picture, the changelog, the schema and the dashboard", files)
	}
	if n := strings.Count(m.text("README.md"), "]("); n != len(links) {
		t.Errorf("%d links, want %d", len(links), n)
	}
}

// Debian has the text of the Apache License, and lintian refuses a copy of it.
func TestPackageOfDebianRefersToTheApacheLicense(t *testing.T) {
	m := staging(t)
	m.file("licences", "a v1, Apache-2.0\n\n                Apache License\n    the text\n\n   END OF TERMS AND CONDITIONS\n\n    Copyright A\n\nb v1, MIT\n\n    Copyright B\n")
	m.stage("deb").mustFail(t, 0)
	got, err := os.ReadFile(filepath.Join(m.top, "stage/usr/share/doc/ipvsadm/copyright"))
	if err != nil {
		t.Fatal(err)
	}
	const want = "a v1, Apache-2.0\n\n    On Debian systems, the text of the License is in\n    /usr/share/common-licenses/Apache-2.0.\n\n    Copyright A\n\nb v1, MIT\n\n    Copyright B\n"
	if !strings.HasSuffix(string(got), want) {
		t.Errorf("got %s", got)
	}
}
