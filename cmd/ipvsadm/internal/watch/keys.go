// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// key is a key that has a function.
type key int

const (
	keyOther key = iota // a key without a function
	keyQuit
	keyHelp
	keySuspend
	keyRefresh
	keyPause
	keyLeft  // sort by the previous column
	keyRight // sort by the next column
	keyUp
	keyDown
	keyPageUp
	keyPageDown
	keyHome
	keyEnd
	keyFilter
)

// keystroke is a key and the text that the terminal sent for it.
type keystroke struct {
	key  key
	text string
}

// keySequences maps the text that terminals send to keys.
var keySequences = []struct {
	text string
	key  key
}{
	{"\x1b[A", keyUp}, {"\x1bOA", keyUp}, {"\x1b[B", keyDown}, {"\x1bOB", keyDown},
	{"\x1b[5~", keyPageUp}, {"\x1b[6~", keyPageDown},
	{"\x1b[H", keyHome}, {"\x1bOH", keyHome}, {"\x1b[1~", keyHome}, {"\x1b[7~", keyHome},
	{"\x1b[F", keyEnd}, {"\x1bOF", keyEnd}, {"\x1b[4~", keyEnd}, {"\x1b[8~", keyEnd},
	{"\x1b[D", keyLeft}, {"\x1bOD", keyLeft}, {"\x1b[C", keyRight}, {"\x1bOC", keyRight},
	{"q", keyQuit}, {"Q", keyQuit}, {"\x03", keyQuit}, {"\x1c", keyQuit}, {"\x1a", keySuspend},
	{" ", keyRefresh}, {"p", keyPause}, {"/", keyFilter}, {"<", keyLeft}, {">", keyRight},
	{"h", keyHelp}, {"?", keyHelp},
	{"k", keyUp}, {"j", keyDown}, {"g", keyHome}, {"G", keyEnd},
	{"\x02", keyPageUp}, {"\x06", keyPageDown},
}

// nextKey decodes the first key in typed, which must not be empty.
func nextKey(typed string) (k key, rest string) {
	for _, t := range keySequences {
		if rest, ok := strings.CutPrefix(typed, t.text); ok {
			return t.key, rest
		}
	}
	// An unknown sequence is one key, so that no letter in it quits.
	if end := sequenceLen(typed); end > 0 {
		return keyOther, typed[end:]
	}
	if startsSequence(typed) {
		return keyOther, ""
	}
	if len(typed) > 1 && typed[0] == '\x1b' && typed[1] != '\x1b' { // with Alt
		return keyOther, typed[2:]
	}
	return keyOther, typed[1:]
}

// startsSequence tells whether typed starts with an escape sequence, as opposed to a key
// with Alt.
func startsSequence(typed string) bool {
	return strings.HasPrefix(typed, "\x1b[") || strings.HasPrefix(typed, "\x1bO")
}

// sequenceLen returns the length of the escape sequence that typed starts with, or 0 if
// there is none or its end is missing.
func sequenceLen(typed string) int {
	if !startsSequence(typed) {
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

// isIncomplete tells whether typed may be only the beginning of a key.
func isIncomplete(typed string) bool {
	return typed == "\x1b" || startsSequence(typed) && sequenceLen(typed) == 0
}

// After escapeTimeout, an escape character is the key Esc and not the start of a
// sequence. sequenceTimeout is the limit for the rest of a sequence that has started; it
// is longer, because a slow line may delay the rest.
const (
	escapeTimeout   = 50 * time.Millisecond
	sequenceTimeout = time.Second
)

// maxSequenceLen is longer than the sequence of any key.
const maxSequenceLen = 64

// readKeys reads keys from the terminal until it ends.
func (s *screen) readKeys() {
	defer s.rescue()
	typed := make([]byte, 256)
	decodeKeys(func(limit time.Duration) (string, bool) {
		if limit > 0 && !waitForInput(int(s.in.Fd()), limit) {
			return "", true
		}
		n, err := s.in.Read(typed)
		return string(typed[:n]), err == nil
	}, s.keys)
}

// waitForInput tells whether there is input within the time limit. If the process runs
// late, input that came in time still counts, because poll checks once more at the end.
func waitForInput(fd int, limit time.Duration) bool {
	end := time.Now().Add(limit)
	for {
		left := max(time.Until(end), 0)
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, int((left+time.Millisecond-1)/time.Millisecond))
		if err != unix.EINTR {
			return n != 0 // the read tells what is wrong
		}
	}
}

// decodeKeys decodes keys from pieces of input, which may start and end within a key.
// next waits for a piece. With a limit above 0, it returns an empty piece when the limit
// is over. ok is false at the end of the input, which counts as the key q.
func decodeKeys(next func(limit time.Duration) (piece string, ok bool), keys chan<- keystroke) {
	typed := ""
	for {
		var limit time.Duration
		switch {
		case startsSequence(typed):
			limit = sequenceTimeout
		case typed != "":
			limit = escapeTimeout
		}
		piece, ok := next(limit)
		if piece == "" && ok && typed != "" { // too late
			keys <- keystroke{keyOther, typed}
			typed = ""
		}
		typed += piece
		for typed != "" && !isIncomplete(typed) {
			k, rest := nextKey(typed)
			keys <- keystroke{k, strings.TrimSuffix(typed, rest)}
			typed = rest
		}
		if len(typed) > maxSequenceLen {
			typed = typed[:len("\x1b[")] // bound the memory, and wait for the end
		}
		if !ok {
			keys <- keystroke{key: keyQuit}
			return
		}
	}
}
