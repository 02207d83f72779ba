// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"os"
	"strings"
	"testing"
)

// Every word of the help is on one of its pages, and no line is too long.
func TestHelpPages(t *testing.T) {
	for _, c := range []struct{ width, height, pages int }{{200, 50, 1}, {60, 24, 1}, {40, 24, 1}, {60, 10, 2}, {20, 5, 9}, {5, 2, 0}, {1, 1, 0}} {
		pages := helpPages(c.width, c.height)
		if c.pages > 0 && len(pages) != c.pages {
			t.Errorf("%dx%d: %d pages", c.width, c.height, len(pages))
		}
		var text []string
		for _, page := range pages {
			if len(page) > max(2, c.height) {
				t.Errorf("%dx%d: %d lines", c.width, c.height, len(page))
			}
			for _, line := range page {
				if text = append(text, string(line)); len(line) > c.width {
					t.Errorf("%dx%d: %q", c.width, c.height, line)
				}
			}
		}
		if all := strings.Join(strings.Fields(strings.Join(text, " ")), " "); c.width >= 20 && c.height > 10 && !strings.Contains(all, "inpkts, outpkts, inbytes, outbytes") {
			t.Errorf("%dx%d:\n%s", c.width, c.height, strings.Join(text, "\n"))
		}
	}
}

func TestManualNamesAllKeys(t *testing.T) {
	manual, err := os.ReadFile("../../ipvsadm.8")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(manual), "\nIts keys:\n.TS\n")
	section, _, found := strings.Cut(section, "\n.TE\n")
	if !found {
		t.Fatal("no table of keys")
	}
	table := strings.NewReplacer(`\fB`, "", `\fR`, "", ",", "", "\t", " ", "\n", " ").Replace(section) + " "
	for _, help := range helpTexts() {
		for key := range strings.FieldsSeq(help.keys) {
			if !strings.Contains(table, " "+key+" ") {
				t.Errorf("the manual does not name %s", key)
			}
		}
	}
}
