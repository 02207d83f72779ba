package main

import (
	"io"
	"net/netip"
	"time"
)

// lister prints a listing, once or again and again.
type lister struct {
	*program
	command *command
	names   *names // nil for numbers only

	// Of a repeated listing; nil and zero otherwise.
	meter     *meter
	now       time.Time
	onScreen  bool
	failed    bool // whether the last reading did
	sawModule bool // whether the machine has told of the module
}

func (p *program) lister(c *command) *lister {
	l := &lister{program: p, command: c}
	if !c.has(numericBit) && c.listing.output != asPrometheus {
		l.names = newNames()
	}
	return l
}

// list prints the listing once.
func (l *lister) list() error { return l.listTo(l.stdout) }

func (l *lister) listTo(w io.Writer) error {
	printer := l.printer()
	if l.command.listsConnections() {
		return l.listConnections(w, printer)
	}
	r, err := l.read()
	if err != nil {
		return err
	}
	if l.names != nil {
		l.findNames(r.addrs())
	}
	return r.print(w, printer)
}

// findNames looks up the names of the listing's addresses. In a repeated listing
// those of the last one need not be asked for again, and those that it has no more
// are forgotten.
func (l *lister) findNames(addrs []netip.Addr) {
	more := newNames()
	more.keep(l.names, addrs)
	more.lookUp(addrs)
	*l.names = *more
}
