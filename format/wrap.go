// SPDX-License-Identifier: Apache-2.0

package format

import (
	"strings"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"
)

// displayWidth is how many columns printable text takes on a terminal.
func displayWidth(text string) int {
	if plain(text) {
		return len(text)
	}
	return runewidth.StringWidth(text)
}

// Wrap breaks printable text into lines of at most width columns, if possible between
// two items of a list, after a blank, or after punctuation of an address. It indents all
// lines but the first, if there is room.
func Wrap(text string, width, indent int) []string {
	if 2*indent > width {
		indent = 0
	}
	var lines []string
	margin := ""
	for displayWidth(margin)+displayWidth(text) > width {
		line, rest := splitAt(text, width-len(margin))
		lines = append(lines, margin+strings.TrimRight(line, " "))
		text, margin = rest, strings.Repeat(" ", indent)
	}
	return append(lines, margin+text)
}

// splitAt splits off as much text as fits into width columns, at least one rune. A
// rune that is wider becomes a question mark.
func splitAt(text string, width int) (line, rest string) {
	end, columns, punctuation, blank, item := 0, 0, 0, 0, 0
	for i, r := range text {
		columns += runewidth.RuneWidth(r)
		if columns > width {
			break
		}
		end = i + utf8.RuneLen(r)
		switch {
		case 2*columns <= width:
		case r == ' ' && strings.HasSuffix(text[:i], ","):
			item = end
		case r == ' ':
			blank = end
		case strings.ContainsRune(",.:-", r):
			punctuation = end
		}
	}
	switch {
	case end == 0:
		_, size := utf8.DecodeRuneInString(text)
		return "?", text[size:]
	case item > 0 && end < len(text) && !strings.HasSuffix(text[:end], ","):
		return text[:item], text[item:]
	case end < len(text) && text[end] == ' ':
		return text[:end], text[end+1:]
	case blank > 0 && end < len(text):
		return text[:blank], text[blank:]
	case punctuation > 0 && end < len(text):
		return text[:punctuation], text[punctuation:]
	}
	return text[:end], text[end:]
}
