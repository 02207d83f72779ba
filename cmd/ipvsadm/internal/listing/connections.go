// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"cmp"
	"errors"
	"io"
	"iter"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/kernel"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/resolve"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// connChunk is how many connections are printed at a time. The names of their addresses
// are looked up together.
const connChunk = 1024

// printConnections prints the connections as they are read.
func (l *Listing) printConnections(w io.Writer) error {
	file, _, err := l.openConnections()
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	if l.Names != nil {
		l.Names.ResetDeadline()
	}
	return l.Printer().Connections(w, l.connChunks(file))
}

// connChunks yields the connections that the filter selects, in chunks. A chunk is valid
// until the next one, and its names have been looked up.
func (l *Listing) connChunks(file io.Reader) iter.Seq2[[]ipvs.ConnEntry, error] {
	return func(yield func([]ipvs.ConnEntry, error) bool) {
		chunk := make([]ipvs.ConnEntry, 0, connChunk)
		yieldChunk := func() bool {
			if l.Names != nil {
				l.Names.Evict()
				l.Names.LookUp(resolve.ConnAddrs(chunk))
			}
			more := yield(chunk, nil)
			chunk = chunk[:0]
			return more
		}
		for e, err := range l.connections(file) {
			switch {
			case errors.Is(err, errUnexpectedInput):
				yield(nil, err)
				return
			case err != nil:
				// Print the connections before the error.
				if yieldChunk() {
					yield(nil, err)
				}
				return
			}
			if chunk = append(chunk, e); len(chunk) == connChunk && !yieldChunk() {
				return
			}
		}
		if len(chunk) > 0 {
			yieldChunk()
		}
	}
}

// countConnections counts the connections that the filter selects.
func (l *Listing) countConnections() (Result, error) {
	var counts ipvs.ConnCounts
	resized, err := l.readConnections(func(entries iter.Seq2[ipvs.ConnEntry, error]) (err error) {
		counts, err = l.Options.CountBy.Count(entries)
		return err
	})
	return CountResult{By: l.Options.CountBy, Counts: counts.Sorted(), Resized: resized}, err
}

// maxScreenConns limits the connections that a screen can scroll through.
const maxScreenConns = 1000

// firstConnections reads the first connections that the filter selects, and counts
// all of them.
func (l *Listing) firstConnections() (Result, error) {
	r := ConnResult{First: make([]ipvs.ConnEntry, 0, maxScreenConns)}
	_, err := l.readConnections(func(entries iter.Seq2[ipvs.ConnEntry, error]) error {
		r.First, r.All = r.First[:0], 0
		for e, err := range entries {
			if err != nil {
				return err
			}
			r.All++
			if len(r.First) < maxScreenConns {
				r.First = append(r.First, e)
			}
		}
		return nil
	})
	return r, err
}

// resizeTries is how often connections are read again because their table was resized.
const resizeTries = 5

// readConnections calls read with the connections that the filter selects. From Linux 7.1 on
// the kernel resizes the table, and a reading meanwhile misses entries and repeats others, so
// read is called again if the table has another size afterwards. resized tells that this was
// so after the last call, too.
func (l *Listing) readConnections(read func(iter.Seq2[ipvs.ConnEntry, error]) error) (resized bool, err error) {
	for range resizeTries {
		file, size, err := l.openConnections()
		if err != nil {
			return false, err
		}
		err = read(l.connections(file))
		_ = file.Close()
		if info, unknown := l.Source.Client.Info(); err != nil || unknown != nil || info.ConnTabSize == size {
			return false, err
		}
	}
	return true, nil
}

// openConnections opens the file of connections, if IPVS is loaded, and returns the size of
// their table. Users who may not use IPVS may still be able to read the file.
func (l *Listing) openConnections() (file io.ReadCloser, size uint32, err error) {
	info, refused := l.Source.Client.Info()
	if refused != nil && !errors.Is(refused, kernel.ErrNotPermitted) {
		return nil, 0, refused
	}
	file, err = l.Source.Open(ConnectionsPath)
	if err != nil {
		return nil, 0, cmp.Or(refused, err)
	}
	return file, info.ConnTabSize, nil
}

var errUnexpectedInput = errors.New("unexpected input from " + ConnectionsPath)

// connections yields the connections that the filter selects. After an error it ends.
func (l *Listing) connections(file io.Reader) iter.Seq2[ipvs.ConnEntry, error] {
	return func(yield func(ipvs.ConnEntry, error) bool) {
		for e, err := range ipvs.ConnEntries(file) {
			if errors.Is(err, ipvs.ErrNoConnEntries) {
				err = errUnexpectedInput
			}
			if err == nil && !l.Options.Filter.Match(&e) {
				continue
			}
			if !yield(e, err) {
				return
			}
		}
	}
}
