package main

import (
	"io"
	"os"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/format"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// outputFormat is the form of a listing. The zero value is the original's.
type outputFormat int

const (
	classic outputFormat = iota
	asJSON
	asTable
	asPrometheus
)

var outputFormats = [...]string{classic: "classic", asJSON: "json", asTable: "table", asPrometheus: "prometheus"}

func (c *command) setOutput(value string) error {
	for f, name := range outputFormats {
		if name == value {
			c.listing.output = outputFormat(f)
			return nil
		}
	}
	return usagef("invalid output format `%s' specified; it is one of %s", value, strings.Join(outputFormats[:], ", "))
}

// printer prints the listings in one format.
type printer interface {
	Timeouts(io.Writer, ipvs.Config) error
	Daemons(io.Writer, []ipvs.Daemon) error
	Table(io.Writer, format.Snapshot) error
	// ConnTitles prints what comes before connections, which follow in parts, and
	// ConnEnd what comes after them.
	ConnTitles(io.Writer) error
	Connections(io.Writer, []ipvs.ConnEntry) error
	ConnEnd(io.Writer) error
	ConnCounts(io.Writer, ipvs.ConnGroup, []ipvs.ConnCount) error
}

// printer is the one that the command asks for.
func (l *lister) printer() printer {
	var names format.Names
	if l.names != nil {
		names = l.names
	}
	c := l.command
	switch c.listing.output {
	case asJSON:
		return &format.Documents{Names: names, Time: l.now}
	case asTable:
		t := terminalOf(l.below, os.Getenv)
		return &format.Tables{
			View: c.view(), Exact: c.has(exactBit), Names: names, Width: t.width, Colour: t.colour,
			PersistenceData: c.has(persistentConnBit), NoTotal: l.onScreen,
		}
	case asPrometheus:
		return format.Metrics{}
	}
	return classicPrinter{
		format.Listing{View: c.view(), Exact: c.has(exactBit), Names: names},
		format.ConnListing{PersistenceData: c.has(persistentConnBit), Names: names},
		l.safe,
	}
}

// classicPrinter prints what the original does.
type classicPrinter struct {
	listing     format.Listing
	connections format.ConnListing
	safe        func(io.Writer) io.Writer // see program
}

func (classicPrinter) Timeouts(w io.Writer, c ipvs.Config) error { return format.Timeouts(w, c) }

func (p classicPrinter) Daemons(w io.Writer, daemons []ipvs.Daemon) error {
	return format.Daemons(p.safe(w), daemons)
}

func (p classicPrinter) Table(w io.Writer, s format.Snapshot) error {
	w = p.safe(w)
	if s.Info != nil {
		if err := format.Version(w, *s.Info); err != nil {
			return err
		}
	}
	if err := p.listing.Titles(w); err != nil {
		return err
	}
	return p.listing.Table(w, s.Table)
}

func (p classicPrinter) ConnTitles(w io.Writer) error { return p.connections.Titles(w) }

func (p classicPrinter) Connections(w io.Writer, entries []ipvs.ConnEntry) error {
	return p.connections.Entries(p.safe(w), entries)
}

func (classicPrinter) ConnEnd(io.Writer) error { return nil }

func (p classicPrinter) ConnCounts(w io.Writer, by ipvs.ConnGroup, counts []ipvs.ConnCount) error {
	return p.connections.Counts(p.safe(w), by, counts)
}
