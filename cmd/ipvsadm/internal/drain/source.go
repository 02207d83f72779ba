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
	// Sysctl returns the value of net.ipv4.vs.NAME, without white space. It is not ok if
	// there is none, or if it cannot be read.
	Sysctl func(name string) (value string, ok bool)
	// Managers returns the names of running programs that change the table by themselves,
	// such as keepalived.
	Managers func() []string
	// Signals delivers the signals that end a drain.
	Signals <-chan os.Signal
	// Spent returns the processor time of the process so far. A reading that only waits
	// for a busy machine takes none of it.
	Spent func() time.Duration
	Now   func() time.Time
	After func(time.Duration) <-chan time.Time
}

// isSet tells whether a sysctl is a number other than 0.
func (s *Source) isSet(name string) bool {
	value, ok := s.Sysctl(name)
	return ok && value != "" && value != "0"
}

// countsPackets tells whether the kernel keeps the counters up to date. Kernels before 6.2,
// which lack these sysctls, always do.
func (s *Source) countsPackets() bool {
	run, known := s.Sysctl("run_estimation")
	cpus, limited := s.Sysctl("est_cpulist")
	return (!known || run != "0") && (!limited || cpus != "")
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
