// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"fmt"
	"slices"
	"strings"
	"syscall"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
)

// order is what differs from the default order, in which each process runs to its end before
// the next one starts. In "3>1 5>0 7/1 9!2" process 1 takes over at step 3 and process 0 at
// step 5, process 1 makes step 7 alone, and step 9 has the fault 2 of its command.
type order []deviation

type deviation struct {
	step    uint8
	kind    byte // '>', '/' or '!'
	operand uint8
}

func (o order) String() string {
	var all []string
	for _, d := range o {
		all = append(all, fmt.Sprintf("%d%c%d", d.step, d.kind, d.operand))
	}
	return strings.Join(all, " ")
}

func parseOrder(s string) (o order, err error) {
	for word := range strings.FieldsSeq(s) {
		var d deviation
		if _, err := fmt.Sscanf(word, "%d%c%d", &d.step, &d.kind, &d.operand); err != nil {
			return nil, fmt.Errorf("%q in an order: %w", word, err)
		}
		o = append(o, d)
	}
	return o, nil
}

// fault is what can happen to a request of a manager.
type fault struct {
	name   string
	effect ipvstest.Effect
	isLoss bool // of the answer
}

var (
	exists    = fault{"refused: EEXIST", ipvstest.Refuse(syscall.EEXIST), false}
	noService = fault{"refused: ESRCH", ipvstest.Refuse(syscall.ESRCH), false}
	noEntry   = fault{"refused: ENOENT", ipvstest.Refuse(syscall.ENOENT), false}
	invalid   = fault{"refused: EINVAL", ipvstest.Refuse(syscall.EINVAL), false}
	lost      = fault{"its answer is lost", ipvstest.Lose(), true}
	lostError = fault{"refused: EINVAL, and the answer is lost", ipvstest.LoseRefusal(syscall.EINVAL), true}

	faults = map[ipvs.Command][]fault{
		ipvs.CommandGetService:      {lost},
		ipvs.CommandGetDestinations: {lost},
		ipvs.CommandNewService:      {exists, invalid, lost, lostError},
		ipvs.CommandSetService:      {noService, noEntry, lost, lostError},
		ipvs.CommandDelService:      {noService, lost, lostError},
		ipvs.CommandNewDestination:  {exists, noService, invalid, lost, lostError},
		ipvs.CommandSetDestination:  {noService, noEntry, lost, lostError},
		ipvs.CommandDelDestination:  {noService, noEntry, lost, lostError},
	}
)

// play is one run of a scenario in one order.
type play struct {
	*scenario
	kernel    *ipvstest.Kernel
	table     ipvs.Table // after the last step
	processes []*ipvstest.Process
	errs      []error // of the managers that have ended
	checker   checker
	trace     *strings.Builder // nil for none
	outcome   outcome
}

// outcome is what came of a play.
type outcome struct {
	children []order // the orders that have one more deviation, after the last one
	hash     uint64  // of the sequence of steps and faults
	err      error   // something was wrong at a step
}

// play runs a scenario in an order.
func (s *scenario) play(o order, trace *strings.Builder) outcome {
	p := &play{scenario: s, kernel: ipvstest.New(), trace: trace}
	p.kernel.SetTable(s.before)
	p.errs = make([]error, len(s.managers))
	for i := range s.managers {
		p.start(func(client *ipvs.Client) { p.errs[i] = s.managers[i].run(client) })
	}
	if s.writer != nil {
		p.start(func(client *ipvs.Client) { client.Apply(s.writer) })
	}
	p.table = p.kernel.Table()
	p.checker = newChecker(s, p.table)
	p.outcome.err = p.steps(o)
	for _, process := range p.processes {
		process.Finish()
	}
	if p.outcome.err == nil {
		p.outcome.err = p.checkEnd()
	}
	return p.outcome
}

// start starts a process with a client of its own.
func (p *play) start(run func(*ipvs.Client)) {
	client, err := p.kernel.Dial()
	if err != nil {
		panic(err) // the fake refuses no client
	}
	p.processes = append(p.processes, p.kernel.Start(func() { run(client) }))
}

func (m *manager) run(client *ipvs.Client) error {
	plan, err := NewPlan(client, m.state())
	if err != nil {
		return err
	}
	if m.locked {
		return plan.RunLocked()
	}
	return plan.Run()
}

// maxSteps is more than any scenario has.
const maxSteps = 250

