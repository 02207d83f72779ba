// SPDX-License-Identifier: Apache-2.0

package format

import (
	"fmt"
	"io"
	"time"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// Event is a change that was seen, or something that is there at the start. Use ChangeEvent
// or SettingEvent.
type Event struct {
	// Before are the rules that make what there was before an edit or a deletion.
	Before []string

	mark    byte
	rule    string
	service ipvs.ServiceID // zero for timeouts, daemons and settings in /proc/sys
	// destination is set if the event is about one.
	destination *ipvs.Destination
	// weighed tells that the destination has a weight: it was not deleted.
	weighed bool
}

// ChangeEvent makes the event of a change to the table, the timeouts or the daemons.
func ChangeEvent(ch ipvs.Change) Event {
	e := Event{mark: markOf(ch), rule: string(appendChange(nil, ch)), service: ch.ServiceID()}
	switch ch.Command() {
	case ipvs.CommandNewDestination, ipvs.CommandSetDestination:
		e.weighed = true
		fallthrough
	case ipvs.CommandDelDestination:
		destination := ch.Destination()
		e.destination = &destination
	}
	return e
}

// SettingEvent makes the event of a setting in /proc/sys that has another value. rule sets it.
func SettingEvent(rule string) Event { return Event{mark: editedMark, rule: rule} }

// Present returns the event for what is there at the start, not for a change.
func (e Event) Present() Event {
	e.mark = presentMark
	return e
}

// Events writes events that were seen at the same time as lines: the local time, a mark as in
// Changes, or = for what is there at the start, and the rule.
func Events(w io.Writer, at time.Time, events []Event) error {
	for _, e := range events {
		if _, err := fmt.Fprintf(w, "%s %c %s\n", at.Local().Format(time.DateTime), e.mark, Sanitize(e.rule)); err != nil {
			return err
		}
	}
	return nil
}
