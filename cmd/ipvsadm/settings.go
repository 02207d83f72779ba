package main

import (
	"cmp"
	"errors"
	"io/fs"
	"net/netip"
	"slices"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

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
