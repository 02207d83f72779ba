package main

import (
	"io"
	"os"
	"time"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// watch repeats the listing: in place on a terminal, else one document after the
// other.
func (l *lister) watch() error {
	l.meter = new(meter)
	if t := terminalOf(l.below, os.Getenv); t.typed && l.command.listing.output != asJSON {
		return l.watchOn(t.file)
	}
	return l.watchDocuments()
}

// watchDocuments prints documents. A reading that fails is a line on stderr instead
// of a document, and the end if it is the first.
func (l *lister) watchDocuments() error {
	separator := ""
	for first := true; ; first = false {
		l.now = time.Now()
		d := &document{w: l.stdout, before: separator}
		err := l.try(func() error { return l.listTo(d) })
		if d.begun {
			separator = l.separator()
			if err != nil && l.command.listing.output == asJSON {
				_, _ = io.WriteString(l.stdout, "\n") // the next one has a line of its own
			}
		}
		if err := l.stdout.Flush(); err != nil {
			return err
		}
		switch {
		case err != nil && first:
			return err
		case err != nil:
			l.complain(sentence(err))
		}
		time.Sleep(max(time.Until(l.now.Add(l.command.listing.interval)), leastPause))
	}
}

// leastPause is between two readings, however long they take.
const leastPause = 10 * time.Millisecond

// separator comes between two documents: an empty line if they are not lines.
func (l *lister) separator() string {
	if l.command.listing.output == asJSON {
		return ""
	}
	return "\n"
}

// document writes a text before the first byte that is written to it.
type document struct {
	w      io.Writer
	before string
	begun  bool
}

func (d *document) Write(b []byte) (int, error) {
	if !d.begun {
		d.begun = true
		if _, err := io.WriteString(d.w, d.before); err != nil {
			return 0, err
		}
	}
	return d.w.Write(b)
}

// try does a reading. After one that failed it connects anew: the module may have
// been unloaded and loaded meanwhile, and then has another family ID.
func (l *lister) try(read func() error) (err error) {
	if l.failed {
		err = l.reconnect()
	}
	if err == nil {
		err = read()
	}
	if l.failed = err != nil; l.failed {
		if l.unloaded() {
			return ipvs.ErrNoIPVS
		}
		return err
	}
	loaded, err := l.machine.loaded()
	l.sawModule = l.sawModule || err == nil && loaded
	return nil
}

// reconnect keeps the client that it has if it finds no other.
func (l *lister) reconnect() error {
	if l.unloaded() {
		return ipvs.ErrNoIPVS // to dial would load the module, against the will of who unloaded it
	}
	client, err := l.machine.dial()
	if err != nil {
		return err
	}
	_ = l.client.Close()
	l.client = client
	return nil
}

// unloaded tells whether the module was there and is not any more.
func (l *lister) unloaded() bool {
	loaded, err := l.machine.loaded()
	return l.sawModule && err == nil && !loaded
}
