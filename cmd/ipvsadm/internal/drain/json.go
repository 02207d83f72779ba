// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"errors"
	"io"
	"strings"
	"time"

	"github.com/ipvsadm-go/ipvsadm/format"
)

// Documents is Progress that writes a JSON document a reading, each a line.
type Documents struct{ W io.Writer }

// WayBack writes the first document.
func (d *Documents) WayBack(rules string, now time.Time) error {
	lines := []string{}
	for line := range strings.Lines(rules) {
		lines = append(lines, strings.TrimSuffix(line, "\n"))
	}
	return format.DrainDocument{Time: now, WayBack: lines, Servers: []format.DrainServerDocument{}}.Write(d.W)
}

// Begin writes the servers as they are.
func (d *Documents) Begin(s Status) { d.Reading(s) }

// Reading writes a reading.
func (d *Documents) Reading(s Status) { _ = document(s).Write(d.W) }

// End writes the last document.
func (d *Documents) End(s Status, summary []string, err error) {
	last := document(s)
	last.Summary = summary
	switch {
	case err == nil:
		last.Result = "drained"
	case errors.Is(err, ErrInterrupted):
		last.Result = "interrupted"
	case errors.Is(err, ErrNotDrained):
		last.Result = "not drained"
	default:
		last.Result = "stopped"
	}
	_ = last.Write(d.W)
}

func document(s Status) format.DrainDocument {
	d := format.DrainDocument{
		Time: s.Time, Elapsed: uint64(s.Elapsed / time.Second), Limit: uint64(s.Wait / time.Second), Notes: s.Notes,
		Servers: make([]format.DrainServerDocument, 0, len(s.Servers)),
	}
	for _, server := range s.Servers {
		document := format.NewDrainServerDocument(server.Service, server.Server)
		document.WeightBefore, document.Weight = server.Before, server.Weight
		document.ActiveConns, document.InactiveConns, document.PersistentConns = server.Active, server.Inactive, server.Persistents
		document.Silent, document.State, document.Text = uint64(server.Silent/time.Second), server.State.String(), server.Text
		d.Servers = append(d.Servers, document)
	}
	return d
}
