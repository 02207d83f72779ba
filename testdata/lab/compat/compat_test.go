// SPDX-License-Identifier: Apache-2.0

package compat

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// programs tells what to compare; without ip_vs, as on a developer's machine, nothing is.
//
//	IPVSADM       our program (default: the original, which checks the cases themselves)
//	ORACLE        the original (/sbin/ipvsadm)
//	DIFF_CASES    the directory of the case files (testdata/compat of the source tree)
//	DIFF_UPDATE   a directory for case files with what ours did below the marked lines (/out: run.sh -o fetches it)
func programs(t *testing.T) Comparison {
	t.Helper()
	c := Comparison{Oracle: fallback(os.Getenv("ORACLE"), "/sbin/ipvsadm")}
	c.Ours = fallback(os.Getenv("IPVSADM"), c.Oracle)
	if _, err := os.Stat("/proc/net/ip_vs"); err != nil {
		t.Fatal("no ip_vs here: run it in the lab, as testdata/lab/test.sh does")
	}
	return c
}

func fallback(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}

func casesDir() string {
	if dir := os.Getenv("DIFF_CASES"); dir != "" {
		return dir
	}
	return "../../compat"
}

func TestCases(t *testing.T) {
	cases, err := ReadCases(casesDir())
	if err != nil {
		t.Fatal(err)
	}
	if len(cases) == 0 {
		t.Fatal("no cases in ", casesDir())
	}
	comparison := programs(t)
	books := &books{tallies: map[string]*tally{}, updates: map[string]map[int]Result{}}
	t.Cleanup(func() {
		books.print()
		if dir := os.Getenv("DIFF_UPDATE"); dir != "" {
			if err := books.update(dir); err != nil {
				t.Error(err)
			}
		}
	})
	for _, test := range cases {
		t.Run(test.File+"/"+strings.ReplaceAll(test.Name, " ", "_"), func(t *testing.T) {
			comparison := comparison // not in parallel: see Run
			comparison.Marked = func(s Step, r Result) { books.marked(test.File, s.Line, r) }
			differences, err := comparison.Run(test)
			for _, d := range differences {
				t.Error(d)
			}
			count := len(differences)
			if err != nil {
				t.Error(err)
				count++
			}
			books.done(test, count)
		})
	}
}

// Books are kept of all cases.
type books struct {
	tallies map[string]*tally
	updates map[string]map[int]Result // by file and line
}

// A tally is one file's row of the summary.
type tally struct{ cases, lines, differences int }

func (b *books) marked(file string, line int, did Result) {
	if b.updates[file] == nil {
		b.updates[file] = map[int]Result{}
	}
	b.updates[file][line] = did
}

func (b *books) done(test Case, differences int) {
	if b.tallies[test.File] == nil {
		b.tallies[test.File] = &tally{}
	}
	count := b.tallies[test.File]
	count.cases++
	count.differences += differences
	for _, s := range test.Steps {
		if s.IsCommand() {
			count.lines++
		}
	}
}

func (b *books) print() {
	var all tally
	for _, file := range slices.Sorted(maps.Keys(b.tallies)) {
		n := b.tallies[file]
		n.print(file)
		all.cases += n.cases
		all.lines += n.lines
		all.differences += n.differences
	}
	all.print("in all")
}

func (n tally) print(name string) {
	fmt.Printf("%-20s %5d cases %6d command lines %4d differences\n", name, n.cases, n.lines, n.differences)
}

func (b *books) update(dir string) error {
	for file, did := range b.updates {
		text, err := os.ReadFile(filepath.Join(casesDir(), file+".txt"))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, file+".txt"), []byte(Update(string(text), did)), 0o644); err != nil {
			return err
		}
	}
	return nil
}
