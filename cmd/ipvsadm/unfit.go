package main

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// errBadRules fails a run that has not carried out its rules, or not all of them,
// because of the rules. What is wrong with them has been said.
var errBadRules error = &statusError{errReported, exitUsage}

// unfit tells whether the rules must not take the place of services that are there:
// a line is bad, or there is no line at all, as after a pipe that failed. In a table
// without services there is nothing to lose.
func (d *desired) unfit() bool { return !d.keepTable && (d.bad || d.lines == 0) }

// spareServices fails if there are services and the rules are unfit to replace them.
func (p *program) spareServices(d *desired) error {
	if !d.unfit() {
		return nil
	}
	services, err := p.client.Services()
	if err == nil && len(services) > 0 {
		err = p.refuse(d)
	}
	return err
}

// admit is spareServices for a table that has been read. If the rules are fit, it
// reports those lines of theirs that change nothing.
func (p *program) admit(d *desired, now ipvs.Table) error {
	if len(now) > 0 && d.unfit() {
		return p.refuse(d)
	}
	p.complainOf(d)
	return nil
}

// refuse says what is wrong with unfit rules, if that has not been said.
func (p *program) refuse(d *desired) error {
	if !d.bad {
		p.complain(p.source + "no rules; say -C if that is meant")
	}
	return errBadRules
}

// end is that of a run with these rules, of which the kernel has perhaps refused a
// part.
func (d *desired) end(refused bool, err error) error {
	return endOfRules(d.bad, refused || len(d.impossible.list) > 0, err)
}

func endOfRules(bad, refused bool, err error) error {
	switch {
	case err != nil:
		return err
	case bad:
		return errBadRules
	case refused:
		return &statusError{errReported, exitKernel}
	}
	return nil
}

// remarks are about lines that change nothing. Of many, the others are counted.
type remarks struct {
	list []remark
	more int
}

type remark struct {
	number int
	err    error
}

func (r *remarks) add(number int, err error) {
	if len(r.list) == maxComplaints {
		r.more++
		return
	}
	r.list = append(r.list, remark{number, err})
}

// repetition is the earlier line that says the same.
type repetition int

func (r repetition) Error() string { return fmt.Sprintf("says the same as line %d", int(r)) }

// complainOf reports the lines that change nothing. Repetitions, however many, do not
// keep errors from being told.
func (p *program) complainOf(d *desired) {
	all := slices.Concat(d.impossible.list, d.repeated.list)
	slices.SortFunc(all, func(a, b remark) int { return cmp.Compare(a.number, b.number) })
	for _, r := range all {
		if _, ok := r.err.(repetition); ok {
			p.sayOfLine(r.number, r.err)
		} else {
			p.complainLine(r.number, r.err)
		}
	}
	p.unsaid += d.impossible.more + d.repeated.more
}
