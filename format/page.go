// SPDX-License-Identifier: Apache-2.0

package format

import (
	"bytes"
	"io"
	"iter"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// sections are the writers for the sections of a page.
type sections struct{ head, rows, foot io.Writer }

// allTo prints all sections to w, one after the other.
func allTo(w io.Writer) sections { return sections{w, w, w} }

// pageOf collects the sections that print writes.
func pageOf(print func(sections) error) Page {
	var head, rows, foot bytes.Buffer
	_ = print(sections{&head, &rows, &foot}) // a buffer takes everything
	return Page{linesOf(&head), linesOf(&rows), linesOf(&foot)}
}

func linesOf(text *bytes.Buffer) (lines [][]byte) {
	for line := range bytes.Lines(text.Bytes()) {
		lines = append(lines, bytes.TrimSuffix(line, []byte("\n")))
	}
	return lines
}

// oneChunk is a sequence of one chunk.
func oneChunk(entries []ipvs.ConnEntry) iter.Seq2[[]ipvs.ConnEntry, error] {
	return func(yield func([]ipvs.ConnEntry, error) bool) { yield(entries, nil) }
}

// connPrinter prints connections in chunks.
type connPrinter interface {
	begin() error
	print(entries []ipvs.ConnEntry) error
}

// printChunks prints a sequence of chunks, see Printer. An empty sequence has a
// beginning as well.
func printChunks(p connPrinter, chunks iter.Seq2[[]ipvs.ConnEntry, error]) error {
	begun := false
	for entries, err := range chunks {
		if err == nil && !begun {
			begun = true
			err = p.begin()
		}
		if err == nil {
			err = p.print(entries)
		}
		if err != nil {
			return err
		}
	}
	if !begun {
		return p.begin()
	}
	return nil
}
