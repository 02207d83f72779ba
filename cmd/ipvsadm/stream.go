package main

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/format"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/sysconfig"
	"golang.org/x/sys/unix"
)

// ruleLine is a command of a rules stream. The words and the command are there
// until the next line.
type ruleLine struct {
	number  int
	words   []string
	command *command
}

// restoreRules reads a rules stream whole, then does what its lines say.
func (p *program) restoreRules() error {
	p.changing = true
	var s script
	bad := p.readRules(s.add)
	if err := p.connect(); err != nil {
		return err
	}
	if bad {
		if services, err := p.client.Services(); err != nil || len(services) > 0 {
			return cmp.Or(err, errBadRules)
		}
	}
	failed, err := p.executeScript(s)
	return endOfRules(bad, failed, err)
}

// clearAndRestore reads a rules stream whole, empties the table and does what the
// lines say.
func (p *program) clearAndRestore() error {
	var s script
	d := newDesired()
	d.bad = p.readRules(func(line ruleLine) {
		d.lines++
		if change, ok := line.command.change(); ok && change.Command != ipvs.CommandZero {
			if again, ok := d.carryOut(&change, line.number).(repetition); ok {
				d.repeated.add(line.number, again)
				return
			}
		}
		s.add(line)
	})
	if err := p.connect(); err != nil {
		return err
	}
	if err := p.spareServices(d); err != nil {
		return err
	}
	p.complainOf(d)
	if err := p.client.Flush(); err != nil {
		return err
	}
	failed, err := p.executeScript(s)
	return endOfRules(d.bad, failed, err)
}

// maxShown is how many lines of a rules stream may show something. Unlike changes
// of the table, they take memory however small the table is.
const maxShown = 1_000_000

// manyLines are those of a table that is much larger than most, whose memory counts
// more than the time to collect garbage.
const manyLines = 50_000

// readRules parses a rules stream and hands on each good line, the command of which
// is there until the next one: without a new one for each line it takes a fifth
// less time. All bad lines are reported.
func (p *program) readRules(take func(ruleLine)) (bad bool) {
	keepGarbage()
	var c command
	lines, shown := 0, 0
	for line, err := range sysconfig.Lines(p.stdin) {
		if lines++; lines == manyLines {
			keepLessGarbage()
		}
		if err == nil {
			err = c.parseRule(line.Words)
		}
		if err == nil && c.shows() {
			if shown++; shown > maxShown {
				err = usagef("more than %d lines list something", maxShown)
			}
		}
		if err != nil {
			bad = true
			p.complainLine(line.Number, err)
			continue
		}
		take(ruleLine{line.Number, line.Words, &c})
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

// step is changes in a row. After them comes a change that cannot be sent, if there
// is one, and then lines that show something.
type step struct {
	changes ipvs.Batch
	numbers []int // of the changes' lines

	number int
	err    error

	shown []shownLine
}

// shownLine is a line that shows something.
type shownLine struct {
	number int
	words  string // between blanks
}

// shown keeps what a line that shows something takes. Equal lines share their words
// with the one before.
func (l ruleLine) shown(before string) shownLine {
	words := strings.Join(l.words, " ")
	if words == before {
		return shownLine{l.number, before}
	}
	return shownLine{l.number, strings.Clone(words)} // a single word would keep its whole line
}

// add adds a line.
func (s *script) add(line ruleLine) {
	if change, ok := line.command.change(); ok {
		s.addChange(line.number, &change)
		return
	}
	before := ""
	if n := len(*s); n > 0 && len((*s)[n-1].shown) > 0 {
		shown := (*s)[n-1].shown
		before = shown[len(shown)-1].words
	}
	s.addShown(line.shown(before))
}

func (s *script) addShown(line shownLine) {
	if len(*s) == 0 {
		*s = append(*s, step{})
	}
	last := &(*s)[len(*s)-1]
	last.shown = append(last.shown, line)
}

func (s *script) addChange(number int, change *ipvs.Change) {
	if n := len(*s); n == 0 || (*s)[n-1].full() {
		*s = append(*s, step{})
		if n > 0 && len((*s)[n-1].numbers) == changesAStep {
			(*s)[n].changes.GrowLike(&(*s)[n-1].changes)
		}
	}
	last := &(*s)[len(*s)-1]
	if err := last.changes.Add(change); err != nil {
		last.number, last.err = number, err
		return
	}
	last.numbers = append(last.numbers, number)
}

func (s *step) full() bool {
	return s.err != nil || len(s.shown) > 0 || len(s.numbers) == changesAStep
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
		if s[i].err != nil {
			failed = true
			p.complainLine(s[i].number, s[i].err)
		}
		for _, line := range s[i].shown {
			if err := p.showLine(line); err != nil {
				failed = true
				p.complainLine(line.number, err)
			}
		}
		s[i] = step{} // its memory is free from here on
	}
	return failed, nil
}

// showLine shows nothing any more if nobody reads it, which run notices.
func (p *program) showLine(line shownLine) error {
	if p.pipeFoundClosed() {
		return nil
	}
	c, err := parse(strings.Split(line.words, " "))
	if err == nil {
		err = p.show(c)
	}
	if p.pipeFoundClosed() && errors.Is(err, unix.EPIPE) {
		return nil
	}
	return err
}

// maxComplaints is how many lines are complained of one by one.
const maxComplaints = 100

// complainLine says what is wrong with a line. Of many, the others are counted, and
// report says how many there are.
func (p *program) complainLine(number int, err error) {
	if p.complaints == maxComplaints {
		p.unsaid++
		return
	}
	p.complaints++
	p.sayOfLine(number, err)
}

func (p *program) sayOfLine(number int, err error) {
	p.complain(format.Printable(fmt.Sprintf("%sline %d: %s", p.source, number, strings.TrimSpace(sentence(err)))))
}
