// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"os"
	"time"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// Source is the machine whose servers are drained. All fields must be set.
type Source struct {
	Client *ipvs.Client
	// Sysctl tells whether net.ipv4.vs.NAME is set to anything but 0. It is false if
	// that cannot be read.
	Sysctl func(name string) bool
	// Managers returns the names of running programs that change the table by themselves,
	// such as keepalived.
	Managers func() []string
	// Signals delivers the signals that end a drain.
	Signals <-chan os.Signal
	Now     func() time.Time
	After   func(time.Duration) <-chan time.Time
}

// interrupted tells whether a signal has come.
func (s *Source) interrupted() bool {
	select {
	case <-s.Signals:
		return true
	default:
		return false
	}
}

// sleep waits until a time, or returns true as soon as a signal comes.
func (s *Source) sleep(until time.Time) (interrupted bool) {
	if s.interrupted() {
		return true
	}
	select {
	case <-s.Signals:
		return true
	case <-s.After(max(until.Sub(s.Now()), 0)):
		return false
	}
}
