// SPDX-License-Identifier: Apache-2.0

package format

import (
	"io"
	"iter"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// Printer prints listings in one form. It has no state: each call prints one listing
// from start to end. It returns the first error of w.
type Printer interface {
	// Timeouts prints the timeouts of connections.
	Timeouts(w io.Writer, timeouts ipvs.Timeouts) error
	// Daemons prints the running sync daemons.
	Daemons(w io.Writer, daemons []ipvs.Daemon) error
	// Table prints services with their destinations.
	Table(w io.Writer, s Snapshot) error
	// Connections prints connections chunk by chunk. A chunk has to stay valid only
	// until the next one is yielded. Connections returns an error of the sequence at
	// once, without the end of the listing. If the sequence begins with an error, it
	// prints nothing.
	Connections(w io.Writer, chunks iter.Seq2[[]ipvs.ConnEntry, error]) error
	// ConnCounts prints the size of each group of connections.
	ConnCounts(w io.Writer, by ipvs.ConnGroup, counts []ipvs.ConnCount) error
}

// Pager is a form that a screen can show page by page. Its methods take the part of a
// listing that is on the page.
type Pager interface {
	PageTimeouts(timeouts ipvs.Timeouts) Page
	PageDaemons(daemons []ipvs.Daemon) Page
	PageTable(s Snapshot) Page
	PageConnections(entries []ipvs.ConnEntry) Page
	PageConnCounts(by ipvs.ConnGroup, counts []ipvs.ConnCount) Page
}

// Page is a page of a listing, in lines without line feeds. Sanitize has been applied
// to its text.
type Page struct {
	Head [][]byte // titles
	Rows [][]byte // a row may take several lines
	Foot [][]byte // which columns have no room
}

// Each form is a Printer. Those for a screen are Pagers, too.
var (
	_ Printer = Classic{}
	_ Printer = JSON{}
	_ Printer = Table{}
	_ Printer = Prometheus{}

	_ Pager = Classic{}
	_ Pager = Table{}
)
