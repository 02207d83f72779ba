package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/format"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/sysconfig"
	"golang.org/x/sys/unix"
)

// ruleLine is a command of a rules stream.
type ruleLine struct {
	number  int
	command *command
}

// kept is the line with a command of its own.
func (l ruleLine) kept() ruleLine {
	c := *l.command
	return ruleLine{l.number, &c}
}

// restoreRules reads a rules stream whole, then does what its lines say, with an
// empty table if clear is set.
func (p *program) restoreRules(clear bool) error {
	p.changing = true
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

// readRules parses a rules stream and hands on each good line, the command of which
// is there until the next one: without a new one for each line it takes a fifth
// less time. All bad lines are reported.
func (p *program) readRules(take func(ruleLine)) (bad bool) {
	keepGarbage()
	var c command
	for line, err := range sysconfig.Lines(p.stdin) {
		if err == nil {
			err = c.parseRule(line.Words)
		}
		if err != nil {
			bad = true
			p.complainLine(line.Number, err)
			continue
		}
		take(ruleLine{line.Number, &c})
	}
	return bad
}

// parseRule reads the words of one line, which may hold any command that makes
// sense there.
func (c *command) parseRule(words []string) error {
	if err := c.parse(words); err != nil {
		return err
	}
	switch c.verb {
	case help, version, restore:
		return usagef("the command %s has no place in rules", words[0])
	}
	if c.has(watchBit) {
		return usagef("the option '%s' has no place in rules", watchBit.name())
	}
	return nil
}

// script is what the lines of a rules stream do, in order. Commands are kept as
// what the kernel gets, in an eighth of their memory.
type script []step

// changesAStep is how many changes a step may have: as many as are sent at once.
const changesAStep = 128

// step is changes in a row, and after them a line that shows something or cannot
// be sent, if there is one.
type step struct {
	changes ipvs.Batch
	numbers []int // of the changes' lines

	number int
	show   *command
	err    error
}

// add adds a line.
func (s *script) add(line ruleLine) {
	if n := len(*s); n == 0 || (*s)[n-1].full() {
		*s = append(*s, step{})
		if n > 0 && (*s)[n-1].number == 0 {
			(*s)[n].changes.Grow(changesAStep) // as many as the last one had
		}
	}
	last := &(*s)[len(*s)-1]
	change, ok := line.command.change()
	if !ok {
		last.number, last.show = line.number, line.kept().command
		return
	}
	if err := last.changes.Add(&change); err != nil {
		last.number, last.err = line.number, err
		return
	}
	last.numbers = append(last.numbers, line.number)
}

func (s *step) full() bool { return s.number != 0 || len(s.numbers) == changesAStep }

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
		if s[i].show != nil && !p.pipeClosed() {
			err = p.show(s[i].show)
		}
		if p.pipeClosed() && errors.Is(err, unix.EPIPE) {
			continue // run knows
		}
		if err != nil {
			failed = true
			p.complainLine(s[i].number, err)
		}
	}
	return failed, nil
}

func (p *program) complainLine(number int, err error) {
	p.complain(format.Printable(fmt.Sprintf("%sline %d: %s", p.source, number, strings.TrimSpace(sentence(err)))))
}
