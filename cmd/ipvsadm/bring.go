package main

import (
	"cmp"
	"errors"
	"io/fs"
	"net/netip"
	"slices"

	"github.com/ipvsadm-go/ipvsadm/format"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// maxRounds is how often a restore reads the table anew when others change it at
// the same time.
const maxRounds = 3

// refusal is a change that the kernel refused.
type refusal struct {
	change ipvs.Change
	err    error
}

// bringAbout makes the kernel what is desired.
func (p *program) bringAbout(d *desired) (failed bool, err error) {
	var refusals []refusal
	for range maxRounds {
		if refusals, err = p.approach(d); err != nil {
			return false, err
		}
		if !slices.ContainsFunc(refusals, raced) {
			break
		}
	}
	for _, r := range refusals {
		if line := d.lineOf(r.change); line != 0 {
			p.complainLine(line, r.err)
		} else {
			p.complain(d.daemons[r.change.Daemon.State].origin + r.err.Error())
		}
	}
	failedLater, err := p.executeRules(d.later)
	return len(refusals) > 0 || failedLater, err
}

// printChanges prints what it would take.
func (p *program) printChanges(d *desired) error {
	changes, err := p.tableDiff(d)
	if err != nil {
		return err
	}
	settings, err := p.settingsDiff(d)
	if err != nil {
		return err
	}
	changes = append(changes, settings...)
	for _, line := range d.later {
		if change, ok := line.command.change(); ok {
			changes = append(changes, change)
		}
	}
	return format.Changes(p.stdout, changes)
}

// approach makes the changes that it takes, and returns those that the kernel
// refused.
func (p *program) approach(d *desired) (refusals []refusal, err error) {
	changes, err := p.tableDiff(d)
	if err != nil {
		return nil, err
	}
	settings, err := p.settingsDiff(d)
	if err != nil {
		return nil, err
	}
	// A service that does not get all its new servers keeps the others as they are.
	var first, second []ipvs.Change
	for _, ch := range changes {
		switch ch.Command {
		case ipvs.CommandNewService, ipvs.CommandSetService, ipvs.CommandNewDestination:
			first = append(first, ch)
		default:
			second = append(second, ch)
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
	refusals = append(refusals, p.apply(second)...)
	return append(refusals, p.applySettings(settings)...), nil
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

// tableDiff finds the changes of services and servers.
func (p *program) tableDiff(d *desired) ([]ipvs.Change, error) {
	if d.keepTable {
		return nil, nil
	}
	now, err := p.client.StableTable()
	if err != nil {
		return nil, err
	}
	now.Sort()
	return ipvs.Diff(now, d.table()), nil
}

// settingsDiff finds the changes of timeouts and daemons, where the rules say
// anything of them.
func (p *program) settingsDiff(d *desired) (changes []ipvs.Change, err error) {
	if d.config != (ipvs.Config{}) {
		now, err := p.client.Config()
		if err != nil {
			return nil, err
		}
		want := ipvs.Config{
			TCP: cmp.Or(d.config.TCP, now.TCP), TCPFin: cmp.Or(d.config.TCPFin, now.TCPFin), UDP: cmp.Or(d.config.UDP, now.UDP),
		}
		if want != now {
			changes = append(changes, ipvs.SetConfig(d.config))
		}
	}
	if len(d.daemons) == 0 {
		return changes, nil
	}
	running, err := p.client.Daemons()
	if err != nil {
		return nil, err
	}
	for _, state := range []ipvs.DaemonState{ipvs.Master, ipvs.Backup} {
		want, named := d.daemons[state]
		i := slices.IndexFunc(running, func(r ipvs.Daemon) bool { return r.State == state })
		if !named || i >= 0 && !want.stopped && runsAs(running[i], want.Daemon) {
			continue
		}
		if i >= 0 {
			changes = append(changes, ipvs.StopDaemon(state))
		}
		if !want.stopped {
			changes = append(changes, ipvs.StartDaemon(want.Daemon))
		}
	}
	return changes, nil
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
	want.MaxLen = max(want.MaxLen, 1024) // as start_sync_thread in ip_vs_sync.c does
	return running == want
}

func deletes(ch ipvs.Change) bool {
	return ch.Command == ipvs.CommandDelService || ch.Command == ipvs.CommandDelDestination
}
