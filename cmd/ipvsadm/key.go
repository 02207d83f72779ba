package main

import (
	"strings"
	"time"
)

// key is what was typed, as far as it means something.
type key int

const (
	keyOther key = iota
	keyQuit
	keyHelp
	keySuspend
	keyRefresh
	keyPause
	keyLeft  // the column to the left
	keyRight // the column to the right
	keyUp
	keyDown
	keyPageUp
	keyPageDown
	keyHome
	keyEnd
	keyFilter
)

// keystroke is a key with what the terminal has sent for it.
type keystroke struct {
	key  key
	text string
}

// keyTexts are what terminals send, escape sequences first.
var keyTexts = []struct {
	text string
	key  key
}{
	{"\x1b[A", keyUp}, {"\x1bOA", keyUp}, {"\x1b[B", keyDown}, {"\x1bOB", keyDown},
	{"\x1b[5~", keyPageUp}, {"\x1b[6~", keyPageDown},
	{"\x1b[H", keyHome}, {"\x1bOH", keyHome}, {"\x1b[1~", keyHome},
	{"\x1b[F", keyEnd}, {"\x1bOF", keyEnd}, {"\x1b[4~", keyEnd},
	{"\x1b[D", keyLeft}, {"\x1bOD", keyLeft}, {"\x1b[C", keyRight}, {"\x1bOC", keyRight},
	{"q", keyQuit}, {"Q", keyQuit}, {"\x03", keyQuit}, {"\x1c", keyQuit}, {"\x1a", keySuspend},
	{" ", keyRefresh}, {"p", keyPause}, {"/", keyFilter}, {"<", keyLeft}, {">", keyRight},
	{"h", keyHelp}, {"?", keyHelp},
	{"k", keyUp}, {"j", keyDown}, {"g", keyHome}, {"G", keyEnd},
}

// nextKey takes a key off what was typed.
func nextKey(typed string) (k key, rest string) {
	for _, t := range keyTexts {
		if rest, ok := strings.CutPrefix(typed, t.text); ok {
			return t.key, rest
		}
	}
	// An unknown sequence counts as one key: no letter of it must quit.
	if end := endOfSequence(typed); end > 0 {
		return keyOther, typed[end:]
	}
	if beginsSequence(typed) {
		return keyOther, ""
	}
	if len(typed) > 1 && typed[0] == '\x1b' && typed[1] != '\x1b' { // with Alt
		return keyOther, typed[2:]
	}
	return keyOther, typed[1:]
}

// beginsSequence tells whether an escape sequence begins, not just a key with Alt.
func beginsSequence(typed string) bool {
	return strings.HasPrefix(typed, "\x1b[") || strings.HasPrefix(typed, "\x1bO")
}

// endOfSequence is how long the escape sequence is that begins, 0 if its end is
// missing.
func endOfSequence(typed string) int {
	if !beginsSequence(typed) {
		return 0
	}
	if strings.HasPrefix(typed, "\x1b[[") { // function keys of the Linux console
		if len(typed) < 4 {
			return 0
		}
		return 4
	}
	last := strings.IndexFunc(typed[2:], func(r rune) bool { return '@' <= r && r <= '~' })
	if last < 0 {
		return 0
	}
	return 2 + last + 1
}

// unfinished tells whether typed may be the beginning of a key.
func unfinished(typed string) bool {
	return typed == "\x1b" || beginsSequence(typed) && endOfSequence(typed) == 0
}

// escapeTime is how long what follows an escape may take: then it was the key Esc.
// Where a sequence has begun for sure, sequenceTime is for its rest, which a bad line
// may hold up.
const (
	escapeTime   = 50 * time.Millisecond
	sequenceTime = time.Second
)

// longestSequence is longer than any that a key has.
const longestSequence = 64

// readKeys reads what is typed.
func (s *screen) readKeys() {
	defer s.rescue()
	pieces := make(chan string)
	go s.readPieces(pieces)
	findKeys(pieces, s.keys)
}

func (s *screen) readPieces(pieces chan<- string) {
	defer s.rescue()
	defer close(pieces)
	typed := make([]byte, 256)
	for {
		n, err := s.in.Read(typed)
		pieces <- string(typed[:n])
		if err != nil {
			return
		}
	}
}

// findKeys finds the keys in pieces of what was typed, which may begin and end
// within a key. The end of the terminal is as q.
func findKeys(pieces <-chan string, keys chan<- keystroke) {
	typed := ""
	for {
		var tooLate <-chan time.Time
		switch {
		case beginsSequence(typed):
			tooLate = time.After(sequenceTime)
		case typed != "":
			tooLate = time.After(escapeTime)
		}
		select {
		case piece, ok := <-pieces:
			if !ok {
				keys <- keystroke{key: keyQuit}
				return
			}
			typed += piece
			for typed != "" && !unfinished(typed) {
				k, rest := nextKey(typed)
				keys <- keystroke{k, strings.TrimSuffix(typed, rest)}
				typed = rest
			}
			if len(typed) > longestSequence {
				typed = typed[:len("\x1b[")] // it is none of ours, but has to end some day
			}
		case <-tooLate:
			keys <- keystroke{keyOther, typed}
			typed = ""
		}
	}
}
