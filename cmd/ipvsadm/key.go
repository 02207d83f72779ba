package main

import "strings"

// key is what was typed, as far as it means something.
type key int

const (
	keyOther key = iota
	keyQuit
	keySuspend
	keyRefresh
	keyLeft  // the column to the left
	keyRight // the column to the right
	keyUp
	keyDown
	keyPageUp
	keyPageDown
	keyHome
	keyEnd
)

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
	{" ", keyRefresh}, {"<", keyLeft}, {">", keyRight},
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
	if strings.HasPrefix(typed, "\x1b[") || strings.HasPrefix(typed, "\x1bO") {
		end := strings.IndexFunc(typed[2:], func(r rune) bool { return '@' <= r && r <= '~' })
		if end < 0 {
			return keyOther, ""
		}
		return keyOther, typed[2+end+1:]
	}
	if len(typed) > 1 && typed[0] == '\x1b' { // with Alt
		return keyOther, typed[2:]
	}
	return keyOther, typed[1:]
}

// readKeys reads what is typed. The end of the terminal is as q.
func (s *screen) readKeys() {
	typed := make([]byte, 256)
	for {
		n, err := s.in.Read(typed)
		for rest, k := string(typed[:n]), keyOther; rest != ""; {
			if k, rest = nextKey(rest); k != keyOther {
				s.keys <- k
			}
		}
		if err != nil {
			s.keys <- keyQuit
			return
		}
	}
}
