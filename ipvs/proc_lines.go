// SPDX-License-Identifier: Apache-2.0

package ipvs

import (
	"bytes"
	"errors"
	"io"
)

const (
	// procBuffer is far beyond a page and the longest line that the kernel writes.
	procBuffer = 64 << 10
	// maxEmptyReads bounds how often a reader may return nothing.
	maxEmptyReads = 100
)

// procLines splits a file of /proc/net into lines, and counts its pages. The kernel
// fills a page with whole records under one RCU lock, and returns it by one read
// (seq_read_iter in fs/seq_file.c). If a read is too short for a page, that page ends
// with the record in which the read ends, and the rest of the record comes with the next
// page. So each read ends the page of the record that it ends in.
type procLines struct {
	in         io.Reader
	buffer     []byte
	start, end int // of the part that is not split yet
	err        error
	// limit returns how much to read at once at most; nil for no limit.
	limit func() int

	count int // lines so far
	bytes int // read so far
	page  int // the page in which the last line begins, if it begins a record
	reads int
}

var errLongLine = errors.New("a line without an end")

// next returns the next line without its line feed. It is valid until the next call. The
// error is io.EOF at the end.
func (l *procLines) next() ([]byte, error) {
	l.page = l.reads
	if l.start == l.end {
		l.page++ // the line comes with the next read
	}
	scanned := 0
	for {
		rest := l.buffer[l.start:l.end]
		if n := bytes.IndexByte(rest[scanned:], '\n'); n >= 0 {
			n += scanned
			l.start += n + 1
			l.count++
			return rest[:n], nil
		}
		scanned = len(rest)
		switch {
		case l.err == io.EOF && len(rest) > 0:
			return nil, io.ErrUnexpectedEOF
		case l.err != nil:
			return nil, l.err
		case len(rest) == len(l.buffer):
			return nil, errLongLine
		}
		l.fill()
	}
}

// fill reads more, and puts it behind what is left.
func (l *procLines) fill() {
	l.end = copy(l.buffer, l.buffer[l.start:l.end])
	l.start = 0
	room := l.buffer[l.end:]
	if l.limit != nil {
		room = room[:min(len(room), max(l.limit(), 1))]
	}
	for range maxEmptyReads {
		var n int
		n, l.err = l.in.Read(room)
		l.end += n
		l.bytes += n
		if n > 0 || l.err != nil {
			l.reads++
			return
		}
	}
	l.err = io.ErrNoProgress
}
