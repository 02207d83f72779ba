package main

import (
	"errors"
	"io/fs"
	"iter"
	"slices"

	"github.com/ipvsadm-go/ipvsadm/format"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// maxRounds is how often a restore changes the table when others change it at the
// same time.
const maxRounds = 3

// errUnstable is what remains when they never stop.
var errUnstable = errors.New("the table is not as the rules say: somebody else changes it at the same time")

// refusal is a change that the kernel refused.
type refusal struct {
	change ipvs.Change
	err    error
}

// bringAbout makes the kernel what is desired, and looks at the table again after
// its changes: somebody else may have changed it since it was read. Where other
// restores are kept away, it is enough to see what services and servers there are.
func (p *program) bringAbout(d *desired) (failed bool, err error) {
	unlock, locked := p.machine.lock()
	defer unlock()
	var refusals []refusal
	again := true // the table or a daemon may not be as desired yet
	for round := 0; ; round++ {
		now, err := p.tableNow(d)
		if err != nil {
			return false, err
		}
		if round == 0 {
			if err := p.admit(d, now); err != nil {
				return false, err
			}
		}
		if !again && !differ(now, d) {
			break
		}
		if round == maxRounds {
			if len(refusals) == 0 {
				return false, errUnstable
			}
			break
		}
		changed := false
		if changed, refusals, err = p.approach(d, now); err != nil {
			return false, err
		}
		again = slices.ContainsFunc(refusals, raced)
		if !again && len(refusals) > 0 || locked && !changed {
			break
		}
		if !again && locked {
			same, err := p.client.HasJust(d.table())
			if err != nil {
				return false, err
			}
			if again = !same; same {
				break
			}
		}
	}
	for _, r := range refusals {
		if line := d.lineOf(r.change); line != 0 {
			p.complainLine(line, r.err)
		} else {
			p.complain(d.daemons[r.change.Daemon.State].origin + r.err.Error())
		}
	}
	failedLater, err := p.executeLater(d.later)
	return len(refusals) > 0 || failedLater, err
}

// printChanges prints what it would take.
func (p *program) printChanges(d *desired) error {
	now, err := p.tableNow(d)
	if err != nil {
		return err
	}
	if err := p.admit(d, now); err != nil {
		return err
	}
	stops, settings, err := p.settingsDiff(d)
	if err != nil {
		return err
	}
	changes := stops
	for part := range tableDiff(now, d) {
		changes = append(changes, part...)
	}
	changes = append(changes, settings...)
	for _, part := range d.later {
		for _, line := range part {
			if change, ok := line.zeroing(); ok {
				changes = append(changes, change)
			}
		}
	}
	return format.Changes(p.safe(p.stdout), changes)
}

// approach makes the changes that it takes from the table as it is now. It tells
// whether there were any in the table, and returns those that the kernel refused.
func (p *program) approach(d *desired, now ipvs.Table) (changed bool, refusals []refusal, err error) {
	stops, settings, err := p.settingsDiff(d)
	if err != nil {
		return false, nil, err
	}
	// While a daemon runs, the kernel refuses servers of another family.
	refusals = p.applySettings(stops)
	for changes := range tableDiff(now, d) {
		changed = changed || len(changes) > 0
		refusals = append(refusals, p.changeServices(changes)...)
	}
	return changed, append(refusals, p.applySettings(settings)...), nil
}

// changeServices makes the changes of some services, and keeps no order of theirs.
// One that does not get all its new servers keeps the others as they are.
func (p *program) changeServices(changes []ipvs.Change) (refusals []refusal) {
	first, second := changes[:0], []ipvs.Change(nil)
	for i := range changes {
		switch changes[i].Command {
		case ipvs.CommandNewService, ipvs.CommandSetService, ipvs.CommandNewDestination:
			first = append(first, changes[i])
		default:
			second = append(second, changes[i])
		}
	}
	refusals = p.apply(first)
	short := map[ipvs.ServiceID]bool{}
	for _, r := range refusals {
		if r.change.Command == ipvs.CommandNewDestination {
			short[r.change.Service.ServiceID] = true
		}
	}
	second = slices.DeleteFunc(second, func(ch ipvs.Change) bool { return short[ch.Service.ServiceID] })
	return append(refusals, p.apply(second)...)
}

// apply makes changes. What was to be deleted and is gone already is fine.
func (p *program) apply(changes []ipvs.Change) (refusals []refusal) {
	for i, err := range p.client.Apply(changes) {
		if err != nil && !(deletes(changes[i]) && errors.Is(err, fs.ErrNotExist)) {
			refusals = append(refusals, refusal{changes[i], err})
		}
	}
	return refusals
}

// raced tells whether a change was refused because somebody else was quicker, or
// looks so: it is worth another look at the table.
func raced(r refusal) bool {
	return errors.Is(r.err, fs.ErrExist) || errors.Is(r.err, fs.ErrNotExist)
}

// tableNow reads the table, unless the rules leave it alone.
func (p *program) tableNow(d *desired) (ipvs.Table, error) {
	if d.keepTable {
		return nil, nil
	}
	now, err := p.client.Table()
	now.Sort()
	return now, err
}

// servicesAtOnce is how many services are compared before their changes are made.
// The changes of 1000 with 10 servers each would take 5 MB.
const servicesAtOnce = 128

// tableDiff finds the changes of services and servers, those of some services at a
// time. Services that are not wanted come last.
func tableDiff(now ipvs.Table, d *desired) iter.Seq[[]ipvs.Change] {
	return func(yield func([]ipvs.Change) bool) {
		if d.keepTable {
			return
		}
		left := make(map[ipvs.ServiceID]*ipvs.TableEntry, len(now))
		for i := range now {
			left[now[i].Service.ServiceID] = &now[i]
		}
		for wanted := range slices.Chunk(d.inOrder(), servicesAtOnce) {
			var from, to ipvs.Table
			for _, s := range wanted {
				if entry := left[s.ServiceID]; entry != nil {
					from = append(from, *entry)
					delete(left, s.ServiceID)
				}
				to = append(to, s.entry())
			}
			if !yield(ipvs.Diff(from, to)) {
				return
			}
		}
		var unwanted ipvs.Table
		for i := range now {
			if left[now[i].Service.ServiceID] != nil {
				unwanted = append(unwanted, now[i])
			}
		}
		yield(ipvs.Diff(unwanted, nil))
	}
}

// differ tells whether the table is not as desired.
func differ(now ipvs.Table, d *desired) bool {
	for changes := range tableDiff(now, d) {
		if len(changes) > 0 {
			return true
		}
	}
	return false
}

func deletes(ch ipvs.Change) bool {
	return ch.Command == ipvs.CommandDelService || ch.Command == ipvs.CommandDelDestination
}
