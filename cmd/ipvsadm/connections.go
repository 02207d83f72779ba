package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// connectionChunk is how many connections are printed at a time, so that the
// names of their addresses can be looked up together.
const connectionChunk = 1024

// listConnections prints the connections as the kernel hands them out.
func (l *lister) listConnections(w io.Writer, printer printer) error {
	file, err := l.openConnections()
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	if l.names != nil {
		l.names.again()
	}
	titled := false
	chunk := make([]ipvs.ConnEntry, 0, connectionChunk)
	print := func() error {
		if !titled {
			titled = true
			if err := printer.ConnTitles(w); err != nil {
				return err
			}
		}
		if l.names != nil {
			l.names.bound()
			l.names.lookUp(endsOf(chunk))
		}
		err := printer.Connections(w, chunk)
		chunk = chunk[:0]
		return err
	}
	err = l.eachConnection(file, func(e ipvs.ConnEntry) error {
		if chunk = append(chunk, e); len(chunk) == connectionChunk {
			return print()
		}
		return nil
	})
	if errors.Is(err, errUnexpectedInput) {
		return err
	}
	if err := errors.Join(print(), err); err != nil {
		return err
	}
	return printer.ConnEnd(w)
}

// countConnections counts what the filters let through.
func (l *lister) countConnections() ([]ipvs.ConnCount, error) {
	file, err := l.openConnections()
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	counts := ipvs.ConnCounts{}
	err = l.eachConnection(file, func(e ipvs.ConnEntry) error {
		counts[l.command.listing.countBy.Key(&e)]++
		return nil
	})
	return counts.List(), err
}

// screenConnections bounds what can be scrolled through on a screen.
const screenConnections = 1000

// someConnections reads the first ones that the filters let through, and counts
// all of them.
func (l *lister) someConnections() (first []ipvs.ConnEntry, all uint64, err error) {
	file, err := l.openConnections()
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = file.Close() }()
	first = make([]ipvs.ConnEntry, 0, screenConnections)
	err = l.eachConnection(file, func(e ipvs.ConnEntry) error {
		all++
		if len(first) < screenConnections {
			first = append(first, e)
		}
		return nil
	})
	return first, all, err
}

// openConnections makes sure that IPVS is there. The list of its connections may be
// read by others than those who may ask it.
func (p *program) openConnections() (*os.File, error) {
	refused := p.connect()
	if refused != nil && !notPermitted(refused) {
		return nil, refused
	}
	file, err := p.openProc(ipvs.ConnEntriesPath)
	if err != nil {
		return nil, cmp.Or(refused, err)
	}
	return file, nil
}

// openProc opens a file that the kernel makes.
func (p *program) openProc(path string) (*os.File, error) {
	file, err := os.Open(filepath.Join(p.machine.root, path))
	if err != nil {
		return nil, fmt.Errorf("cannot open file %s", path)
	}
	return file, nil
}

var errUnexpectedInput = errors.New("unexpected input from " + ipvs.ConnEntriesPath)

// eachConnection does something for each connection that the filters let through,
// until that fails.
func (l *lister) eachConnection(file io.Reader, do func(ipvs.ConnEntry) error) error {
	for entry, err := range ipvs.ConnEntries(file) {
		switch {
		case errors.Is(err, ipvs.ErrNoConnEntries):
			return errUnexpectedInput
		case err != nil:
			return err
		}
		if !l.command.listing.filter.Match(&entry) {
			continue
		}
		if err := do(entry); err != nil {
			return err
		}
	}
	return nil
}

// endsOf lists the addresses of connections.
func endsOf(entries []ipvs.ConnEntry) []netip.Addr {
	addrs := make([]netip.Addr, 0, 3*len(entries))
	for _, e := range entries {
		addrs = append(addrs, e.Client.Addr(), e.Virtual.Addr(), e.Destination.Addr())
	}
	return addrs
}
