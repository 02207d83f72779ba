// SPDX-License-Identifier: Apache-2.0

package format

import (
	"io"
	"time"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// EventDocument is an event, for --monitor.
type EventDocument struct {
	Time  time.Time `json:"time"`
	Event string    `json:"event"` // added, edited, deleted, present
	// Rule is for ipvsadm -R. It is a comment if no rule makes the change.
	Rule string `json:"rule"`
	// Before are the rules that make what there was before an edit or a deletion.
	Before      []string                  `json:"before,omitempty"`
	Service     *ServiceIdentity          `json:"service,omitempty"`
	Destination *EventDestinationDocument `json:"destination,omitempty"`
}

// EventDestinationDocument is the destination that an event is about.
type EventDestinationDocument struct {
	DestinationIdentity

	Weight *uint32 `json:"weight,omitempty"` // left out if the destination was deleted
}

// Events prints each event as a document, which is a line if j.Time is set.
func (j JSON) Events(w io.Writer, events []Event) error {
	for _, e := range events {
		document := EventDocument{Time: j.Time, Event: eventWord(e.mark), Rule: e.rule, Before: e.Before}
		if e.service != (ipvs.ServiceID{}) {
			service := ipvs.Service{ServiceID: e.service}
			identity := j.serviceIdentity(&service)
			document.Service = &identity
			if e.destination != nil {
				document.Destination = &EventDestinationDocument{DestinationIdentity: j.destinationIdentity(&service, e.destination)}
			}
			if e.weighed {
				document.Destination.Weight = &e.destination.Weight
			}
		}
		if err := j.write(w, document); err != nil {
			return err
		}
	}
	return nil
}

// eventWord names the mark of an event.
func eventWord(mark byte) string {
	switch mark {
	case addedMark:
		return "added"
	case deletedMark:
		return "deleted"
	case presentMark:
		return "present"
	}
	return "edited"
}
