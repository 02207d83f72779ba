// SPDX-License-Identifier: Apache-2.0

// Package cmdline parses command lines. It turns arguments into a Command, or into an
// error with the text of ipvsadm 1.31. It looks up host names, but neither talks to the
// kernel nor prints.
package cmdline

import (
	"slices"
	"time"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/diagnose"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/drain"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/listing"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/monitor"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/sysctl"
	"github.com/ipvsadm-go/ipvsadm/format"
)

// Kind is the kind of a command. The zero Kind is invalid.
type Kind int

// The kinds of commands.
const (
	Change    Kind = iota + 1 // change the table, the timeouts or a daemon
	Keep                      // change settings of a service or of servers, and keep the others
	Drain                     // take servers out of their services
	Ramp                      // raise the weight of a server in steps
	List                      // print a listing
	Save                      // print the table as rules
	Restore                   // execute rules from standard input
	ListNetNS                 // print the network namespaces
	Sysctl                    // print or set settings in /proc/sys
	Monitor                   // print changes as they happen
	Diagnose                  // look for faults of the set-up
	Help                      // print the usage
	Version                   // print the version
)

// Command is a valid command line. Fields that do not belong to its Kind are zero.
type Command struct {
	Kind      Kind
	Edit      Edit              // if Kind is Change
	Keep      Overlay           // if Kind is Keep
	Drain     Draining          // if Kind is Drain
	Ramp      drain.RampOptions // if Kind is Ramp
	List      Listing           // if Kind is List
	Monitor   monitor.Options   // if Kind is Monitor
	Diagnosis Diagnosis         // if Kind is Diagnose
	Numeric   bool              // if Kind is Save: print addresses and ports as numbers
	NetNS     string            // the network namespace to work in, "" for that of the process
	// JSON selects JSON instead of text, if Kind is ListNetNS, Sysctl or Monitor.
	JSON bool
	// All prints namespaces without services, too, if Kind is ListNetNS.
	All bool
	// Sysctls are the settings to print or to set, if Kind is Sysctl. Without one, all are
	// printed.
	Sysctls []sysctl.Assignment
	// Changed prints only settings that are not the default, if Kind is Sysctl: in the form
	// of sysctl.d, unless Table or JSON is set.
	Changed, Table bool
}

// Draining says which servers to take out of their services.
type Draining struct {
	drain.Options
	JSON bool // print JSON documents
}

// Diagnosis says what to look for faults in.
type Diagnosis struct {
	diagnose.Options
	Rules string // the rules file to diagnose instead of the machine, "-" for standard input
	JSON  bool
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

// SetsSysctls tells whether the command sets settings in /proc/sys and shows none.
func (c *Command) SetsSysctls() bool {
	shows := func(a sysctl.Assignment) bool { return !a.Set }
	return len(c.Sysctls) > 0 && !slices.ContainsFunc(c.Sysctls, shows)
}

// MakesChanges tells whether the words of a Keep, Sysctl, List or Save make changes. It
// takes less time and memory than to parse them.
func MakesChanges(words []string) bool {
	return slices.Contains(words, "--keep") || words[0] == "--sysctl"
}

// Prints tells whether the command lists or saves the table. It changes nothing then.
func (c *Command) Prints() bool { return c.Kind == List || c.Kind == Save }

// IsNew tells whether ipvsadm 1.31 lacks the command or one of its options.
func (c *Command) IsNew() bool {
	switch c.Kind {
	case Keep, Drain, Ramp, ListNetNS, Sysctl, Monitor, Diagnose:
		return true
	}
	return c.List.New || c.NetNS != ""
}

// NamesNewCommand tells whether the words begin with a command that ipvsadm 1.31 lacks, whatever follows it.
func NamesNewCommand(words []string) bool {
	_, first, err := leadingNetNS(&scanner{flags: newUsedFlags(), words: words})
	if err != nil || first.flag == nil {
		return false
	}
	a := optionOf(first).action
	return a.borrows() || a == sysctls
}

// Repeats tells whether the command is a repeated listing.
func (c *Command) Repeats() bool { return c.List.Interval > 0 }