// steps lets the processes run until all have ended.
func (p *play) steps(o order) error {
	p.outcome.hash = 14695981039346656037
	previous, current, rest := 0, 0, o
	for step := range maxSteps {
		first := p.firstRunning()
		if first < 0 && len(rest) > 0 {
			return fmt.Errorf("the order %q goes on after the last step", o)
		}
		if first < 0 {
			return nil
		}
		if !p.isRunning(current) {
			current = first
		}
		who, effect, event := current, (*fault)(nil), uint64(0)
		for ; len(rest) > 0 && int(rest[0].step) == step; rest = rest[1:] {
			d := rest[0]
			if !p.allows(d, who) {
				return fmt.Errorf("the order %q is not possible from step %d on", o, step)
			}
			switch d.kind {
			case '>':
				previous, current, who = current, int(d.operand), int(d.operand)
			case '/':
				who = int(d.operand)
			case '!':
				effect, event = &p.faultsOf(who)[d.operand], 16*uint64(d.operand+1)
			}
		}
		if len(rest) == 0 {
			p.branch(o, step, previous, current, who)
		}
		p.outcome.hash = (p.outcome.hash ^ event ^ uint64(who+1)) * 1099511628211 // FNV-1a
		if err := p.step(step, who, effect); err != nil {
			return err
		}
	}
	return fmt.Errorf("a run has more than %d steps", maxSteps)
}

// branch adds the orders that differ from here on. previous was the current process before the
// last take-over.
func (p *play) branch(o order, step, previous, current, who int) {
	add := func(kind byte, operand int) {
		p.outcome.children = append(p.outcome.children, append(slices.Clip(o), deviation{uint8(step), kind, uint8(operand)}))
	}
	if !o.has(step, '>') && !o.has(step, '/') && !o.has(step, '!') {
		for other := range p.processes {
			if other == current || !p.isRunning(other) || o.hasTurn(step-1, other) {
				continue // two turns in a row are two take-overs
			}
			add('/', other)
			if !o.has(step-1, '>') || other != previous { // else it was a turn
				add('>', other)
			}
		}
	}
	if o.has(step, '!') {
		return
	}
	for i := range p.faultsOf(who) {
		add('!', i)
	}
}

// has tells whether a step has a deviation of a kind.
func (o order) has(step int, kind byte) bool {
	return slices.ContainsFunc(o, func(d deviation) bool { return int(d.step) == step && d.kind == kind })
}

// hasTurn tells whether a step alone is of a process.
func (o order) hasTurn(step, process int) bool {
	return slices.Contains(o, deviation{uint8(step), '/', uint8(process)})
}

// allows tells whether a deviation is possible now, in a step of process who.
func (p *play) allows(d deviation, who int) bool {
	switch d.kind {
	case '>', '/':
		return int(d.operand) < len(p.processes) && p.isRunning(int(d.operand))
	case '!':
		return int(d.operand) < len(p.faultsOf(who))
	}
	return false
}

// faultsOf returns the faults of the next request of a manager. A writer has none.
func (p *play) faultsOf(who int) []fault {
	if who >= len(p.managers) {
		return nil
	}
	request, _ := p.processes[who].Request()
	return faults[request.Command]
}

func (p *play) firstRunning() int {
	return slices.IndexFunc(p.processes, func(process *ipvstest.Process) bool { _, ok := process.Request(); return ok })
}

func (p *play) isRunning(i int) bool {
	_, ok := p.processes[i].Request()
	return ok
}

// step makes one step of a process, and checks what it has done.
func (p *play) step(step, who int, effect *fault) error {
	request, _ := p.processes[who].Request()
	if effect != nil {
		p.processes[who].StepWith(effect.effect)
	} else {
		p.processes[who].Step()
	}
	table := p.table
	if !isRead(request.Command) {
		table = p.kernel.Table()
		p.table = table
	}
	if p.trace != nil {
		fmt.Fprintf(p.trace, "%3d  process %d: %-14s", step, who, request.Command)
		if effect != nil {
			fmt.Fprintf(p.trace, " (%s)", effect.name)
		}
		fmt.Fprintf(p.trace, "  %s\n", text(table))
		if who < len(p.managers) && !p.isRunning(who) {
			fmt.Fprintf(p.trace, "     process %d ends: %v\n", who, p.errs[who])
		}
	}
	return p.checker.check(who, request, table, effect, !p.isRunning(who))
}
