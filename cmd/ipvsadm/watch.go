package main

import (
	"io"
	"os"
	"time"
)

// watch repeats the listing: in place on a terminal, else one document after the
// other.
func (l *lister) watch() error {
	l.meter = new(meter)
	if t := terminalOf(l.below, os.Getenv); t.typed && l.command.listing.output != asJSON {
		return l.watchOn(t.file)
	}
	for separator := ""; ; separator = l.separator() {
		l.now = time.Now()
		if _, err := io.WriteString(l.stdout, separator); err != nil {
			return err
		}
		if err := l.list(); err != nil {
			return err
		}
		if err := l.stdout.Flush(); err != nil {
			return err
		}
		time.Sleep(time.Until(l.now.Add(l.command.listing.interval)))
	}
}

// separator comes between two documents: an empty line if they are not lines.
func (l *lister) separator() string {
	if l.command.listing.output == asJSON {
		return ""
	}
	return "\n"
}
