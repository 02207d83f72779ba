// SPDX-License-Identifier: Apache-2.0

package cmdline

import (
	"reflect"
	"testing"
)

// scanAll splits words into options, as pairs of name and value, and leftovers. The text
// of an error is in complaint.
func scanAll(words ...string) (found [][2]string, leftovers []string, complaint string) {
	s := scanner{flags: newUsedFlags(), words: words}
	for {
		g, err := s.next()
		if err != nil {
			return found, s.leftovers, err.Error()
		}
		if g.flag == nil {
			return found, s.leftovers, ""
		}
		value := g.value
		if !g.hasValue {
			value = "-"
		}
		found = append(found, [2]string{g.flag.Name, value})
	}
}

func TestScannerNext(t *testing.T) {
	type pairs = [][2]string
	for _, test := range []struct {
		words     []string
		options   pairs
		leftovers []string
		complaint string
	}{
		{words: []string{"-L", "-n"}, options: pairs{{"list", "-"}, {"numeric", "-"}}},
		{words: []string{"-Ln"}, options: pairs{{"list", "-"}, {"numeric", "-"}}},
		{words: []string{"-lnc"}, options: pairs{{"=list", "-"}, {"numeric", "-"}, {"connection", "-"}}},
		{words: []string{"-At", "V"}, options: pairs{{"add-service", "-"}, {"tcp-service", "V"}}},
		{words: []string{"-tV"}, options: pairs{{"tcp-service", "V"}}},
		{words: []string{"-t=V"}, options: pairs{{"tcp-service", "V"}}},
		{words: []string{"-t="}, options: pairs{{"tcp-service", ""}}},
		{words: []string{"--tcp-service=V=W"}, options: pairs{{"tcp-service", "V=W"}}},
		{words: []string{"--tcp-service", "-n"}, options: pairs{{"tcp-service", "-n"}}},
		{words: []string{"-t", ""}, options: pairs{{"tcp-service", ""}}},
		{words: []string{"-p"}, options: pairs{{"persistent", "-"}}},
		{words: []string{"-p", "300"}, options: pairs{{"persistent", "300"}}},
		{words: []string{"-p", "-o"}, options: pairs{{"persistent", "-"}, {"ops", "-"}}},
		{words: []string{"-p", ""}, options: pairs{{"persistent", ""}}},
		{words: []string{"-po"}, options: pairs{{"persistent", "o"}}},
		{words: []string{"-p=300"}, options: pairs{{"persistent", "300"}}},
		{words: []string{"--persistent=300"}, options: pairs{{"persistent", "300"}}},
		{words: []string{"--persistent", "300"}, options: pairs{{"persistent", "300"}}},
		{words: []string{"foo", "-n", "-"}, options: pairs{{"numeric", "-"}}, leftovers: []string{"foo", "-"}},
		{words: []string{"-n", "--", "-c"}, options: pairs{{"numeric", "-"}}, leftovers: []string{"-c"}},
		{words: []string{"-nz"}, options: pairs{{"numeric", "-"}}, complaint: "-nz: unknown option"},
		{words: []string{"-n=1"}, complaint: "-n=1: option does not take an argument"},
		{words: []string{"--stats=1"}, complaint: "--stats=1: option does not take an argument"},
		{words: []string{"--sta"}, complaint: "--sta: unknown option"},
		{words: []string{"--=list"}, complaint: "--=list: unknown option"},
		{words: []string{"--"}},
		{words: []string{"-nt"}, options: pairs{{"numeric", "-"}}, complaint: "-nt: missing argument"},
	} {
		options, leftovers, complaint := scanAll(test.words...)
		if !reflect.DeepEqual(options, test.options) || !reflect.DeepEqual(leftovers, test.leftovers) || complaint != test.complaint {
			t.Errorf("%q:\n got %v %q %q\nwant %v %q %q", test.words, options, leftovers, complaint,
				test.options, test.leftovers, test.complaint)
		}
	}
}
