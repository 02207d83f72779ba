// SPDX-License-Identifier: Apache-2.0

package compat

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

const settled = `
== a listing
ipvsadm -A -t 10.0.0.1:80
ipvsadm -a -t 10.0.0.1:80 -r 10.0.0.3
ipvsadm -A -t 10.0.0.2:80
ipvsadm -S -n
ipvsadm -Ln
`

// disturbed makes a program that acts like another one, but passes what -Ln prints to a shell command the first times.
func disturbed(t *testing.T, program string, times int, filter string) string {
	t.Helper()
	dir := t.TempDir()
	script := fmt.Sprintf(`#!/bin/bash
if [[ $1 == -Ln && $(ls %[2]s/run-* 2>/dev/null | wc -l) -lt %[3]d ]]; then
	touch %[2]s/run-$$
	%[1]s "$@" | %[4]s
else
	exec -a ipvsadm %[1]s "$@"
fi
`, program, dir, times, filter)
	path := filepath.Join(dir, "ipvsadm")
	if err := os.WriteFile(path, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestCasesAgainWhenTheOriginalIsDisturbed shows that the original may list a service twice or not at all when it is
// disturbed, and ours may not.
func TestCasesAgainWhenTheOriginalIsDisturbed(t *testing.T) {
	const doubling, missing, empty = "sed 4p", "sed 4d", "head -n 3"
	good := programs(t)
	for _, test := range []struct {
		name        string
		comparison  Comparison
		differences int
	}{
		{"the original doubles", Comparison{Oracle: disturbed(t, good.Oracle, 1, doubling), Ours: good.Ours}, 0},
		{"the original misses", Comparison{Oracle: disturbed(t, good.Oracle, 1, missing), Ours: good.Ours}, 0},
		{"the original always doubles", Comparison{Oracle: disturbed(t, good.Oracle, 99, doubling), Ours: good.Ours}, 1},
		{"ours doubles", Comparison{Oracle: good.Oracle, Ours: disturbed(t, good.Ours, 1, doubling)}, 1},
		{"ours misses", Comparison{Oracle: good.Oracle, Ours: disturbed(t, good.Ours, 1, missing)}, 1},
		{"ours lists nothing", Comparison{Oracle: good.Oracle, Ours: disturbed(t, good.Ours, 1, empty)}, 1},
		{"both double", Comparison{Oracle: disturbed(t, good.Oracle, 1, doubling), Ours: disturbed(t, good.Ours, 1, doubling)}, 1},
		{"the original doubles and ours misses", Comparison{Oracle: disturbed(t, good.Oracle, 1, doubling), Ours: disturbed(t, good.Ours, 1, missing)}, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			cases, err := ParseCases("settled", settled)
			if err != nil {
				t.Fatal(err)
			}
			differences, err := test.comparison.Run(cases[0])
			if err != nil || len(differences) != test.differences {
				t.Errorf("%d differences, want %d: %v %v", len(differences), test.differences, differences, err)
			}
		})
	}
	// What never settles is an error.
	restless := Comparison{Oracle: disturbed(t, good.Oracle, 99, `sed "4s/.*/$$ $RANDOM/"`), Ours: good.Ours}
	cases, _ := ParseCases("settled", settled)
	if _, err := restless.Run(cases[0]); err == nil {
		t.Error("an original that always says something else is believed")
	}
}
