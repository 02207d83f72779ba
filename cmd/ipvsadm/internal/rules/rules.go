// SPDX-License-Identifier: Apache-2.0

// Package rules reads rules files, which hold one ipvsadm command line per line, and
// applies them to the kernel. Replay executes the lines in order. Desired computes
// the state that the lines describe, and Target.Reconcile changes the kernel to match it.
// ipvsadm -R and ipvsadm-restore --clear use a Replay, ipvsadm-restore and ipvsadm-boot a
// Desired.
package rules

import (
	"errors"
	"io"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/cmdline"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/kernel"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/resolve"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/sysconfig"
)

// Callers do not print these errors: the Report has already named the lines.
var (
	// ErrBad means that at least one line could not be parsed, or that the rules were
	// not applied because of that.
	ErrBad = errors.New("bad rules")
	// ErrRejected means that the kernel rejected a rule, or would reject it.
	ErrRejected = errors.New("rules rejected")
)

// Line is one command of a rules file. Words and Command are valid until the next line
// is read.
type Line struct {
	Number  int // from 1
	Words   []string
	Command *cmdline.Command
}

// Target is the kernel that rules are applied to. All fields must be set.
type Target struct {
	Client *ipvs.Client
	Report *Report
	// Lock locks out other restores until unlock is called. locked is false if the
	// lock could not be taken; unlock may be called even then.
	Lock func() (unlock func(), locked bool)
	// Execute executes a line that is not one change: it lists or saves the table, sets
	// sysctls, or is an edit with --keep.
	Execute func(words []string) error
}

const (
	// MaxOutputLines limits the lines that list or save the table, or set sysctls. Their
	// memory, unlike that of changes, is not bounded by the size of the table.
	MaxOutputLines = 1_000_000
	// manyLines is the number of lines from which low memory use matters more than the
	// time spent in garbage collection.
	manyLines = 50_000
)

// Read parses rules that are to be executed in order. It passes each valid line to take
// and reports each bad one; bad tells whether there were any.
func Read(r io.Reader, hosts *resolve.Resolver, report *Report, take func(Line)) (bad bool) {
	return read(r, hosts, report, func(*cmdline.Command) error { return nil }, take)
}

// readDescription is Read for rules that describe the whole table. They cannot leave
// settings as they are.
func readDescription(r io.Reader, hosts *resolve.Resolver, report *Report, take func(Line)) (bad bool) {
	return read(r, hosts, report, func(c *cmdline.Command) error {
		if c.Kind == cmdline.Keep {
			return cmdline.WithHint(cmdline.Usagef("the option 'keep' is not allowed in rules that describe the whole table"), "ipvsadm -R takes it")
		}
		return nil
	}, take)
}

func read(r io.Reader, hosts *resolve.Resolver, report *Report, check func(*cmdline.Command) error, take func(Line)) (bad bool) {
	kernel.RelaxGC()
	parser := cmdline.NewParser(hosts)
	lines, outputs := 0, 0
	for line, err := range sysconfig.Lines(r) {
		if lines++; lines == manyLines {
			kernel.TightenGC()
		}
		var c *cmdline.Command
		if err == nil {
			c, err = parse(parser, line.Words)
		}
		if err == nil {
			err = check(c)
		}
		if err == nil && (c.Prints() || c.Kind == cmdline.Sysctl) {
			if outputs++; outputs > MaxOutputLines {
				err = cmdline.Usagef("more than %d lines list or save the table", MaxOutputLines)
			}
		}
		if err != nil {
			bad = true
			report.Line(line.Number, err)
			continue
		}
		take(Line{line.Number, line.Words, c})
	}
	return bad
}

// parse parses the words of one line. It rejects what is not allowed in a rules file.
func parse(parser *cmdline.Parser, words []string) (*cmdline.Command, error) {
	c, err := parser.ParseRule(words)
	if err != nil {
		return nil, err
	}
	switch c.Kind {
	case cmdline.Help, cmdline.Version, cmdline.Restore, cmdline.Drain, cmdline.Ramp, cmdline.ListNetNS, cmdline.Monitor, cmdline.Diagnose:
		return nil, cmdline.Usagef("the command %s is not allowed in a rules file", words[0])
	}
	if c.Kind == cmdline.Sysctl && !c.SetsSysctls() {
		return nil, cmdline.Usagef("in a rules file %s only sets values: NAME=VALUE", words[0])
	}
	if c.NetNS != "" {
		return nil, cmdline.Usagef("the option 'netns' is not allowed in a rules file; give it to the program that reads the file")
	}
	if c.Repeats() {
		return nil, cmdline.Usagef("the option 'watch' is not allowed in a rules file")
	}
	return c, nil
}
