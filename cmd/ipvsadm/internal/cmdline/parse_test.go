// SPDX-License-Identifier: Apache-2.0

package cmdline

import (
	"reflect"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/resolve"
	"pgregory.net/rapid"
)

// parse reads the words of one command.
func parse(words ...string) (*Command, error) { return NewParser(resolve.New(nil)).Parse(words) }

// A command has only the fields of its kind, and nothing of the previous command.
func TestParseSetsOnlyFieldsOfKind(t *testing.T) {
	parser := NewParser(noDNS())
	for _, test := range []struct {
		words []string
		kind  Kind
	}{
		{[]string{"-A", "-t", "10.0.0.1:80", "-s", "rr"}, Change},
		{[]string{"-L", "-c", "--client", "10.0.0.0/8", "--watch"}, List},
		{[]string{"-S", "-n"}, Save},
		{[]string{"-R"}, Restore},
		{[]string{"-h"}, Help},
		{[]string{"-Z"}, Change},
		{[]string{"-v"}, Version},
	} {
		got, err := parser.Parse(test.words)
		if err != nil {
			t.Errorf("%q: %v", test.words, err)
			continue
		}
		want := Command{Kind: test.kind}
		switch test.kind {
		case Change:
			want.Edit = got.Edit
		case List:
			want.List = got.List
		case Save:
			want.Numeric = true
		}
		if !reflect.DeepEqual(*got, want) || test.kind == Change && got.Edit == (Edit{}) || test.kind == List && got.List == (Listing{}) {
			t.Errorf("%q: got %+v", test.words, got)
		}
	}
}

// word generates both valid and random arguments.
func word() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.SampledFrom([]string{
			"-A", "-a", "-L", "-E", "-D", "-R", "-S", "--set", "-t", "-u", "-f", "-6", "-r", "-p", "-M", "-s", "-w", "-n",
			"10.0.0.1:80", "[fd00::1]:80", "1", "rr", "300", "--start-daemon", "master", "--", "-", "", "--pe=sip", "-b", ",",
			"--tun-type", "gue", "--tun-port", "--tun-csum", "-i", "-m", "-g", "-x", "-y", "--mcast-group", "224.0.0.81",
		}),
		rapid.StringMatching(`-{0,2}[a-zA-Z0-9=:.\[\]-]{0,8}`),
		rapid.String(),
	)
}

// Parse returns a command or an error for any arguments; it neither panics nor hangs.
func TestParseAnyWords(t *testing.T) {
	parser := NewParser(noDNS())
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(word(), 0, 12).Draw(t, "words")
		if c, err := parser.Parse(words); (c == nil) == (err == nil) {
			t.Fatalf("%q: command %v and error %v", words, c, err)
		}
	})
}
