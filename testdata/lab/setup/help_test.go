// SPDX-License-Identifier: Apache-2.0

package setup

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// documented finds the commands that a document shows, which begin their line.
var documented = regexp.MustCompile(`(?m)^    (?:[A-Z_]+=\S+ )*make ([a-z-]+)`)

// "make help" has all that the documents mention, in two columns.
func TestHelpNamesDocumentedTargets(t *testing.T) {
	const top = "../../../"
	output, err := exec.Command("make", "-s", "-C", top, "help").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	for _, document := range []string{"README.md", ".github/CONTRIBUTING.md"} {
		text, err := os.ReadFile(top + document)
		if err != nil {
			t.Fatal(err)
		}
		found := documented.FindAllStringSubmatch(string(text), -1)
		if len(found) == 0 {
			t.Errorf("%s shows no make", document)
		}
		for _, command := range found {
			if !strings.Contains(string(output), "\nmake "+command[1]+" ") {
				t.Errorf("make %s is in %s but not in\n%s", command[1], document, output)
			}
		}
	}
	for line := range strings.Lines(string(output)) {
		if line != "\n" && !regexp.MustCompile(`^make[a-z -]{11} \S`).MatchString(line) {
			t.Errorf("not aligned: %s", line)
		}
	}
}
