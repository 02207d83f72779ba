// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/listing"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/termtest"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
)

const (
	red = "\x1b[31m"
	csi = "\u009b31m" // the same to some terminals, and valid in a word of a rules file
)

func TestRulesErrorsEscapeControlCharacters(t *testing.T) {
	for rule, want := range map[string]string{
		"-A -f 1 " + red + "x":       `unexpected argument \x1b[31mx`,
		"-A -f 1 -p " + red:          "invalid timeout value `\\x1b[31m' specified",
		"-A -f 1 -b " + red:          "invalid scheduler flag `\\x1b[31m'",
		"-A --" + red:                `--\x1b[31m: unknown option`,
		"-A -\x1bx":                  `-\x1bx: unknown option`,
		"-L --output " + red:         "invalid output format `\\x1b[31m' specified; it must be one of classic, json, table, prometheus",
		"-A -f 1 \u0085\u202e\u00e9": `unexpected argument \xc2\x85\xe2\x80\xae` + "\u00e9",
	} {
		for _, command := range []string{"ipvsadm-restore --check", "ipvsadm-restore", "ipvsadm-restore --clear", "ipvsadm -R"} {
			var stderr strings.Builder
			status := run(strings.Fields(command), strings.NewReader(rule), io.Discard, &stderr, fakeHost(ipvstest.New(), ""))
			if got := stderr.String(); got != "line 1: "+want+"\n" || status != exitUsage {
				t.Errorf("%s of %q: status %d, %q, want %q", command, rule, status, got, want)
			}
		}
	}
}

// Messages repeat arguments unchanged, as those of ipvsadm 1.31 do, unless stderr is a
// terminal.
func TestTerminalErrorsEscapeControlCharacters(t *testing.T) {
	for _, words := range [][]string{
		{"ipvsadm", "-A", "-f", "1", red},
		{"ipvsadm", "-A", "-f", "1", "-p", red},
		{"ipvsadm", "-A", "-f", "1", "-b", red},
		{"ipvsadm", "-A", "--" + red},
		{red + "ipvsadm", "--x"},
		{"ipvsadm-restore", "--" + red},
	} {
		_, stderr, _ := runAt(t, nil, words...)
		if !strings.Contains(stderr, red) {
			t.Errorf("%q: %q, which does not repeat it", words, stderr)
		}
		_, onTerminal, _ := runAt(t, toTerminal, words...)
		message, hint, _ := strings.Cut(onTerminal, "hint: ")
		if want := strings.ReplaceAll(stderr, red, `\x1b[31m`); message != want || strings.Contains(hint, red) {
			t.Errorf("%q: %q, want %q", words, onTerminal, want)
		}
	}
}

func TestTerminalListingsEscapeControlCharacters(t *testing.T) {
	k := ipvstest.New()
	k.SetInterface("eth"+csi, 1500)
	runLines(t, k, "ipvsadm -A -f 1", "ipvsadm --start-daemon master --mcast-interface eth"+csi)
	root := rootWith(t, listing.ConnectionsPath, strings.Split(connectionTable, "\n")[0]+"\n"+
		"UDP C0A80102 C350 0A000001 0035 0A000103 0035 UDP             200 sip id"+csi+"\n")
	rules := "--start-daemon master --mcast-interface new" + csi + "\n"
	if err := os.MkdirAll(filepath.Join(root, "etc"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"ipvsadm -Lnc --persistent-conn",
		"ipvsadm -L --daemon",
		"ipvsadm-save -n --all",
		"ipvsadm-boot status",
		"ipvsadm-restore --dry-run",
	} {
		listing := func(terminal func(*testing.T) (io.Writer, func() string)) string {
			out, stdout := terminal(t)
			m := fakeHost(k, root)
			var stderr strings.Builder
			if status := run(strings.Fields(line), strings.NewReader(rules), out, &stderr, m); status != 0 {
				t.Fatalf("%s: status %d, %s", line, status, stderr.String())
			}
			return stdout()
		}
		raw, shown := listing(toBuilder), listing(toTerminal)
		if !strings.Contains(raw, csi) {
			t.Errorf("%s: %q, which lacks the name as it is", line, raw)
		}
		if want := strings.ReplaceAll(raw, csi, `\xc2\x9b31m`); shown != want {
			t.Errorf("%s: %q, want %q", line, shown, want)
		}
	}
}

// runAt runs a tool with the stderr that kind returns, or a buffer if kind is nil.
func runAt(t *testing.T, kind func(*testing.T) (io.Writer, func() string), words ...string) (stdout, stderr string, status int) {
	t.Helper()
	if kind == nil {
		kind = toBuilder
	}
	errors, said := kind(t)
	var out strings.Builder
	status = run(words, strings.NewReader(""), &out, errors, fakeHost(ipvstest.New(), t.TempDir()))
	return out.String(), said(), status
}

func toBuilder(*testing.T) (io.Writer, func() string) {
	var b strings.Builder
	return &b, b.String
}

// toTerminal returns a terminal, and a function that closes it and returns what was
// written to it.
func toTerminal(t *testing.T) (io.Writer, func() string) {
	t.Helper()
	far, terminal := termtest.Open(t, 80)
	return terminal, func() string {
		_ = terminal.Close()
		got, _ := io.ReadAll(far) // ends with an error: the terminal is gone
		return strings.ReplaceAll(string(got), "\r\n", "\n")
	}
}
