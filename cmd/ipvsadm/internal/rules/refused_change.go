// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"fmt"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/cmdline"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"golang.org/x/sys/unix"
)

// RefusedChange is a change that the kernel refused. It has the text of Err.
type RefusedChange struct {
	Change ipvs.Change
	Err    error
}

func (e *RefusedChange) Error() string { return e.Err.Error() }
func (e *RefusedChange) Unwrap() error { return e.Err }

// Refused adds the change to the error of making it.
func Refused(ch ipvs.Change, err error) error {
	if err == nil {
		return nil
	}
	return &RefusedChange{ch, err}
}

// refusal returns the error for a change that the kernel would refuse after the lines so
// far. Its hint names other lines rather than what the kernel has now.
func (d *Desired) refusal(e *cmdline.Edit, errno unix.Errno, line int) error {
	err := &ipvs.Error{Command: e.Command, Errno: errno}
	change := e.Change()
	if s, ok := missingOf(change, errno); ok {
		return cmdline.WithLateHint(err, d.missingFor(s, e.Command, line).hint)
	}
	if errno == unix.EEXIST {
		return cmdline.WithHint(err, fmt.Sprintf("line %d gives it other settings; keep one of the two lines", d.lineOf(change)))
	}
	return cmdline.WithHint(err, "no earlier line adds it")
}

// missingFor returns what is known of a subject that a line needs.
func (d *Desired) missingFor(s subject, command ipvs.Command, line int) *missing {
	m := d.missing[s]
	if m == nil {
		m = &missing{subject: s, command: command, line: line}
		if len(d.missing) < MaxReported { // no others are reported
			d.missing[s] = m
		}
	}
	return m
}

// found notes the line that adds a subject which earlier lines need.
func (d *Desired) found(s subject, line int) {
	if m := d.missing[s]; m != nil {
		m.addedBy = line
		delete(d.missing, s)
	}
}
