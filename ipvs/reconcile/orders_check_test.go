// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"errors"
	"fmt"
	"slices"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
)

// ids has the services of a table and their destinations, as numbers.
type ids [8]struct {
	exists       bool
	destinations uint16 // a bit for each
}

func idsOf(table ipvs.Table) (t ids) {
	for i := range table {
		s := &t[number(table[i].Service.AddrPort.Addr().As4())]
		s.exists = true
		for j := range table[i].Destinations {
			s.destinations |= 1 << number(table[i].Destinations[j].AddrPort.Addr().As4())
		}
	}
	return t
}

func number(address [4]byte) int { return int(address[3]) }

// checker follows the table from step to step.
type checker struct {
	*scenario
	now      ids
	managers []managerChecker
}

// managerChecker has what a manager wants, and what the other processes have done since it
// began to read the table.
type managerChecker struct {
	*manager
	want    ids
	removed ids  // services and destinations that others removed
	quiet   bool // others changed nothing

	unanswered   int  // writes of its own whose answer was lost
	faulty       bool // one of its own requests had another fault
	disturbances int  // changes of others between its first and its last request
	began, ended bool
}

func newChecker(s *scenario, table ipvs.Table) checker {
	c := checker{scenario: s, now: idsOf(table)}
	for i := range s.managers {
		c.managers = append(c.managers, managerChecker{manager: &s.managers[i], want: idsOf(s.managers[i].desired), quiet: true})
	}
	return c
}

// check checks what the step of a process has done to the table.
func (c *checker) check(who int, request ipvstest.Request, table ipvs.Table, effect *fault, ended bool) error {
	before, after := c.now, idsOf(table)
	c.now = after
	reads := isRead(request.Command)
	for i := range c.managers {
		m := &c.managers[i]
		if i != who {
			if !reads {
				m.quiet = false
				m.removed.add(before, after)
				if m.began && !m.ended {
					m.disturbances++
				}
			}
			continue
		}
		m.began, m.ended = true, ended
		switch {
		case effect == nil:
		case effect.isLoss && !reads:
			m.unanswered++
		default:
			m.faulty = true
		}
		if request.Command == ipvs.CommandGetService && request.Dump {
			m.quiet = true
			m.removed = ids{}
		}
		if err := m.checkStep(before, after); err != nil {
			return fmt.Errorf("process %d: %w", who, err)
		}
	}
	return nil
}

func isRead(command ipvs.Command) bool {
	return command == ipvs.CommandGetService || command == ipvs.CommandGetDestinations
}

// add adds what a step has removed.
func (t *ids) add(before, after ids) {
	for i := range t {
		t[i].exists = t[i].exists || before[i].exists && !after[i].exists
		t[i].destinations |= before[i].destinations &^ after[i].destinations
	}
}

// checkStep checks a step of the manager itself.
func (m *managerChecker) checkStep(before, after ids) error {
	for i := range before {
		was, is, want := before[i], after[i], m.want[i]
		switch {
		case was == is:
		case !m.owns(i):
			return fmt.Errorf("changes service %d, which is out of scope", i)
		case want.exists && was.exists && !is.exists:
			return fmt.Errorf("deletes service %d, which it wants", i)
		case was.destinations&^is.destinations&want.destinations != 0:
			return fmt.Errorf("deletes a destination of service %d that it wants", i)
		case want.destinations != 0 && was.destinations != 0 && is.destinations == 0 &&
			!m.removed[i].exists && m.removed[i].destinations&want.destinations == 0:
			return fmt.Errorf("deletes the last destination of service %d", i)
		}
	}
	return nil
}

// minDisturbances is how many changes of others it takes to make a run fail. One change can
// spoil two of its three rounds: the one before it, and the one that reads the table meanwhile.
const minDisturbances = 2

// checkEnd checks the errors of the managers against the table. A manager need not know what
// others do after its last look at the table.
func (p *play) checkEnd() error {
	table := p.kernel.Table()
	for i := range p.managers {
		m, err := &p.checker.managers[i], p.errs[i]
		switch {
		case err == nil && m.quiet && !m.hasReached(table, m.locked && m.disturbances > 0):
			return fmt.Errorf("process %d returns no error, and the table is %s", i, text(table))
		case err == nil || m.faulty:
		case m.quiet && m.hasReached(table, false):
			return fmt.Errorf("the table is right, and process %d returns the error %w", i, err)
		case m.disturbances+m.unanswered < minDisturbances:
			return fmt.Errorf("process %d was disturbed %d times, lost %d answers, and returns the error %w", i, m.disturbances, m.unanswered, err)
		case m.disturbances == 0 && m.unanswered < maxRounds:
			return fmt.Errorf("process %d lost %d answers, and returns the error %w", i, m.unanswered, err)
		case !errors.Is(err, ErrUnstable) && !errors.As(err, new(Refusals)):
			return fmt.Errorf("process %d returns the error %w", i, err)
		}
	}
	if p.errs[0] == nil {
		return nil
	}
	return p.checkNextRun()
}

// hasReached tells whether the table is as the manager wants it, or at least has the same
// services and destinations.
func (m *manager) hasReached(table ipvs.Table, onlyIDs bool) bool {
	owned := slices.DeleteFunc(slices.Clone(table), func(e ipvs.TableEntry) bool { return !m.owns(number(e.Service.AddrPort.Addr().As4())) })
	if onlyIDs {
		return idsOf(owned) == idsOf(m.desired)
	}
	return len(ipvs.Diff(owned, m.desired)) == 0
}

// checkNextRun runs the first manager once more after it has failed. Undisturbed, it must bring
// its table about, whatever came before.
func (p *play) checkNextRun() error {
	m := &p.managers[0]
	client, err := p.kernel.Dial()
	if err == nil {
		err = Run(client, m.state())
	}
	if table := p.kernel.Table(); err != nil || !m.hasReached(table, false) {
		return fmt.Errorf("another run returns %v, and the table is %s", err, text(table))
	}
	return nil
}
