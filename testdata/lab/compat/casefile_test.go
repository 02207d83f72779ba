// SPDX-License-Identifier: Apache-2.0

package compat

import (
	"reflect"
	"strings"
	"testing"
)

func TestParseCases(t *testing.T) {
	const text = `# a comment
== one
[X4 state] ipvsadm -S
  > a b
  >"no end"
  2> c
  = 3
[nobody same stdout=full as=foo] ipvsadm -A "" "\xff\x00"*2 x"y"*3
  < in
  <"\x00"
ip link

== two
conn absent
ipvsadm-restore
  <$ echo
`
	got, err := ParseCases("f", text)
	if err != nil {
		t.Fatal(err)
	}
	want := []Case{
		{File: "f", Name: "one", Line: 2, Steps: []Step{
			{Line: 3, Words: []string{"ipvsadm", "-S"}, Marks: Marks{Row: "X4", State: true},
				Want: Result{[]byte("a b\nno end"), []byte("c\n"), 3}},
			{Line: 8, Words: []string{"ipvsadm", "-A", "", "\xff\x00\xff\x00", "xyyy"},
				Marks: Marks{Nobody: true, Same: true, Stdout: "full", As: "foo"}, Stdin: Input{Bytes: []byte("in\n\x00")}},
			{Line: 11, Shell: "ip link"},
		}},
		{File: "f", Name: "two", Line: 13, Steps: []Step{
			{Line: 14, Words: []string{"conn", "absent"}},
			{Line: 15, Words: []string{"ipvsadm-restore"}, Stdin: Input{Shell: "echo"}},
		}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
}

func TestParseCasesErrors(t *testing.T) {
	for _, text := range []string{
		"ipvsadm -L\n", "== a\n  > b\n", "== a\nipvsadm \"\n", "== a\n[X] ipvsadm\n", "== a\n[nobody] ip link\n",
		"== a\nipvsadm\n  foo\n", "== a\nipvsadm\n  >foo\n", "== a\nipvsadm\n  = x\n",
	} {
		if _, err := ParseCases("f", text); err == nil {
			t.Errorf("%q: no error", text)
		}
	}
}

// What String writes, ParseCases reads.
func TestStepString(t *testing.T) {
	for _, words := range [][]string{
		{"ipvsadm"}, {"ipvsadm", ""}, {"ipvsadm", "a b", `"`, `\`, "\xff\n\x00"}, {"ipvsadm", strings.Repeat("a", 5000)},
		{"ipvsadm", "x" + strings.Repeat(" ", 30) + "y*3", "*3", "a\"*3"},
	} {
		step := Step{Words: words, Stdin: Input{Bytes: []byte("a\n\n \x01\nend" + strings.Repeat("z", 2000))},
			Marks: Marks{Row: "X1"}, Want: Result{[]byte("o\n"), []byte("\n"), 2}}
		cases, err := ParseCases("f", "== a\n"+step.String())
		if err != nil {
			t.Errorf("%s: %v", step, err)
			continue
		}
		got := cases[0].Steps[0]
		got.Line = 0
		if !reflect.DeepEqual(got, step) {
			t.Errorf("%s: got %q want %q", step, got, step)
		}
	}
}

func TestUpdate(t *testing.T) {
	const before = "== a\n[X1] ipvsadm -h\n  < in\n  > old\n  = 9\nipvsadm\n[X1] ipvsadm -v\n"
	const want = "== a\n[X1] ipvsadm -h\n  < in\n  > new\n  = 0\nipvsadm\n[X1] ipvsadm -v\n"
	if got := Update(before, map[int]Result{2: {Stdout: []byte("new\n")}}); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
