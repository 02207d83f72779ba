package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const page = `# Cookbook

## One

text

    -> 10.0.0.1:80  Route   1      0          0
    TCP  10.0.0.1:80        5     60
    real1   #####    5

## Two

end
`

const one = `=## One
=
=text
=
-    -> 10.0.0.1:80  Route   1      12         345
~    TCP  10.0.0.1:80       17    68K
~    real1   ######## 17  from 10.0.0.9
=
`

func TestSection(t *testing.T) {
	for _, test := range []struct{ name, old, new, err string }{
		{"numbers may differ", "", "", ""},
		{"a text may not", "=text", "=other", `line 5 is "text", the scenario prints "other"`},
		{"nor may a weight", "Route   1 ", "Route   2 ", `line 7 is `},
		{"nor a missing line", "=text\n=\n", "=text\n", `line 6 is "", the scenario prints `},
		{"nor a line more", "=\n-", "=\n=more\n-", `line 7 is `},
		{"nor one at the end", "10.0.0.9\n=\n", "10.0.0.9\n=more\n", `line 10: the scenario goes on with "more"`},
		{"nor one less at the end", "~    real1   ######## 17  from 10.0.0.9\n", "", `line 9: the scenario does not print `},
		{"nor another heading", "## One", "## None", `no section "## None"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			made, err := parseSection(strings.Replace(one, test.old, test.new, 1))
			if err != nil {
				t.Fatal(err)
			}
			err = made.compare(page)
			if test.err == "" && err != nil || test.err != "" && (err == nil || !strings.HasPrefix(err.Error(), test.err)) {
				t.Errorf("got %v, expected %q", err, test.err)
			}
			if err := made.compare(made.replaceIn(page)); err != nil {
				t.Errorf("after it was written: %v", err)
			}
		})
	}
}

func TestSectionsThatAreNone(t *testing.T) {
	for _, made := range []string{"", "\n", "=text\n", "## One\n", "=## One\ntext\n"} {
		if s, err := parseSection(made); err == nil {
			t.Errorf("%q gave %v", made, s)
		}
	}
}

func TestWritingKeepsOtherSections(t *testing.T) {
	made, err := parseSection("=## One\n=new\n")
	if err != nil {
		t.Fatal(err)
	}
	if got, expected := made.replaceIn(page), "# Cookbook\n\n## One\nnew\n\n## Two\n\nend\n"; got != expected {
		t.Errorf("got %q, expected %q", got, expected)
	}
}

// Each scenario compares its own section when it runs; that there is one for each, and no other, is for this test.
func TestCookbookHasTheScenarios(t *testing.T) {
	text, err := os.ReadFile("../COOKBOOK.md")
	if err != nil {
		t.Fatal(err)
	}
	var sections, scenarios []string
	for _, match := range regexp.MustCompile(`(?m)^    make demo SCENARIO=(.*)$`).FindAllStringSubmatch(string(text), -1) {
		sections = append(sections, match[1])
	}
	files, err := filepath.Glob("../*.sh")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if name := strings.TrimSuffix(filepath.Base(file), ".sh"); name != "lib" && name != "run" {
			scenarios = append(scenarios, name)
		}
	}
	slices.Sort(sections)
	slices.Sort(scenarios)
	if !slices.Equal(sections, scenarios) {
		t.Errorf("sections of %v, scenarios %v", sections, scenarios)
	}
}
