package format

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"
)

// Printable is text with all that could control a terminal, or that takes no
// place on it, as \xNN for each byte. Names come from whoever has a name server,
// the data of a persistence engine from any client.
func Printable(text string) string {
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

// PrintableLines is a writer that makes all but the ends of lines Printable. What
// is written to it at a time is whole characters.
func PrintableLines(w io.Writer) io.Writer { return printableLines{w} }

type printableLines struct{ below io.Writer }

func (w printableLines) Write(b []byte) (int, error) {
	lines := strings.Split(string(b), "\n")
	for i := range lines {
		lines[i] = Printable(lines[i])
	}
	if _, err := io.WriteString(w.below, strings.Join(lines, "\n")); err != nil {
		return 0, err
	}
	return len(b), nil
}

// plain tells whether text is of printable ASCII alone.
func plain(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}

// columnsOf is how many columns of a terminal printable text takes.
func columnsOf(text string) int {
	if plain(text) {
		return len(text)
	}
	return runewidth.StringWidth(text)
}

// wrap breaks printable text into lines of at most width columns, where it can
// after a blank or what separates the parts of an address. All lines but the
// first are indented, if there is room for it.
func wrap(text string, width, indent int) []string {
	if 2*indent > width {
		indent = 0
	}
	var lines []string
	margin := ""
	for columnsOf(margin)+columnsOf(text) > width {
		line, rest := cut(text, width-len(margin))
		lines = append(lines, margin+strings.TrimRight(line, " "))
		text, margin = rest, strings.Repeat(" ", indent)
	}
	return append(lines, margin+text)
}

// cut cuts off what fits into width columns: one rune or more. One that does not
// fit becomes a question mark.
func cut(text string, width int) (line, rest string) {
	end, columns, good, blank := 0, 0, 0, 0
	for i, r := range text {
		columns += runewidth.RuneWidth(r)
		if columns > width {
			break
		}
		end = i + utf8.RuneLen(r)
		switch {
		case 2*columns <= width:
		case r == ' ':
			blank = end
		case strings.ContainsRune(",.:-", r):
			good = end
		}
	}
	switch {
	case end == 0:
		_, size := utf8.DecodeRuneInString(text)
		return "?", text[size:]
	case end < len(text) && text[end] == ' ':
		return text[:end], text[end+1:]
	case blank > 0 && end < len(text):
		return text[:blank], text[blank:]
	case good > 0 && end < len(text):
		return text[:good], text[good:]
	}
	return text[:end], text[end:]
}
