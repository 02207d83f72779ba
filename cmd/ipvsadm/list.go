package main

import "time"

// lister prints a listing, once or again and again.
type lister struct {
	*program
	command *command
	names   *names // nil for numbers only

	// Of a repeated listing; nil and zero otherwise.
	meter *meter
	now   time.Time
}

func (p *program) lister(c *command) *lister {
	l := &lister{program: p, command: c}
	if !c.has(numericBit) && c.listing.output != asPrometheus {
		l.names = newNames()
	}
	return l
}

// list prints the listing once.
func (l *lister) list() error {
	printer := l.printer()
	if l.command.listsConnections() {
		return l.listConnections(printer)
	}
	r, err := l.read()
	if err != nil {
		return err
	}
	if l.names != nil {
		l.names.lookUp(r.addrs())
	}
	return r.print(l.stdout, printer)
}
