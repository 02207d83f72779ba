// SPDX-License-Identifier: Apache-2.0

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
    real1   #####    5  from 10.0.0.9

## Two

end
`

const one = `=## One
=
=text
=
-    -> 10.0.0.1:80  Route   1      12         345
#    real1   ######## 17  from 10.0.0.9
=
`

func TestSection(t *testing.T) {
	for _, test := range []struct{ name, old, new, err string }{
		{"numbers may differ", "", "", ""},
		{"a text may not", "=text", "=other", `line 5 is "text", the scenario prints "other"`},
		{"nor may a weight", "Route   1 ", "Route   2 ", `line 7 is `},
		{"nor a missing line", "=text\n=\n", "=text\n", `line 6 is "", the scenario prints `},
		{"nor a line more", "=\n-", "=\n=more\n-", `line 7 is `},
		{"nor one at the end", "10.0.0.9\n=\n", "10.0.0.9\n=more\n", `line 9: the scenario goes on with "more"`},
		{"nor one less at the end", "#    real1   ######## 17  from 10.0.0.9\n", "", `line 8: the scenario does not print `},
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

func TestWhatMayDiffer(t *testing.T) {
	for _, test := range []struct{ mark, one, other, another string }{
		{"=", "a 1", "a 1", "a 2"},
		{"-", "  -> 10.0.0.1:80  Route   1      0          0", "  -> 10.0.0.1:80  Route   1      12         345",
			"  -> 10.0.0.2:80  Route   1      0          0"},
		{"-", "TCP  10.0.0.1:80 wlc persistent 50", "TCP  10.0.0.1:80 wlc persistent 50", "TCP  10.0.0.1:80 wlc persistent 60"},
		{"+", "TCP  10.0.0.1:80       0        0        0        0        0", "TCP  10.0.0.1:80       0        0        0        0        0",
			"TCP  10.0.0.1:81       0        0        0        0        0"},
		{"+", "TCP  10.0.0.1:80       1       22        0        333        0", "TCP  10.0.0.1:80     100      70K        0     12M        0",
			"TCP  10.0.0.1:80       1       22        3        333        0"},
		{"+", "  -> 10.0.0.1:80       0        0        0        0        0", "  -> 10.0.0.1:80    0        0        0        0        0",
			"  -> 10.0.0.1:80       0        0        0        0"},
		{":", "TCP 14:58  ESTABLISHED 10.0.0.9:40001      10.0.0.1:80        10.0.1.1:80",
			"TCP 00:01  ESTABLISHED 10.0.0.9:5060       10.0.0.1:80        10.0.1.1:80",
			"TCP 14:58  ESTABLISHED 10.0.0.8:40001      10.0.0.1:80        10.0.1.1:80"},
		{":", "TCP 14:58  ESTABLISHED 10.0.0.9:40001      10.0.0.1:80        10.0.1.1:80",
			"TCP 14:59  ESTABLISHED 10.0.0.9:40001      10.0.0.1:80        10.0.1.1:80",
			"TCP 14:58  ESTABLISHED 10.0.0.9:40001      10.0.0.1:443       10.0.1.1:80"},
		{":", "IP  14:58  ASSURED     [fd00::9]:0         0.0.0.1:0          [fd00::1]:0",
			"IP  104:59 ASSURED     [fd00::9]:0         0.0.0.1:0          [fd00::1]:0",
			"IP  14:58  ASSURED     [fd00::9]:1         0.0.0.1:0          [fd00::1]:0"},
		{"#", "  real1    ####                                        4  from 10.0.0.9", "  real1    ##########                               100  from 10.0.0.9",
			"  real1    ####                                        4  from 10.0.0.8"},
		{"#", "  real1                                                0", "  real1    ##########                               100",
			"  real2    ####                                        4"},
		{"~", "2: eth0@if5  10.0.0.1/24  mtu 1500", "4: eth0@if12  10.0.0.1/24  mtu 900", "2: eth0@if5  10.0.0.2/24  mtu 1500"},
		{"~", "ip daddr 10.0.0.1 packets 5 bytes 600", "ip daddr 10.0.0.1 packets 17 bytes 68", "ip daddr 10.0.0.2 packets 5 bytes 600"},
		{"~", "10.0.0.1\t  0\tFull\t 9.593\teth1", "10.0.0.1\t  12\tFull\t 10.1\teth1", "10.0.0.2\t  0\tFull\t 9.593\teth1"},
		{"~", "real1 at `10.0.0.1:30808': 0.5 s", "real1 at `10.0.0.1:4': 12 s", "real2 at `10.0.0.1:30808': 0.5 s"},
	} {
		like := func(text string) string { return line{mark: test.mark[0]}.same(text) }
		if like(test.one) != like(test.other) {
			t.Errorf("%s: %q is not like %q", test.mark, test.other, test.one)
		}
		if like(test.one) == like(test.another) {
			t.Errorf("%s: %q is like %q", test.mark, test.another, test.one)
		}
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
	for _, match := range regexp.MustCompile(`(?m)^## (.*)(?:\n\n    make demo SCENARIO=(.*)$)?`).FindAllStringSubmatch(string(text), -1) {
		sections = append(sections, match[2]+": "+match[1])
	}
	files, err := filepath.Glob("../setups/*.sh")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		script, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		title, _, _ := strings.Cut(strings.TrimPrefix(string(script), "#!/usr/bin/env bash\n# SPDX-License-Identifier: Apache-2.0\n# "), "\n")
		scenarios = append(scenarios, strings.TrimSuffix(filepath.Base(file), ".sh")+": "+title)
	}
	slices.Sort(sections)
	slices.Sort(scenarios)
	if !slices.Equal(sections, scenarios) {
		t.Errorf("sections of %v, scenarios %v", sections, scenarios)
	}
}
