package main

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
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
		"\x1b\x1bOQ":         {keyOther, keyOther}, // Alt-F2
		"\x1b[[Aq":           {keyOther, keyQuit},  // F1 on the Linux console
		"h?":                 {keyHelp, keyHelp},
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

// typed finds the keys in pieces that come so long after each other.
func typed(t *testing.T, pause time.Duration, pieces ...string) (got []key) {
	t.Helper()
	synctest.Test(t, func(*testing.T) {
		in, keys := make(chan string), make(chan keystroke)
		go func() {
			for i, piece := range pieces {
				if i > 0 {
					time.Sleep(pause)
				}
				in <- piece
			}
			time.Sleep(2 * sequenceTime)
			close(in)
		}()
		go func() {
			findKeys(in, keys)
			close(keys)
		}()
		for k := range keys {
			got = append(got, k.key)
		}
	})
	if len(got) == 0 || got[len(got)-1] != keyQuit {
		t.Fatalf("%q: the end of the terminal does not quit: %v", pieces, got)
	}
	return got[:len(got)-1]
}

// A key is one key, however the network has cut it to pieces.
func TestKeysInPieces(t *testing.T) {
	for _, sequence := range []string{"\x1bOQ", "\x1b[1;2Q", "\x1b[15~", "\x1b[6~", "\x1bOA", "\x1b[[A"} {
		k, _ := nextKey(sequence)
		for cut := 1; cut < len(sequence); cut++ {
			got := typed(t, escapeTime-time.Millisecond, sequence[:cut], sequence[cut:]+"j")
			if want := []key{k, keyDown}; !slices.Equal(got, want) {
				t.Errorf("%q, %q: got %v, want %v", sequence[:cut], sequence[cut:], got, want)
			}
		}
		if got := typed(t, escapeTime-time.Millisecond, strings.Split(sequence, "")...); !slices.Equal(got, []key{k}) {
			t.Errorf("%q byte by byte: got %v, want %v", sequence, got, k)
		}
		if got := typed(t, 0, strings.Repeat("j", 255)+sequence[:1], sequence[1:]); len(got) != 256 || got[255] != k {
			t.Errorf("%q after 255 keys: got %v", sequence, got)
		}
	}
}

func TestEscapeAlone(t *testing.T) {
	for _, c := range []struct {
		pieces []string
		want   []key
	}{
		{[]string{"\x1b"}, []key{keyOther}},
		{[]string{"\x1b", "j"}, []key{keyOther, keyDown}},
		{[]string{"\x1b", "q"}, []key{keyOther, keyQuit}},
		{[]string{"\x1b[", "Q", "j"}, []key{keyOther, keyDown}}, // a bad line
		{[]string{"\x1bO", "Q", "j"}, []key{keyOther, keyDown}},
		{[]string{"\x1b[1;", "2Q", "j"}, []key{keyOther, keyDown}},
	} {
		if got := typed(t, 10*escapeTime, c.pieces...); !slices.Equal(got, c.want) {
			t.Errorf("%q: got %v, want %v", c.pieces, got, c.want)
		}
	}
}

// What begins a sequence and is not ended is given up.
func TestSequenceWithoutEnd(t *testing.T) {
	if got := typed(t, sequenceTime+time.Millisecond, "\x1b[", "j"); !slices.Equal(got, []key{keyOther, keyDown}) {
		t.Errorf("got %v", got)
	}
}

// What begins a sequence and does not end it takes no memory, and its end is no key.
func TestEndlessSequence(t *testing.T) {
	if got := typed(t, 0, "\x1b[", strings.Repeat("1;", 1000), strings.Repeat("1;", 1000), "Qj"); !slices.Equal(got, []key{keyOther, keyDown}) {
		t.Errorf("got %v", got)
	}
}
