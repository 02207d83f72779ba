package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/sysconfig"
)

// ruleLine is a command of a rules stream.
type ruleLine struct {
	number  int
	command *command
}

// restoreRules reads a rules stream whole, then does what its lines say, with an
// empty table if clear is set.
func (p *program) restoreRules(clear bool) error {
	lines, bad := p.readLines()
	if err := p.connect(); err != nil {
		return err
	}
	if bad {
		return &statusError{errReported, exitUsage}
	}
	if clear {
		if err := p.client.Flush(); err != nil {
			return err
		}
	}
	return refused(p.executeRules(lines))
}

// refused is the end of a run of which the kernel refused a part.
func refused(failed bool, err error) error {
	if err == nil && failed {
		return &statusError{errReported, exitKernel}
	}
	return err
}

// readLines parses a rules stream.
func (p *program) readLines() (lines []ruleLine, bad bool) {
	bad = p.readRules(func(line ruleLine) { lines = append(lines, line) })
	return lines, bad
}

// readRules parses a rules stream and hands on each good line. All bad lines are
// reported.
func (p *program) readRules(take func(ruleLine)) (bad bool) {
	for line, err := range sysconfig.Lines(p.stdin) {
		var c *command
		if err == nil {
			c, err = parseRule(line.Words)
		}
		if err != nil {
			bad = true
			p.complainLine(line.Number, err)
			continue
		}
		take(ruleLine{line.Number, c})
	}
	return bad
}

// parseRule reads the words of one line, which may hold any command that makes
// sense there.
func parseRule(words []string) (*command, error) {
	c, err := parse(words)
	if err != nil {
		return nil, err
	}
	switch c.verb {
	case help, version, restore:
		return nil, usagef("the command %s has no place in rules", words[0])
	}
	return c, nil
}

// changesAtOnce is how many changes are made together. One takes 440 bytes.
const changesAtOnce = 1024

// executeRules does what the lines say, in order. Changes in a row are sent
// together. An error of the kernel does not stop the lines after it.
func (p *program) executeRules(lines []ruleLine) (failed bool, err error) {
	changes := make([]ipvs.Change, 0, min(len(lines), changesAtOnce))
	numbers := make([]int, 0, cap(changes))
	apply := func() error {
		for i, err := range p.client.Apply(changes) {
			if err != nil {
				if errors.Is(err, errNotPermitted) {
					return err
				}
				failed = true
				p.complainLine(numbers[i], err)
			}
		}
		changes, numbers = changes[:0], numbers[:0]
		return nil
	}
	for _, line := range lines {
		change, ok := line.command.change()
		if ok {
			changes = append(changes, change)
			numbers = append(numbers, line.number)
		}
		if ok && len(changes) < changesAtOnce {
			continue
		}
		if err := apply(); err != nil {
			return failed, err
		}
		if ok {
			continue
		}
		if err := p.show(line.command); err != nil {
			failed = true
			p.complainLine(line.number, err)
		}
	}
	err = apply()
	return failed, err
}

func (p *program) complainLine(number int, err error) {
	p.complain(fmt.Sprintf("%sline %d: %s", p.source, number, strings.TrimSpace(sentence(err))))
}
