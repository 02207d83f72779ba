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
	var s script
	bad := p.readRules(s.add)
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
	return refused(p.executeScript(s))
}

// refused is the end of a run of which the kernel refused a part.
func refused(failed bool, err error) error {
	if err == nil && failed {
		return &statusError{errReported, exitKernel}
	}
	return err
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

// script is what the lines of a rules stream do, in order. Commands are kept as
// what the kernel gets, in an eighth of their memory.
type script []step

// step is changes in a row, and after them a line that shows something or cannot
// be sent.
type step struct {
	changes ipvs.Batch
	numbers []int // of the changes' lines

	number int
	show   *command
	err    error
}

// add adds a line.
func (s *script) add(line ruleLine) {
	if len(*s) == 0 || (*s)[len(*s)-1].number != 0 {
		*s = append(*s, step{})
	}
	last := &(*s)[len(*s)-1]
	change, ok := line.command.change()
	if !ok {
		last.number, last.show = line.number, line.command
		return
	}
	if err := last.changes.Add(&change); err != nil {
		last.number, last.err = line.number, err
		return
	}
	last.numbers = append(last.numbers, line.number)
}

// executeScript does what the lines say. An error of the kernel does not stop those
// after it.
func (p *program) executeScript(s script) (failed bool, err error) {
	for i := range s {
		for j, err := range p.client.ApplyBatch(&s[i].changes) {
			if errors.Is(err, errNotPermitted) {
				return failed, err
			}
			if err != nil {
				failed = true
				p.complainLine(s[i].numbers[j], err)
			}
		}
		err := s[i].err
		if s[i].show != nil {
			err = p.show(s[i].show)
		}
		if err != nil {
			failed = true
			p.complainLine(s[i].number, err)
		}
	}
	return failed, nil
}

func (p *program) complainLine(number int, err error) {
	p.complain(fmt.Sprintf("%sline %d: %s", p.source, number, strings.TrimSpace(sentence(err))))
}
