// SPDX-License-Identifier: Apache-2.0

// Package drain takes servers out of their services without cutting connections: it sets
// their weights to 0, waits until their connections have ended, and removes them. It also
// does the opposite: Ramp raises the weight of a server in steps.
//
// The program owns standard output, signals and the clock; a Source hands them in.
package drain

import (
	"time"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// Options say which servers to take out, and how.
type Options struct {
	// Servers selects servers by their addresses and, where HasPort is set, by their
	// ports.
	Servers []ipvs.EndpointFilter
	// Service is the service to take them out of, or zero for every service that has
	// them.
	Service ipvs.ServiceID
	// Wait limits the time that a drain takes, 0 for no limit. AtLimit is what it then
	// does with servers that are not drained.
	Wait    time.Duration
	AtLimit AtLimit
	// Sessions makes it wait for the templates of persistent clients, too.
	Sessions bool
	// Idle is the time without a packet after which a connection does not count any
	// more, 0 for never.
	Idle time.Duration
	// KeepServers leaves drained servers where they are, with weight 0.
	KeepServers bool
	// Force also drains the last usable server of a service.
	Force bool
}

// DefaultWait is the time limit of a drain that names none.
const DefaultWait = 300 * time.Second

// AtLimit is what a drain does at its time limit with servers that are not drained.
type AtLimit int

// The actions.
const (
	KeepAtLimit   AtLimit = iota // leave their weights at 0
	RemoveAtLimit                // remove them anyway
	UndoAtLimit                  // put everything back
)

var atLimitWords = [...]string{KeepAtLimit: "keep", RemoveAtLimit: "remove", UndoAtLimit: "undo"}

// AtLimitWords returns the words for the actions.
func AtLimitWords() []string { return atLimitWords[:] }

// ParseAtLimit returns the action with a word.
func ParseAtLimit(word string) (AtLimit, bool) {
	for a, w := range atLimitWords {
		if w == word {
			return AtLimit(a), true
		}
	}
	return 0, false
}
