// SPDX-License-Identifier: Apache-2.0

package compat

import (
	"slices"
	"testing"
)

func TestKnownDifferences(t *testing.T) {
	const theirs = "FWM  -1                                  0\nFWM  -2147483648 IPv6 wlc\n-A -f -1 -s wlc\n"
	const ours = "FWM  4294967295                          0\nFWM  2147483648 IPv6 wlc\n-A -f 4294967295 -s wlc\n"
	if got, want := unsignedMarks(theirs), bigMarks(ours); got != want {
		t.Errorf("marks: got\n%swant\n%s", got, want)
	}
	if bigMarks(theirs) != theirs {
		t.Error("a negative mark of ours is excused")
	}
	flags := withoutNamelessFlags("TCP  10.0.0.1:80 mh (mh-fallback,flag-3)\n-A -t 10.0.0.1:81 -s sh -b flag-3\n-A -t 10.0.0.1:82 -s rr -b flag-3\n")
	if want := "TCP  10.0.0.1:80 mh (mh-fallback)\n-A -t 10.0.0.1:81 -s sh -b \n-A -t 10.0.0.1:82 -s rr -b flag-3\n"; flags != want {
		t.Errorf("flags: got\n%swant\n%s", flags, want)
	}
	for said, want := range map[string]string{
		"-6 must follow -f\nTry `x'\n": "-6 used before -f\nTry `x'\n",
		"-6 used before -f\nTry `x'\n": "-6 used before -f\nTry `x'\n",
		"x\n-6 must follow -f\n":       "x\n-6 must follow -f\n",
		"":                             "",
	} {
		if got := as131([]byte(said)); string(got) != want {
			t.Errorf("%q: got %q, want %q", said, got, want)
		}
	}
	const listing = "-A -t a\n-a -t a -r 1\n-a -t a -r 2\n-A -t b\n-a -t b -r 3\n"
	if !slices.Equal(blocks(listing), blocks("-A -t b\n-a -t b -r 3\n-A -t a\n-a -t a -r 2\n-a -t a -r 1\n")) {
		t.Error("services in another order are something else")
	}
	if slices.Equal(blocks(listing), blocks("-A -t a\n-a -t a -r 1\n-A -t b\n-a -t a -r 2\n-a -t b -r 3\n")) {
		t.Error("a server of another service is the same")
	}
}
