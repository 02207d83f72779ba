// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/boot"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/cmdline"
	manualpage "github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/diagnose/manual"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/sysctl"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/spf13/pflag"
)

// manual reads a manual page without its fonts and with plain dashes.
func manual(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile(`\\f[BIRP]`).ReplaceAllString(strings.ReplaceAll(string(text), `\-`, "-"), "")
}

// In a macro a quotation mark inside of a word is printed.
func TestManualPrintsNoQuotationMarksOfMacros(t *testing.T) {
	inside := regexp.MustCompile(`(?m)^\.[A-Z]+ .*\S"\S.*$`)
	for _, path := range []string{"ipvsadm.8", "ipvsadm-save.8", "ipvsadm-restore.8", "ipvsadm-boot.8", manualpage.File} {
		for _, line := range inside.FindAllString(readFile(t, path), -1) {
			t.Errorf("%s: %s", path, line)
		}
	}
}

func TestManualOfChecksIsUpToDate(t *testing.T) {
	want, err := manualpage.Render()
	if err != nil {
		t.Fatal(err)
	}
	if readFile(t, manualpage.File) != want {
		t.Errorf("%s is out of date: go generate ./cmd/...", manualpage.File)
	}
}

// headings are the lines under .TP, which name what is then explained.
func headings(page string) string {
	var b strings.Builder
	lines := strings.Split(page, "\n")
	for i, line := range lines[1:] {
		if lines[i] == ".TP" {
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}

func TestManualExplainsEveryOption(t *testing.T) {
	explained := headings(manual(t, "ipvsadm.8"))
	has := func(option string) bool {
		return regexp.MustCompile(`(^|[^-\w])` + option + `([^-\w]|$)`).MatchString(explained)
	}
	cmdline.Options().VisitAll(func(f *pflag.Flag) {
		if !strings.HasPrefix(f.Name, "=") && !has("--"+f.Name) {
			t.Errorf("ipvsadm.8 does not explain --%s", f.Name)
		}
		if f.Shorthand != "" && !has("-"+f.Shorthand) {
			t.Errorf("ipvsadm.8 does not explain -%s", f.Shorthand)
		}
	})
}

// The manual has the settings of the table, each with its default and the kernel that it
// came with, and no others.
func TestManualExplainsEverySysctl(t *testing.T) {
	_, section, _ := strings.Cut(manual(t, "ipvsadm.8"), "/proc/sys/net/ipv4/vs/\n")
	section, _, _ = strings.Cut(section, "\n.RE\n")
	paragraphs := strings.Split(section, "\n.TP\n")[1:]
	explained := map[string]string{}
	for _, p := range paragraphs {
		heading, _, _ := strings.Cut(p, "\n")
		for _, name := range regexp.MustCompile(`\b[a-z]+_?[a-z_]+\b`).FindAllString(regexp.MustCompile(`\([^)]*\)`).ReplaceAllString(heading, ""), -1) {
			explained[name] = p
		}
	}
	for _, s := range sysctl.Settings {
		p, found := explained[s.Name]
		if !found {
			t.Errorf("ipvsadm.8 does not explain %s", s.Name)
			continue
		}
		heading, text, _ := strings.Cut(p, "\n")
		_, rest, _ := strings.Cut(heading, s.Name)
		if s.Default != "" && !regexp.MustCompile(`^[^(]*\(`+regexp.QuoteMeta(s.Default)+`\)`).MatchString(rest) {
			t.Errorf("ipvsadm.8: %s does not have the default %s", heading, s.Default)
		}
		if got := strings.Contains(strings.ReplaceAll(text, "\n", " "), "from Linux "+s.Since); got != (s.Since != "") {
			t.Errorf("ipvsadm.8: %s: from Linux %q", s.Name, s.Since)
		}
		delete(explained, s.Name)
	}
	delete(explained, "IR") // a macro
	for name := range explained {
		t.Errorf("ipvsadm.8 explains %s, which the table lacks", name)
	}
}

func TestManualExplainsEveryScheduler(t *testing.T) {
	explained := headings(manual(t, "ipvsadm.8"))
	for _, name := range ipvs.Schedulers() {
		word := regexp.MustCompile(`(?m)(^|\s)` + name + `(\s|$)`)
		if !word.MatchString(explained) || !word.MatchString(cmdline.Usage) {
			t.Errorf("ipvsadm.8 or the usage does not explain %s", name)
		}
	}
}

// toolOptions belong to ipvsadm-save or ipvsadm-restore.
var toolOptions = map[string]bool{"all": true, "sysctls": true, "output": true, "check": true, "dry-run": true, "from": true}

func TestManualExplainsEveryBootVerb(t *testing.T) {
	explained := headings(manual(t, "ipvsadm-boot.8"))
	for _, verb := range boot.Verbs() {
		word := regexp.MustCompile(`(^|[^-\w])` + verb + `([^-\w]|$)`)
		if !word.MatchString(explained) || !word.MatchString(cmdline.BootUsage) {
			t.Errorf("ipvsadm-boot.8 or the usage does not explain %s", verb)
		}
	}
}

func TestManualNamesNoUnknownOption(t *testing.T) {
	longOption := regexp.MustCompile(`--([a-z][-\w]*)`)
	for _, path := range []string{"ipvsadm.8", "ipvsadm-save.8", "ipvsadm-restore.8", "ipvsadm-boot.8", manualpage.File} {
		for _, match := range longOption.FindAllStringSubmatch(manual(t, path), -1) {
			if cmdline.Options().Lookup(match[1]) == nil && !toolOptions[match[1]] {
				t.Errorf("%s names %s, which is no option", path, match[0])
			}
		}
	}
}
