// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"errors"
	"fmt"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/cmdline"
	"github.com/ipvsadm-go/ipvsadm/format"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"golang.org/x/sys/unix"
)

// subject is a service, or one of its destinations if destination is set.
type subject struct {
	service     ipvs.ServiceID
	destination ipvs.DestinationID
}

// missing is a subject that a line needs and no earlier line adds.
type missing struct {
	subject
	command ipvs.Command // of the first line that needs it
	line    int          // the number of that line
	addedBy int          // the number of the first later line that adds it, 0 if none does
}

// missingOf returns what is missing if the kernel refuses a change with err. ok is false
// if nothing is, or if the change deletes or zeroes it.
func missingOf(ch ipvs.Change, err error) (s subject, ok bool) {
	switch ch.Command() {
	case ipvs.CommandSetService, ipvs.CommandNewDestination:
		return subject{service: ch.ServiceID()}, errors.Is(err, unix.ESRCH)
	case ipvs.CommandSetDestination:
		if errors.Is(err, unix.ENOENT) {
			return subject{ch.ServiceID(), ch.Destination().DestinationID}, true
		}
		return subject{service: ch.ServiceID()}, errors.Is(err, unix.ESRCH)
	}
	return subject{}, false
}

// addedSubject returns what a change adds.
func addedSubject(ch ipvs.Change) (s subject, ok bool) {
	switch ch.Command() {
	case ipvs.CommandNewService:
		return subject{service: ch.ServiceID()}, true
	case ipvs.CommandNewDestination:
		return subject{ch.ServiceID(), ch.Destination().DestinationID}, true
	}
	return subject{}, false
}

// moveHint says which line to move, or returns "" if no line adds the subject.
func (m *missing) moveHint() string {
	if m.addedBy == 0 {
		return ""
	}
	return fmt.Sprintf("line %d adds it: move it above line %d", m.addedBy, m.line)
}

// hint is moveHint for rules that replace the table, where a line must add the subject.
func (m *missing) hint() string {
	switch {
	case m.addedBy != 0:
		return m.moveHint()
	case m.command == ipvs.CommandSetService:
		return "no line adds it; give -A instead of -E"
	case m.destination != (ipvs.DestinationID{}):
		return "no line adds it; give -a instead of -e"
	}
	rule := format.Rule(ipvs.NewService(cmdline.DefaultService(m.service)))
	return "add the line " + strings.TrimSpace(rule) + " before it"
}
