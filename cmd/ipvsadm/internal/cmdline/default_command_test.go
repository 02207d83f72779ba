// SPDX-License-Identifier: Apache-2.0

package cmdline

import (
	"strings"
	"testing"
)

// The options of -L that ipvsadm 1.31 lacks need no command.
func TestX21ListIsImplied(t *testing.T) {
	for line, want := range map[string]string{
		"":                      "-L",
		"--watch":               "-L --watch",
		"--watch 5 -n":          "-L --watch 5 -n",
		"-n --json":             "-L -n --json",
		"--output json":         "-L --output json",
		"--output":              "-L --output",
		"--json=1":              "-L --json=1",
		"--output json foo":     "-L --output json foo",
		"-c --state SYN_RECV":   "-L -c --state SYN_RECV",
		"-n":                    "-n",
		"-Lx":                   "-Lx",
		"-L --json":             "-L --json",
		"list --json":           "list --json",
		"--json -A":             "--json -A",
		"--json --help":         "--json --help",
		"--ouput json":          "--ouput json",
		"-z --json":             "-z --json",
		"-- --json":             "-- --json",
		"--scheduler --watch":   "--scheduler --watch",
		"--tcp-service x --foo": "--tcp-service x --foo",
	} {
		if got := strings.Join(WithCommand(strings.Fields(line)), " "); got != want {
			t.Errorf("%s: %s, want %s", line, got, want)
		}
	}
}
