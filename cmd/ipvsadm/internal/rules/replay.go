// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"errors"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/cmdline"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/kernel"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// Replay is a list of lines to be executed in order. The zero value is empty.
type Replay struct {
	segments []segment
	cleared  bool                // the table is emptied before
	missing  map[subject]missing // what hints were made for
}

// segmentChanges is the maximum number of changes in a segment, which are sent together.
const segmentChanges = 128

// segment is a run of changes, followed by lines that list or save the table, or edit it
// with --keep.
type segment struct {
	changes []ipvs.Change
	numbers []int // line numbers of changes
	outputs []outputLine
}

// outputLine is a line that is executed by its words: it lists or saves the table, or edits
// it with --keep.
type outputLine struct {
	number int
	words  string // separated by blanks
}

// output copies a line that is executed by its words. If these equal before, it
// shares their memory.
func (l Line) output(before string) outputLine {
	words := strings.Join(l.Words, " ")
	if words == before {
		return outputLine{l.Number, before}
	}
	return outputLine{l.Number, strings.Clone(words)} // a single word would keep its whole line in memory
}

// Add appends a line. It keeps no reference to it.
func (r *Replay) Add(line Line) {
	if line.Command.Kind == cmdline.Change {
		r.addChange(line.Number, line.Command.Edit.Change())
		return
	}
	before := ""
	if n := len(r.segments); n > 0 && len(r.segments[n-1].outputs) > 0 {
		outputs := r.segments[n-1].outputs
		before = outputs[len(outputs)-1].words
	}
	r.addOutput(line.output(before))
}

func (r *Replay) addOutput(line outputLine) {
	if len(r.segments) == 0 {
		r.segments = append(r.segments, segment{})
	}
	last := &r.segments[len(r.segments)-1]
	last.outputs = append(last.outputs, line)
}

func (r *Replay) addChange(number int, change ipvs.Change) {
	if n := len(r.segments); n == 0 || r.segments[n-1].full() {
		r.segments = append(r.segments, segment{})
		if n > 0 && len(r.segments[n-1].changes) == segmentChanges {
			// Many lines are all changes.
			r.segments[n].changes = make([]ipvs.Change, 0, segmentChanges)
			r.segments[n].numbers = make([]int, 0, segmentChanges)
		}
	}
	last := &r.segments[len(r.segments)-1]
	last.changes = append(last.changes, change)
	last.numbers = append(last.numbers, number)
}

func (s *segment) full() bool { return len(s.outputs) > 0 || len(s.changes) == segmentChanges }

// Run executes the lines, once, and frees their memory on the way. Lines that fail are
// reported and do not stop the others; the error is then ErrRejected. Without the right
// to change IPVS, Run stops and returns that error.
func (r *Replay) Run(t *Target) error {
	failed := false
	for i := range r.segments {
		s := &r.segments[i]
		for j, err := range t.Client.Apply(s.changes) {
			if errors.Is(err, kernel.ErrNotPermitted) {
				return err
			}
			if err != nil {
				failed = true
				t.Report.Line(s.numbers[j], r.refusal(s.numbers[j], s.changes[j], err))
			}
		}
		for _, line := range s.outputs {
			err := t.Execute(strings.Split(line.words, " "))
			if errors.Is(err, kernel.ErrNotPermitted) {
				return err
			}
			if err != nil {
				failed = true
				t.Report.Line(line.number, err)
			}
		}
		*s = segment{} // free its memory
	}
	return outcome(false, failed, nil)
}

// refusal returns the error for a line whose change the kernel refused. Its hint names the
// later line that adds what is missing, if there is one.
func (r *Replay) refusal(number int, ch ipvs.Change, err error) error {
	refused := Refused(ch, err)
	s, ok := missingOf(ch, err)
	if !ok {
		return refused
	}
	return cmdline.WithLateHint(refused, func() string {
		m, known := r.missing[s]
		if !known || m.addedBy != 0 && m.addedBy < number {
			m = missing{subject: s, command: ch.Command(), line: number, addedBy: r.lineThatAdds(s, number)}
			if r.missing == nil {
				r.missing = map[subject]missing{}
			}
			r.missing[s] = m
		}
		if r.cleared {
			return m.hint()
		}
		return m.moveHint()
	})
}

// lineThatAdds returns the first line after another that adds a subject, or 0.
func (r *Replay) lineThatAdds(s subject, after int) int {
	for i := range r.segments {
		for j, ch := range r.segments[i].changes {
			if added, ok := addedSubject(ch); ok && added == s && r.segments[i].numbers[j] > after {
				return r.segments[i].numbers[j]
			}
		}
	}
	return 0
}
