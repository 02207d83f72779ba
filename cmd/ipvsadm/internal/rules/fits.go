// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"cmp"
	"slices"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// misfit is a line that asks for a change that the client cannot make.
type misfit struct {
	line   int
	origin string // of a daemon without a line: see desiredDaemon
	change ipvs.Change
	err    error
}

// checkFits reports the lines that do not fit the socket options, if the client uses those,
// and returns ErrRejected if there are any.
func (t *Target) checkFits(d *Desired) error {
	if !t.Client.UsesSockopts() {
		return nil
	}
	var misfits []misfit
	check := func(line int, origin string, ch ipvs.Change) {
		if err := t.Client.CanApply(ch); err != nil {
			misfits = append(misfits, misfit{line, origin, ch, err})
		}
	}
	if !d.KeepTable {
		for _, s := range d.services {
			check(s.line, "", ipvs.NewService(s.Service))
			for _, destination := range s.destinations.all {
				if destination.line != 0 {
					check(destination.line, "", ipvs.NewDestination(s.ServiceID, destination.Destination))
				}
			}
		}
	}
	for _, daemon := range d.daemons {
		if !daemon.stopped {
			check(daemon.line, daemon.origin, ipvs.StartDaemon(daemon.Daemon))
		}
	}
	return t.reportMisfits(misfits)
}

// CheckFits reports the lines that do not fit the socket options, if the client uses those,
// and returns ErrRejected if there are any.
func (r *Replay) CheckFits(t *Target) error {
	if !t.Client.UsesSockopts() {
		return nil
	}
	var misfits []misfit
	for _, s := range r.segments {
		for i, ch := range s.changes {
			if err := t.Client.CanApply(ch); err != nil {
				misfits = append(misfits, misfit{line: s.numbers[i], change: ch, err: err})
			}
		}
	}
	return t.reportMisfits(misfits)
}

func (t *Target) reportMisfits(misfits []misfit) error {
	if len(misfits) == 0 {
		return nil
	}
	slices.SortFunc(misfits, func(a, b misfit) int { return cmp.Compare(a.line, b.line) })
	for _, m := range misfits {
		if m.line == 0 {
			t.Report.Print(m.origin + m.err.Error())
			continue
		}
		t.Report.Line(m.line, Refused(m.change, m.err))
	}
	t.Report.Print(t.Report.Source + "nothing was changed")
	return ErrRejected
}
