// SPDX-License-Identifier: Apache-2.0

// Package listing reads a listing from the kernel, looks up the names of its addresses
// and prints it. It knows nothing of command lines and exit statuses.
package listing

import (
	"io"
	"net/netip"
	"time"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/resolve"
	"github.com/ipvsadm-go/ipvsadm/format"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// The files below /proc that listings are read from.
const (
	ConnectionsPath = "/proc/net/ip_vs_conn"
	TotalsPath      = "/proc/net/ip_vs_stats"
	TablePath       = "/proc/net/ip_vs"
	StatusPath      = "/proc/net/ip_vs_status"
)

// Source is where listings are read from.
type Source struct {
	Client *ipvs.Client
	// Open opens one of the files.
	Open func(path string) (io.ReadCloser, error)
	// Settings returns the values of those settings of IPVS in /proc/sys that can be read.
	// Parameter returns one of the module ip_vs; it is not ok if there is none. They are not
	// needed for the classic form.
	Settings  func(names ...string) map[string]string
	Parameter func(name string) (value string, ok bool)
	// Rates computes rates between readings. If it is nil, the kernel's rates are shown.
	Rates *Rates
}

// Style depends on where a listing is printed. The zero value is for a file.
type Style struct {
	Width  int  // maximum width of a table in columns, 0 for no limit
	Colour bool // whether a table has colours
	// Sanitize escapes control characters in the classic form. The other forms always
	// escape them.
	Sanitize bool
}

// Listing is a listing that can be printed once or repeatedly. Use New. Style and Time
// may change between readings.
type Listing struct {
	Source  Source
	Options Options
	Style   Style
	// Warn prints what a result lacks. It is not used by Read.
	Warn func(text string)
	// Hosts looks up names.
	Hosts *resolve.Resolver
	// Names holds the names of the last reading. It is nil if the listing has only
	// numbers.
	Names *resolve.Names
	// Time is the time of the reading. It is printed unless it is zero.
	Time time.Time
}

// New returns a listing. It reads nothing yet.
func New(source Source, o Options, style Style, hosts *resolve.Resolver) *Listing {
	l := &Listing{Source: source, Options: o, Style: style, Hosts: hosts}
	if !o.Numeric && o.Form != format.PrometheusForm {
		l.Names = hosts.NewNames()
	}
	return l
}

// Print reads the listing and prints it. Connections are printed as they are read.
func (l *Listing) Print(w io.Writer) error {
	if l.Options.Kind == Connections {
		return l.printConnections(w)
	}
	result, err := l.Read()
	if err != nil {
		return err
	}
	if counts, ok := result.(CountResult); ok && counts.Resized {
		l.Warn("the kernel kept resizing its table of connections: the counts lack some connections, or have some twice")
	}
	if l.Names != nil {
		addrs := result.Addrs()
		names := l.NewNames(addrs)
		names.LookUp(addrs)
		l.Names = names
	}
	return result.Print(w, l.Printer())
}

// NewNames returns the names for a new reading. It copies those of the last reading for
// the addresses that are still needed. Names must not be nil.
func (l *Listing) NewNames(addrs []netip.Addr) *resolve.Names {
	names := l.Hosts.NewNames()
	names.Reuse(l.Names, addrs)
	return names
}
