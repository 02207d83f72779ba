package main

import (
	"slices"
	"testing"
)

func TestKeys(t *testing.T) {
	for typed, want := range map[string][]key{
		"q":                  {keyQuit},
		"\x03":               {keyQuit},
		"<>\x1b[A\x1bOB":     {keyLeft, keyRight, keyUp, keyDown},
		"\x1b[5~\x1b[6~":     {keyPageUp, keyPageDown},
		"\x1b[15;2~x\x1b[1q": {keyOther, keyOther, keyOther},
		"\x1b":               {keyOther},
		"\x1bqj":             {keyOther, keyDown},
		"\x1b[":              {keyOther},
		"\x1b[12":            {keyOther},
		"\x1b[\xff\xffq":     {keyOther},
		"\xff\x00j":          {keyOther, keyOther, keyDown},
	} {
		var got []key
		for rest, k := typed, keyOther; rest != ""; {
			k, rest = nextKey(rest)
			got = append(got, k)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: got %v, want %v", typed, got, want)
		}
	}
}
