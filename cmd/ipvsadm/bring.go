package main

import (
	"cmp"
	"errors"
	"io/fs"
	"iter"
	"net/netip"
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

// applySettings makes changes of timeouts and daemons. A daemon that was stopped
// for another that does not start runs again.
func (p *program) applySettings(changes []ipvs.Change) (refusals []refusal) {
	if len(changes) == 0 {
		return nil
	}
	before, err := p.client.Daemons()
	if err != nil {
		return []refusal{{changes[0], err}}
	}
	refusals = p.apply(changes)
	var again []ipvs.Change
	for _, r := range refusals {
		i := slices.IndexFunc(before, func(d ipvs.Daemon) bool { return d.State == r.change.Daemon.State })
		if r.change.Command == ipvs.CommandNewDaemon && !errors.Is(r.err, fs.ErrExist) && i >= 0 {
			again = append(again, ipvs.StartDaemon(before[i]))
		}
	}
	return append(refusals, p.apply(again)...)
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

// settingsDiff finds the changes of timeouts and daemons, where the rules say
// anything of them. stops are daemons that shall not run.
func (p *program) settingsDiff(d *desired) (stops, changes []ipvs.Change, err error) {
	if d.config != (ipvs.Config{}) {
		now, err := p.client.Config()
		if err != nil {
			return nil, nil, err
		}
		want := ipvs.Config{
			TCP: cmp.Or(d.config.TCP, now.TCP), TCPFin: cmp.Or(d.config.TCPFin, now.TCPFin), UDP: cmp.Or(d.config.UDP, now.UDP),
		}
		if want != now {
			changes = append(changes, ipvs.SetConfig(d.config))
		}
	}
	if len(d.daemons) == 0 {
		return nil, changes, nil
	}
	running, err := p.client.Daemons()
	if err != nil {
		return nil, nil, err
	}
	for _, state := range []ipvs.DaemonState{ipvs.Master, ipvs.Backup} {
		want, named := d.daemons[state]
		i := slices.IndexFunc(running, func(r ipvs.Daemon) bool { return r.State == state })
		if !named || i >= 0 && !want.stopped && runsAs(running[i], want.Daemon) {
			continue
		}
		switch {
		case !want.stopped && i >= 0:
			changes = append(changes, ipvs.StopDaemon(state), ipvs.StartDaemon(want.Daemon))
		case !want.stopped:
			changes = append(changes, ipvs.StartDaemon(want.Daemon))
		case i >= 0:
			stops = append(stops, ipvs.StopDaemon(state))
		}
	}
	return stops, changes, nil
}

// runsAs tells whether a daemon runs as it was asked to. What was not asked for
// is the kernel's default; that of the length is whatever it is.
func runsAs(running, want ipvs.Daemon) bool {
	if !want.Group.IsValid() {
		want.Group = netip.AddrFrom4([4]byte{224, 0, 0, 81})
	}
	want.Port = cmp.Or(want.Port, 8848)
	want.TTL = cmp.Or(want.TTL, 1)
	if want.MaxLen == 0 {
		want.MaxLen = running.MaxLen
	}
	// The bounds of start_sync_thread in ip_vs_sync.c.
	shortest, longest := uint16(1), uint16(65535-28) // without the heads of IP and UDP
	if want.State == ipvs.Backup {
		shortest = 1024
	}
	if want.Group.Is6() {
		longest = 65535 - 48
	}
	want.MaxLen = min(max(want.MaxLen, shortest), longest)
	return running == want
}

func deletes(ch ipvs.Change) bool {
	return ch.Command == ipvs.CommandDelService || ch.Command == ipvs.CommandDelDestination
}
