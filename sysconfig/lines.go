// Package sysconfig reads the files in which distributions keep IPVS rules. It
// knows the form of the files, not the options in them.
//
// A rules file holds one command a line, as ipvsadm takes it: words between
// blanks and tabs, without quoting. The word ipvsadm is dropped wherever it
// stands. A # starts a comment that goes to the end of its line. Lines without
// words do not count; the last line need not end in a line feed.
package sysconfig

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
)

// Line is a line of a rules file that has words.
type Line struct {
	Number int      // from 1
	Words  []string // of use until the next line
}

// MaxLine is how many bytes a line may have.
const MaxLine = 64 << 10

var (
	errTooLong = fmt.Errorf("the line has more than %d bytes", MaxLine)
	errNUL     = errors.New("the line contains a NUL byte")
)

// Lines reads rules. A line that cannot be read comes with its number, no
// words and an error; if that concerns the line alone, the ones after it follow.
func Lines(r io.Reader) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		reader := bufio.NewReaderSize(r, MaxLine+1)
		var words []string
		for number := 1; ; number++ {
			text, err := reader.ReadSlice('\n')
			end := err
			if errors.Is(err, bufio.ErrBufferFull) {
				err, end = errTooLong, nil
			} else if errors.Is(err, io.EOF) {
				err = nil
			}
			line := Line{Number: number}
			if err == nil {
				words, err = appendWords(words[:0], text)
				line.Words = words
			}
			if (err != nil || len(line.Words) > 0) && !yield(line, err) {
				return
			}
			if errors.Is(err, errTooLong) {
				end = skipLine(reader)
			}
			if end != nil {
				return
			}
		}
	}
}

// appendWords splits a line and appends its words.
func appendWords(words []string, text []byte) ([]string, error) {
	text, _, _ = bytes.Cut(text, []byte("#"))
	if bytes.IndexByte(text, 0) >= 0 {
		return words, errNUL
	}
	// strings.FieldsFunc takes three times as long, which is a quarter of what a
	// line of a restore takes.
	s, start := string(text), 0
	for i := 0; i <= len(s); i++ {
		if i < len(s) && !isBlank(s[i]) {
			continue
		}
		if word := s[start:i]; word != "" && word != "ipvsadm" {
			words = append(words, word)
		}
		start = i + 1
	}
	return words, nil
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// skipLine reads to the end of a line that is too long.
func skipLine(r *bufio.Reader) error {
	for {
		_, err := r.ReadSlice('\n')
		if !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
	}
}
