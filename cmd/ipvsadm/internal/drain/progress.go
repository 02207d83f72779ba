// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// Progress shows how far a drain is. Begin comes before the first change, End last.
type Progress interface {
	Begin(Status)
	Reading(Status)
	End(s Status, summary []string, err error)
}

// heading says what is drained, and how to end that.
func heading(s Status) string {
	var servers []string
	for _, server := range s.Servers {
		name := server.Server.AddrPort.Addr().String()
		if len(servers) == 0 || servers[len(servers)-1] != name {
			servers = append(servers, name)
		}
	}
	services := map[string]bool{}
	for _, server := range s.Servers {
		services[server.Service.String()] = true
	}
	return fmt.Sprintf("Draining %s in %s. ^C puts everything back.", strings.Join(compact(servers), ", "), counted(len(services), "service", "services"))
}

// compact keeps the first of each name.
func compact(names []string) (kept []string) {
	seen := map[string]bool{}
	for _, name := range names {
		if !seen[name] {
			kept = append(kept, name)
		}
		seen[name] = true
	}
	return kept
}

// elapsed says how much of the time has passed.
func elapsed(s Status) string {
	if s.Wait == 0 {
		return Clock(s.Elapsed)
	}
	return Clock(s.Elapsed) + " of " + Clock(s.Wait)
}

// Lines is Progress that prints lines: one when the drain begins, one for each server that is
// done, and one a minute in between. It ignores errors of W, since a drain goes on without
// anyone who looks.
type Lines struct {
	W       io.Writer
	minutes time.Duration
	done    map[string]bool
	noted   map[string]bool
}

// Begin prints what is drained.
func (l *Lines) Begin(s Status) {
	l.done, l.noted = map[string]bool{}, map[string]bool{}
	l.print(heading(s))
}

// Reading prints what is new.
func (l *Lines) Reading(s Status) {
	for _, server := range s.Servers {
		name := fmt.Sprintf("%s of %s", server.Server, server.Service)
		if server.State != Waiting && !l.done[name] {
			l.done[name] = true
			l.print(fmt.Sprintf("%s: %s %s", Clock(s.Elapsed), name, server.State))
		}
	}
	if minutes := s.Elapsed / time.Minute; minutes > l.minutes {
		l.minutes = minutes
		var waiting []string
		for _, server := range s.Servers {
			if server.State == Waiting {
				waiting = append(waiting, fmt.Sprintf("%s of %s: %s", server.Server, server.Service, server.Text))
			}
		}
		l.print(elapsed(s) + ": " + strings.Join(waiting, "; "))
		for _, note := range s.Notes {
			if !l.noted[note] {
				l.noted[note] = true
				l.print(note)
			}
		}
	}
}

// End prints the summary.
func (l *Lines) End(s Status, summary []string, _ error) {
	if len(summary) == 1 { // the end of all
		l.Reading(s)
	}
	for _, line := range summary {
		l.print(line)
	}
}

func (l *Lines) print(line string) { _, _ = io.WriteString(l.W, line+"\n") }
