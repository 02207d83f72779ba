// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"errors"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// deferredLines holds lines in chunks, because growing one long slice would need memory
// for two of them.
type deferredLines [][]deferredLine

// deferredLine is executed after all changes: it zeroes counters, or lists or saves the
// table.
type deferredLine struct {
	outputLine                 // without words if it zeroes counters
	zeroed     *desiredService // nil to zero all services
}

func (l *deferredLines) add(line deferredLine) {
	n := len(*l)
	if n == 0 || len((*l)[n-1]) == segmentChanges {
		*l = append(*l, make([]deferredLine, 0, segmentChanges))
		n++
	}
	(*l)[n-1] = append((*l)[n-1], line)
}

// lastWords returns the words of the last line, or "" if there is none.
func (l deferredLines) lastWords() string {
	if len(l) == 0 {
		return ""
	}
	chunk := l[len(l)-1]
	return chunk[len(chunk)-1].words
}

// zeroChange returns the change of a line that zeroes counters. ok is false for other
// lines, and for a service that a later line deletes.
func (l deferredLine) zeroChange() (change ipvs.Change, ok bool) {
	switch {
	case l.words != "":
		return ipvs.Change{}, false
	case l.zeroed == nil:
		return ipvs.ZeroAll(), true
	}
	return ipvs.ZeroService(l.zeroed.ServiceID), !l.zeroed.deleted
}

// runDeferred executes the lines, one chunk at a time. The error is ErrRejected if a line
// failed.
func (t *Target) runDeferred(lines deferredLines) error {
	failed := false
	for _, chunk := range lines {
		var replay Replay
		for _, line := range chunk {
			if change, ok := line.zeroChange(); ok {
				replay.addChange(line.number, change)
			} else if line.words != "" {
				replay.addOutput(line.outputLine)
			}
		}
		switch err := replay.Run(t); {
		case errors.Is(err, ErrRejected):
			failed = true
		case err != nil:
			return err
		}
	}
	return outcome(false, failed, nil)
}
