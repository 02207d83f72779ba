// SPDX-License-Identifier: Apache-2.0

package sysconfig

import (
	"errors"
	"io/fs"
	"os/exec"
	"strings"
	"testing"
)

func TestDuplicateAssignment(t *testing.T) {
	file, err := readShellVars(newRoot(t, map[string]string{"/x": "A=1\nexport A=2\nB=$(broken)\nB=fine\nC=$(never read)\nD=x and more\n"}), "/x")
	if err != nil {
		t.Fatal(err)
	}
	if a, b := file.lookup("A", ""), file.lookup("B", ""); a != "2" || b != "fine" || file.err != nil {
		t.Errorf("A is %q, B is %q, %v", a, b, file.err)
	}
	if d := file.lookup("D", "none"); d != "none" || len(file.warnings) != 1 {
		t.Errorf("D is %q, %v", d, file.warnings)
	}
	if c := file.lookup("C", "none"); c != "none" || !errors.Is(file.err, errExpansion) {
		t.Errorf("C is %q, %v", c, file.err)
	}
}

func TestReadShellVarsMissingFile(t *testing.T) {
	if _, err := readShellVars(t.TempDir(), "/x"); !errors.Is(err, fs.ErrNotExist) || err.Error() != "/x: no such file or directory" {
		t.Error(err)
	}
}

func TestUnquote(t *testing.T) {
	for _, text := range []string{
		`plain`, `"two words"`, `'two words'`, `"a"b'c'`, `"\"\\\$\x"`, `a\ b\\`, `'\'`, `"it's"`, `a # comment`, `a#b`, `a;`, `a ; # b`, `"" # c`, ``, `a~b`, `"~"`, `'~'`,
	} {
		want, err := exec.Command("/bin/sh", "-c", "A="+text+"\nprintf %s \"$A\"").Output()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := readAssignments("A=" + text); err != nil || got["A"].value != string(want) || got["A"].err != nil {
			t.Errorf("%s is %+v, %v; a shell reads %q", text, got, err, want)
		}
	}
}

// FuzzUnquote checks that a value in single quotes is unchanged, and that no input makes
// unquote panic.
func FuzzUnquote(f *testing.F) {
	for _, seed := range []string{"", "a", `"a b" # c`, `a\ b`, `'`, `"\`, "a;b", "$x", "a=b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		value, rest, err := unquote(text)
		if err != nil && (value != "" || rest != "") || !strings.HasSuffix(text, rest) {
			t.Errorf("%q: value %q and rest %q, %v", text, value, rest, err)
		}
		_, _ = readAssignments(text)
		if strings.Contains(text, "'") {
			return
		}
		if value, _, err := unquote("'" + text + "'"); err != nil || value != text {
			t.Errorf("'%s' is %q, %v", text, value, err)
		}
	})
}
