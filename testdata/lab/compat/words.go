// SPDX-License-Identifier: Apache-2.0

package compat

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// splitWords splits a line at blanks. Parts of words can be quoted as in Go, and a quoted part repeated: "ab"*3.
func splitWords(line string) ([]string, error) {
	var words []string
	var word strings.Builder
	inWord := false
	for line != "" {
		switch line[0] {
		case ' ':
			if inWord {
				words = append(words, word.String())
				word.Reset()
				inWord = false
			}
			line = line[1:]
		case '"':
			quoted, err := strconv.QuotedPrefix(line)
			if err != nil {
				return nil, fmt.Errorf("bad quoting: %.40s", line)
			}
			text, err := strconv.Unquote(quoted)
			if err != nil {
				return nil, fmt.Errorf("bad quoting: %.40s", quoted)
			}
			line = line[len(quoted):]
			times := 1
			if m := repetition.FindStringSubmatch(line); m != nil {
				times, _ = strconv.Atoi(m[1])
				line = line[len(m[0]):]
			}
			word.WriteString(strings.Repeat(text, times))
			inWord = true
		default:
			end := strings.IndexAny(line, " \"")
			if end < 0 {
				end = len(line)
			}
			word.WriteString(line[:end])
			line = line[end:]
			inWord = true
		}
	}
	if inWord {
		words = append(words, word.String())
	}
	return words, nil
}

var repetition = regexp.MustCompile(`^\*([0-9]+)`)

// joinWords is the inverse of splitWords.
func joinWords(words []string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = word
		if word == "" || strings.ContainsFunc(word, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '"' }) || len(word) > 1000 {
			quoted[i] = quoteLong(word)
		}
	}
	return strings.Join(quoted, " ")
}

// quoteLong quotes a text and writes long runs of one byte as a repetition.
func quoteLong(text string) string {
	var b strings.Builder
	for text != "" {
		run := len(text) - len(strings.TrimLeft(text, text[:1]))
		if run > 20 && text[0] < 0x80 {
			fmt.Fprintf(&b, "%q*%d", text[:1], run)
			text = text[run:]
			continue
		}
		end := 1
		for end < len(text) && !longRunAt(text, end) {
			end++
		}
		b.WriteString(quoteBytes(text[:end]))
		text = text[end:]
	}
	if b.Len() == 0 {
		return `""`
	}
	return b.String()
}

func longRunAt(text string, i int) bool {
	return text[i] < 0x80 && strings.HasPrefix(text[i:], strings.Repeat(text[i:i+1], 21))
}

// quoteBytes quotes so that no byte of the file is outside ASCII and every byte comes back.
func quoteBytes(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(text) {
		switch c := text[i]; {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c == '\n':
			b.WriteString(`\n`)
		case c < ' ' || c >= 0x7f:
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}
