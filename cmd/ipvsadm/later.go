package main

import (
	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// laterLines are in parts, since to append to one long slice takes room for two.
type laterLines [][]laterLine

// laterLine zeroes counters or shows something, when all else is done.
type laterLine struct {
	shownLine                 // without words if it zeroes
	zeroed    *desiredService // nil if it zeroes all
}

func (l *laterLines) add(line laterLine) {
	n := len(*l)
	if n == 0 || len((*l)[n-1]) == changesAStep {
		*l = append(*l, make([]laterLine, 0, changesAStep))
		n++
	}
	(*l)[n-1] = append((*l)[n-1], line)
}

// lastWords are those of the line before.
func (l laterLines) lastWords() string {
	if len(l) == 0 {
		return ""
	}
	part := l[len(l)-1]
	return part[len(part)-1].words
}

// zeroing is the change that the line makes, if it makes one. A service that a
// later line deletes need not be zeroed.
func (l laterLine) zeroing() (change ipvs.Change, ok bool) {
	switch {
	case l.words != "":
		return ipvs.Change{}, false
	case l.zeroed == nil:
		return ipvs.ZeroAll(), true
	}
	return ipvs.ZeroService(l.zeroed.ServiceID), !l.zeroed.deleted
}

// executeLater does what the lines say, some at a time.
func (p *program) executeLater(lines laterLines) (failed bool, err error) {
	for _, part := range lines {
		var s script
		for _, line := range part {
			if change, ok := line.zeroing(); ok {
				s.addChange(line.number, &change)
			} else if line.words != "" {
				s.addShown(line.shownLine)
			}
		}
		failedToo, err := p.executeScript(s)
		failed = failed || failedToo
		if err != nil {
			return failed, err
		}
	}
	return failed, nil
}
