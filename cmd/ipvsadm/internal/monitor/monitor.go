// SPDX-License-Identifier: Apache-2.0

// Package monitor reads the table of IPVS again and again, and tells what has changed. The
// kernel tells nobody of changes.
package monitor

import (
	"errors"
	"fmt"
	"time"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/kernel"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/sysctl"
	"github.com/ipvsadm-go/ipvsadm/format"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// Options select what is monitored.
type Options struct {
	Service  ipvs.ServiceID // zero for all
	Interval time.Duration  // from the start of one reading to the start of the next
	Full     bool           // print first what there is
	All      bool           // monitor timeouts, daemons and settings in /proc/sys, too
}

// Monitor prints changes. All fields must be set.
type Monitor struct {
	Options
	Client *ipvs.Client
	// Connect returns a new client after a failed reading, and closes the old one.
	Connect func() (*ipvs.Client, error)
	// Loaded tells whether the module of IPVS is loaded.
	Loaded func() (bool, error)
	// Sysctls reads the settings in /proc/sys.
	Sysctls func() ([]sysctl.Value, error)
	// Print prints events that a reading has found. Its error ends Run. It is called after
	// each reading, with or without events.
	Print func(at time.Time, events []format.Event) error
	// Describe returns the message for an error.
	Describe func(error) string
	// Say prints a message for people.
	Say func(text string)

	reader  kernel.Reader
	started time.Time // of the last reading
	failure error     // of the last reading
	// withoutSysctls is set while the settings in /proc/sys cannot be read.
	withoutSysctls bool
}

// Run monitors the kernel until the first reading fails or the output cannot be written.
// A later reading that fails is said, and repeated; changes in the meantime are printed
// together after it.
func (m *Monitor) Run() error {
	m.reader = kernel.Reader{Connect: m.connect, Loaded: m.Loaded}
	last, err := m.read(&state{})
	if err != nil {
		return err
	}
	var events []format.Event
	if m.Full {
		if events, err = present(last); err != nil {
			return err
		}
	}
	for {
		took := time.Since(m.started)
		if err := m.Print(m.started, events); err != nil {
			return err
		}
		time.Sleep(time.Until(m.started.Add(m.interval(took))))
		now := m.readAgain(last)
		if events, err = diff(last, now); err != nil {
			return err
		}
		last = now
	}
}

// interval returns the time from the start of a reading that took so long to the start of
// the next. Readings take a tenth of the time at most.
func (m *Monitor) interval(took time.Duration) time.Duration { return max(m.Interval, 10*took) }

// retryPause is the longest time between a reading that failed and the next one. It lets
// an unload of the module end, because to connect then would load the module again.
const retryPause = time.Second

// readAgain reads the state. If that fails twice, it says so, and returns the last state:
// one failure is usual after the module was unloaded and loaded again. Without its module,
// IPVS has no services and no daemons.
func (m *Monitor) readAgain(last *state) *state {
	now, err := m.read(last)
	if err != nil && !errors.Is(err, ipvs.ErrNoIPVS) {
		time.Sleep(min(m.Interval, retryPause))
		now, err = m.read(last)
	}
	m.sayFailure(err)
	switch {
	case errors.Is(err, ipvs.ErrNoIPVS):
		return last.withoutModule()
	case err != nil:
		return last
	}
	return now
}

// sayFailure says that reading has begun to fail, fails for another reason, or no longer
// fails.
func (m *Monitor) sayFailure(err error) {
	unloaded, wasUnloaded := errors.Is(err, ipvs.ErrNoIPVS), errors.Is(m.failure, ipvs.ErrNoIPVS)
	before := m.failure
	m.failure = err
	switch {
	case unloaded && !wasUnloaded:
		m.say("the module ip_vs is not loaded any more; waiting for it")
	case unloaded:
	case err != nil && (before == nil || m.Describe(before) != m.Describe(err)):
		m.say(fmt.Sprintf("cannot read the table: %s; trying again", m.Describe(err)))
	case err != nil:
	case wasUnloaded:
		m.say("the module ip_vs is loaded again")
	case before != nil:
		m.say("the table can be read again")
	}
}

func (m *Monitor) say(text string) { m.Say(time.Now().Format(time.DateTime) + " " + text) }

func (m *Monitor) connect() error {
	client, err := m.Connect()
	if err == nil {
		m.Client = client
	}
	return err
}
