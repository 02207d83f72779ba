// SPDX-License-Identifier: Apache-2.0

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
	Words  []string // valid until the next line is read
}

// MaxLine is the maximum length of a line in bytes.
const MaxLine = 64 << 10

var errNUL = errors.New("the line contains a NUL byte")

type tooLongError struct{}

func (tooLongError) Error() string { return fmt.Sprintf("the line has more than %d bytes", MaxLine) }

// Lines parses rules. It yields a line that it cannot read with its number, no words
// and an error. After an error of the line itself, such as one of more than MaxLine
// bytes, the following lines are read; an error of r ends the iteration.
func Lines(r io.Reader) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		reader := bufio.NewReaderSize(r, MaxLine+1)
		var words []string
		for number := 1; ; number++ {
			text, err := reader.ReadSlice('\n')
			end := err
			if errors.Is(err, bufio.ErrBufferFull) {
				err, end = tooLongError{}, nil
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
			if errors.Is(err, tooLongError{}) {
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
	// This loop is faster than strings.FieldsFunc: see BenchmarkLines.
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

// skipLine reads to the end of a line that is longer than MaxLine.
func skipLine(r *bufio.Reader) error {
	for {
		_, err := r.ReadSlice('\n')
		if !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
	}
}
