package main

import (
	"errors"
	"fmt"
	"net/netip"
	"os"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// connectionChunk is how many connections are printed at a time, so that the
// names of their addresses can be looked up together.
const connectionChunk = 1024

// listConnections prints the connections as the kernel hands them out.
func (p *program) listConnections(c *command) error {
	if err := p.connect(); err != nil {
		return err
	}
	file, err := os.Open(ipvs.ConnEntriesPath)
	if err != nil {
		return fmt.Errorf("cannot open file %s", ipvs.ConnEntriesPath)
	}
	defer func() { _ = file.Close() }()

	var names *names
	printer := c.printer(nil)
	if !c.has(numericBit) {
		names = newNames()
		printer = c.printer(names)
	}
	titled := false
	chunk := make([]ipvs.ConnEntry, 0, connectionChunk)
	print := func() error {
		if !titled {
			titled = true
			if err := printer.ConnTitles(p.stdout); err != nil {
				return err
			}
		}
		if names != nil {
			names.lookUp(endsOf(chunk))
		}
		err := printer.Connections(p.stdout, chunk)
		chunk = chunk[:0]
		return err
	}
	for entry, err := range ipvs.ConnEntries(file) {
		switch {
		case errors.Is(err, ipvs.ErrNoConnEntries):
			return fmt.Errorf("unexpected input from %s", ipvs.ConnEntriesPath)
		case err != nil:
			return errors.Join(print(), err)
		}
		if chunk = append(chunk, entry); len(chunk) == connectionChunk {
			if err := print(); err != nil {
				return err
			}
		}
	}
	if err := print(); err != nil {
		return err
	}
	return printer.ConnEnd(p.stdout)
}

// endsOf lists the addresses of connections.
func endsOf(entries []ipvs.ConnEntry) []netip.Addr {
	addrs := make([]netip.Addr, 0, 3*len(entries))
	for _, e := range entries {
		addrs = append(addrs, e.Client.Addr(), e.Virtual.Addr(), e.Destination.Addr())
	}
	return addrs
}
