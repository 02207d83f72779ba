// SPDX-License-Identifier: Apache-2.0

package format

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"
)

// Sanitize replaces each byte of a character that could control a terminal, or that
// is invisible on it, by \xNN. Host names come from foreign name servers, and the
// data of a persistence engine from any client.
func Sanitize(text string) string {
	if plain(text) {
		return text
	}
	var b strings.Builder
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		if r == utf8.RuneError && size == 1 || !unicode.IsPrint(r) || runewidth.RuneWidth(r) == 0 {
			for _, c := range []byte(text[:size]) {
				fmt.Fprintf(&b, `\x%02x`, c)
			}
		} else {
			b.WriteString(text[:size])
		}
		text = text[size:]
	}
	return b.String()
}

// SanitizeLines returns a writer that applies Sanitize to each line. Each call of
// its Write needs whole characters.
func SanitizeLines(w io.Writer) io.Writer { return sanitizer{w} }

type sanitizer struct{ w io.Writer }

func (s sanitizer) Write(b []byte) (int, error) {
	lines := strings.Split(string(b), "\n")
	for i := range lines {
		lines[i] = Sanitize(lines[i])
	}
	if _, err := io.WriteString(s.w, strings.Join(lines, "\n")); err != nil {
		return 0, err
	}
	return len(b), nil
}

// plain tells whether text is printable ASCII.
func plain(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}
