package difftest

import (
	"fmt"
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
//	DIFF_CASES    the directory of the case files (diff, else where it is in the source tree)
//	DIFF_UPDATE   a directory for case files with what ours did below the marked lines (/out: run.sh -o fetches it)
func programs(t *testing.T) Comparison {
	t.Helper()
	c := Comparison{Oracle: fallback(os.Getenv("ORACLE"), "/sbin/ipvsadm")}
	c.Ours = fallback(os.Getenv("IPVSADM"), c.Oracle)
	if _, err := os.Stat("/proc/net/ip_vs"); err != nil {
		t.Skip("no ip_vs here: run it in the lab, as testdata/lab/README says")
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
	if _, err := os.Stat("diff"); err == nil {
		return "diff"
	}
	return "../../diff"
}

// A tally is one file's row of the summary.
type tally struct{ cases, lines, differences int }

func TestCases(t *testing.T) {
	cases, err := ReadCases(casesDir())
	if err != nil {
		t.Fatal(err)
	}
	if len(cases) == 0 {
		t.Fatal("no cases in ", casesDir())
	}
	comparison := programs(t)
	tallies := map[string]*tally{}
	updates := map[string]map[int]Result{}
	for _, test := range cases {
		t.Run(test.File+"/"+strings.ReplaceAll(test.Name, " ", "_"), func(t *testing.T) {
			count := tallies[test.File]
			if count == nil {
				count = &tally{}
				tallies[test.File] = count
			}
			count.cases++
			for _, s := range test.Steps {
				if s.IsCommand() {
					count.lines++
				}
			}
			comparison.Marked = func(s Step, r Result) {
				if updates[test.File] == nil {
					updates[test.File] = map[int]Result{}
				}
				updates[test.File][s.Line] = r
			}
			differences, err := comparison.Run(test)
			for _, d := range differences {
				t.Error(d)
			}
			count.differences += len(differences)
			if err != nil {
				t.Error(err)
				count.differences++
			}
		})
	}
	summary(t, tallies)
	if dir := os.Getenv("DIFF_UPDATE"); dir != "" {
		for file, did := range updates {
			text, err := os.ReadFile(filepath.Join(casesDir(), file+".txt"))
			if err == nil {
				err = os.WriteFile(filepath.Join(dir, file+".txt"), []byte(Update(string(text), did)), 0o644)
			}
			if err != nil {
				t.Error(err)
			}
		}
	}
}

func summary(t *testing.T, tallies map[string]*tally) {
	var files []string
	var all tally
	for file, n := range tallies {
		files = append(files, file)
		all.cases += n.cases
		all.lines += n.lines
		all.differences += n.differences
	}
	slices.Sort(files)
	for _, file := range append(files, "") {
		n, name := tallies[file], file
		if file == "" {
			n, name = &all, "in all"
		}
		fmt.Printf("%-20s %5d cases %6d command lines %4d differences\n", name, n.cases, n.lines, n.differences)
	}
}
