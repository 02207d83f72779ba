// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestNextKey(t *testing.T) {
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
			time.Sleep(2 * sequenceTimeout)
			close(in)
		}()
		next := func(limit time.Duration) (string, bool) {
			var tooLate <-chan time.Time
			if limit > 0 {
				tooLate = time.After(limit)
			}
			select {
			case piece, ok := <-in:
				return piece, ok
			case <-tooLate:
				return "", true
			}
		}
		go func() {
			decodeKeys(next, keys)
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

// The sequence of a key is one key, however the network has split it.
func TestDecodeKeysSplitSequence(t *testing.T) {
	for _, sequence := range []string{"\x1bOQ", "\x1b[1;2Q", "\x1b[15~", "\x1b[6~", "\x1bOA", "\x1b[[A"} {
		k, _ := nextKey(sequence)
		for cut := 1; cut < len(sequence); cut++ {
			got := typed(t, escapeTimeout-time.Millisecond, sequence[:cut], sequence[cut:]+"j")
			if want := []key{k, keyDown}; !slices.Equal(got, want) {
				t.Errorf("%q, %q: got %v, want %v", sequence[:cut], sequence[cut:], got, want)
			}
		}
		if got := typed(t, escapeTimeout-time.Millisecond, strings.Split(sequence, "")...); !slices.Equal(got, []key{k}) {
			t.Errorf("%q byte by byte: got %v, want %v", sequence, got, k)
		}
		if got := typed(t, 0, strings.Repeat("j", 255)+sequence[:1], sequence[1:]); len(got) != 256 || got[255] != k {
			t.Errorf("%q after 255 keys: got %v", sequence, got)
		}
	}
}

func TestDecodeKeysTimeout(t *testing.T) {
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
		if got := typed(t, 10*escapeTimeout, c.pieces...); !slices.Equal(got, c.want) {
			t.Errorf("%q: got %v, want %v", c.pieces, got, c.want)
		}
	}
}

// What is there when the time is over was there in time, and so is the end of the
// terminal, which only a read tells.
func TestWaitForInput(t *testing.T) {
	far, near, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	fd := int(far.Fd())
	start := time.Now()
	if waitForInput(fd, escapeTimeout) || time.Since(start) < escapeTimeout {
		t.Errorf("with no input: waits %v", time.Since(start))
	}
	if _, err := near.WriteString("j"); err != nil {
		t.Fatal(err)
	}
	if !waitForInput(fd, -time.Second) {
		t.Error("input that is there does not count after the time")
	}
	if _, err := far.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	if err := near.Close(); err != nil {
		t.Fatal(err)
	}
	if !waitForInput(fd, time.Hour) {
		t.Error("the end does not count")
	}
}

// An incomplete sequence is dropped after the timeout.
func TestDecodeKeysIncompleteSequence(t *testing.T) {
	if got := typed(t, sequenceTimeout+time.Millisecond, "\x1b[", "j"); !slices.Equal(got, []key{keyOther, keyDown}) {
		t.Errorf("got %v", got)
	}
}

// An endless sequence takes bounded memory, and its end is not a key.
func TestDecodeKeysEndlessSequence(t *testing.T) {
	if got := typed(t, 0, "\x1b[", strings.Repeat("1;", 1000), strings.Repeat("1;", 1000), "Qj"); !slices.Equal(got, []key{keyOther, keyDown}) {
		t.Errorf("got %v", got)
	}
}
