// SPDX-License-Identifier: Apache-2.0

// Package cmdline parses command lines. It turns arguments into a Command, or into an
// error with the text of ipvsadm 1.31. It looks up host names, but neither talks to the
// kernel nor prints.
package cmdline

import (
	"time"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/drain"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/listing"
	"github.com/ipvsadm-go/ipvsadm/format"
)

// Kind is the kind of a command. The zero Kind is invalid.
type Kind int

// The kinds of commands.
const (
	Change  Kind = iota + 1 // change the table, the timeouts or a daemon
	Keep                    // change settings of a service or of servers, and keep the others
	Drain                   // take servers out of their services
	Ramp                    // raise the weight of a server in steps
	List                    // print a listing
	Save                    // print the table as rules
	Restore                 // execute rules from standard input
	Help                    // print the usage
	Version                 // print the version
)

// Command is a valid command line. Fields that do not belong to its Kind are zero.
type Command struct {
	Kind    Kind
	Edit    Edit              // if Kind is Change
	Keep    Overlay           // if Kind is Keep
	Drain   Draining          // if Kind is Drain
	Ramp    drain.RampOptions // if Kind is Ramp
	List    Listing           // if Kind is List
	Numeric bool              // if Kind is Save: print addresses and ports as numbers
}

// Draining says which servers to take out of their services.
type Draining struct {
	drain.Options
	JSON bool // print JSON documents
}

// Listing is a listing that is printed once or repeatedly.
type Listing struct {
	Options listing.Options
	// Interval is the time from one reading to the next, 0 to list only once.
	Interval time.Duration
	// ScreenForm replaces Options.Form if the listing is repeated on a terminal.
	ScreenForm format.Form
	// New is set if an option is one that ipvsadm 1.31 lacks.
	New bool
}

// Prints tells whether the command lists or saves the table. It changes nothing then.
func (c *Command) Prints() bool { return c.Kind == List || c.Kind == Save }

// IsNew tells whether ipvsadm 1.31 lacks the command or one of its options.
func (c *Command) IsNew() bool {
	return c.List.New || c.Kind == Keep || c.Kind == Drain || c.Kind == Ramp
}

// Repeats tells whether the command is a repeated listing.
func (c *Command) Repeats() bool { return c.List.Interval > 0 }
