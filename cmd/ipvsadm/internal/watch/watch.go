// SPDX-License-Identifier: Apache-2.0

// Package watch repeats a listing. It prints one document after the other or, on a
// terminal, updates a screen in place.
package watch

import (
	"bufio"
	"io"
	"syscall"
	"time"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/kernel"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/listing"
	"github.com/ipvsadm-go/ipvsadm/format"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// Watch repeats a listing. All fields must be set; those with a useful zero value say so.
type Watch struct {
	Listing  *listing.Listing
	Interval time.Duration // from the start of one reading to the start of the next
	// ScreenForm is the form of the listing on a screen. The zero value is the classic
	// form.
	ScreenForm format.Form

	Stdin    io.Reader // keys, if it is a terminal
	Stdout   *bufio.Writer
	Terminal Terminal // that Stdout writes to; zero if it is not a terminal
	// Style returns the style for the next listing, since a terminal may change its size.
	Style func() listing.Style

	// Connect returns a new client after a failed reading, and closes the old one.
	Connect func() (*ipvs.Client, error)
	// Loaded tells whether the module of IPVS is loaded.
	Loaded func() (bool, error)
	// Describe returns the message for an error.
	Describe func(error) string
	// Complain prints the message for an error to stderr.
	Complain func(error)
}

// SignalError means that a signal ended a listing on a screen. The process should exit
// as that signal demands.
type SignalError struct{ Signal syscall.Signal }

func (e *SignalError) Error() string { return e.Signal.String() }

// Run repeats the listing: on a screen if the terminal and the form allow it, else as
// documents. It returns nil when a key or SIGINT ends the screen. It returns an error, which
// may be a *SignalError, if the first reading fails or the output cannot be written.
func (w *Watch) Run() error {
	w.Listing.Source.Rates = new(listing.Rates)
	r := &kernel.Reader{Connect: w.connect, Loaded: w.Loaded}
	if w.Terminal.FullScreen && w.Listing.Options.Form != format.JSONForm {
		w.Listing.Options.Form = w.ScreenForm
		return runScreen(w, r)
	}
	return w.runDocuments(r)
}

func (w *Watch) connect() error {
	client, err := w.Connect()
	if err == nil {
		w.Listing.Source.Client = client
	}
	return err
}

// runDocuments prints documents. If a reading fails, it prints a message to stderr instead
// of a document; if the first one fails, it returns.
func (w *Watch) runDocuments(r *kernel.Reader) error {
	l, separator := w.Listing, ""
	for first := true; ; first = false {
		l.Time = time.Now()
		l.Style = w.Style()
		d := &document{w: w.Stdout, separator: separator}
		err := r.Try(func() error { return l.Print(d) })
		if d.begun {
			separator = w.separator()
			if err != nil && l.Options.Form == format.JSONForm {
				_, _ = io.WriteString(w.Stdout, "\n") // the next document has a line of its own
			}
		}
		if err := w.Stdout.Flush(); err != nil {
			return err
		}
		switch {
		case err != nil && first:
			return err
		case err != nil:
			w.Complain(err)
		}
		time.Sleep(max(time.Until(l.Time.Add(w.Interval)), minPause))
	}
}

// minPause is the minimum time between the end of a reading and the start of the next.
const minPause = 10 * time.Millisecond

// separator returns what is printed between two documents: an empty line or, since each
// JSON document is one line, nothing.
func (w *Watch) separator() string {
	if w.Listing.Options.Form == format.JSONForm {
		return ""
	}
	return "\n"
}

// document writes separator before the first byte that is written to it.
type document struct {
	w         io.Writer
	separator string
	begun     bool
}

func (d *document) Write(b []byte) (int, error) {
	if !d.begun {
		d.begun = true
		if _, err := io.WriteString(d.w, d.separator); err != nil {
			return 0, err
		}
	}
	return d.w.Write(b)
}
