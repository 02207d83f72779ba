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

// restoreRules reads a rules stream whole, then does what its lines say. clear
// empties the table first, if there is no bad line.
func (p *program) restoreRules(clear bool) error {
	lines, err := p.readRules()
	if err != nil {
		return err
	}
	if err := p.connect(); err != nil {
		return err
	}
	if clear {
		if err := p.client.Flush(); err != nil {
			return err
		}
	}
	return p.executeRules(lines)
}

// readRules parses a rules stream. All bad lines are reported, and then nothing
// is returned.
func (p *program) readRules() ([]ruleLine, error) {
	var lines []ruleLine
	bad := 0
	for line, err := range sysconfig.Lines(p.stdin) {
		var c *command
		if err == nil {
			c, err = parseRule(line.Words)
		}
		if err != nil {
			bad++
			p.complainLine(line.Number, err)
			continue
		}
		lines = append(lines, ruleLine{line.Number, c})
	}
	if bad > 0 {
		if err := p.connect(); err != nil {
			return nil, err
		}
		return nil, &statusError{errReported, exitUsage}
	}
	return lines, nil
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

// executeRules does what the lines say, in order. Changes in a row are sent
// together. An error of the kernel does not stop the lines after it.
func (p *program) executeRules(lines []ruleLine) error {
	failed := false
	var changes []ipvs.Change
	var numbers []int
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
		if change, ok := line.command.change(); ok {
			changes = append(changes, change)
			numbers = append(numbers, line.number)
			continue
		}
		if err := apply(); err != nil {
			return err
		}
		if err := p.show(line.command); err != nil {
			failed = true
			p.complainLine(line.number, err)
		}
	}
	if err := apply(); err != nil {
		return err
	}
	if failed {
		return &statusError{errReported, exitKernel}
	}
	return nil
}

func (p *program) complainLine(number int, err error) {
	p.complain(fmt.Sprintf("line %d: %s", number, strings.TrimSpace(sentence(err))))
}
