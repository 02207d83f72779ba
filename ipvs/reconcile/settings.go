// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"slices"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// checkDaemons returns an error if the daemons contradict each other, or have no state.
func (s *State) checkDaemons() error {
	mentioned := map[ipvs.DaemonState]bool{}
	mention := func(state ipvs.DaemonState) error {
		switch {
		case state != ipvs.Master && state != ipvs.Backup:
			return fmt.Errorf("reconcile: a daemon has the state %s, want %s or %s", state, ipvs.Master, ipvs.Backup)
		case mentioned[state]:
			return fmt.Errorf("reconcile: the state has the %s daemon twice", state)
		}
		mentioned[state] = true
		return nil
	}
	for _, d := range s.Daemons {
		if err := mention(d.State); err != nil {
			return err
		}
	}
	for _, state := range s.Stopped {
		if err := mention(state); err != nil {
			return err
		}
	}
	return nil
}

// readSettings reads the kernel's timeouts and daemons, if the state mentions any, and
// computes their changes.
func (p *Plan) readSettings() (err error) {
	var timeouts ipvs.Timeouts
	if p.state.Timeouts != (ipvs.Timeouts{}) {
		if timeouts, err = p.client.Timeouts(); err != nil {
			return err
		}
	}
	var running []ipvs.Daemon
	if len(p.state.Daemons)+len(p.state.Stopped) > 0 {
		if running, err = p.client.Daemons(); err != nil {
			return err
		}
	}
	p.diffSettings(timeouts, running)
	return nil
}

// diffSettings computes the changes of timeouts and daemons.
func (p *Plan) diffSettings(now ipvs.Timeouts, running []ipvs.Daemon) {
	p.stops, p.settings, p.unfit = nil, nil, nil
	want := p.state.Timeouts
	if all := (ipvs.Timeouts{TCP: cmp.Or(want.TCP, now.TCP), TCPFin: cmp.Or(want.TCPFin, now.TCPFin), UDP: cmp.Or(want.UDP, now.UDP)}); all != now {
		p.settings = append(p.settings, ipvs.SetTimeouts(want))
	}
	for _, state := range []ipvs.DaemonState{ipvs.Master, ipvs.Backup} {
		i, runs := findDaemon(running, state)
		if slices.Contains(p.state.Stopped, state) {
			if runs {
				p.stops = append(p.stops, ipvs.StopDaemon(state))
			}
			continue
		}
		j, wanted := findDaemon(p.state.Daemons, state)
		if !wanted || runs && SameDaemon(running[i], p.state.Daemons[j]) {
			continue
		}
		start := ipvs.StartDaemon(p.state.Daemons[j])
		if err := p.canApply(start); err != nil {
			p.unfit = append(p.unfit, Refusal{start, err})
			continue
		}
		if runs {
			p.settings = append(p.settings, ipvs.StopDaemon(state))
		}
		p.settings = append(p.settings, start)
	}
}

func findDaemon(daemons []ipvs.Daemon, state ipvs.DaemonState) (i int, found bool) {
	i = slices.IndexFunc(daemons, func(d ipvs.Daemon) bool { return d.State == state })
	return i, i >= 0
}

// SameDaemon reports whether a running daemon has the wanted settings. Zero fields of want
// stand for the kernel's defaults. A MaxLen of 0 matches any length, because the default
// depends on the interface. What is not sent, such as a zone of the Group, does not count.
func SameDaemon(running, want ipvs.Daemon) bool {
	want = withDefaults(want)
	if want.MaxLen == 0 {
		want.MaxLen = running.MaxLen
	}
	return running == want
}

// withDefaults returns the settings that a daemon has once it runs. A MaxLen of 0 stays, because
// the default depends on the interface.
func withDefaults(d ipvs.Daemon) ipvs.Daemon {
	if !d.Group.IsValid() {
		d.Group = netip.AddrFrom4([4]byte{224, 0, 0, 81})
	}
	d.Group = d.Group.WithZone("") // a zone is not sent
	d.Port = cmp.Or(d.Port, 8848)
	d.TTL = cmp.Or(d.TTL, 1)
	if d.MaxLen == 0 {
		return d
	}
	// The bounds of start_sync_thread in ip_vs_sync.c.
	shortest, longest := uint16(1), uint16(65535-28) // without the headers of IP and UDP
	if d.State == ipvs.Backup {
		shortest = 1024
	}
	if d.Group.Is6() {
		longest = 65535 - 48
	}
	d.MaxLen = min(max(d.MaxLen, shortest), longest)
	return d
}

// applySettings makes changes of timeouts and daemons. If the run stopped a daemon to start
// another, and the kernel refuses the other, it starts the first one again.
func (p *Plan) applySettings(changes []ipvs.Change) (refused Refusals) {
	if len(changes) == 0 {
		return nil
	}
	running, err := p.client.Daemons()
	if err != nil {
		for _, ch := range changes {
			refused = append(refused, Refusal{ch, err})
		}
		return refused
	}
	p.found = append(running, p.found...) // what runs now comes first
	refused = p.send(changes)
	var restarts []ipvs.Change
	for _, r := range refused {
		i, ran := findDaemon(p.found, r.Change.Daemon().State)
		if r.Change.Command() == ipvs.CommandNewDaemon && !errors.Is(r.Err, fs.ErrExist) && ran {
			restarts = append(restarts, ipvs.StartDaemon(p.found[i]))
		}
	}
	again := slices.DeleteFunc(p.send(restarts), func(r Refusal) bool {
		return errors.Is(r.Err, fs.ErrExist) // a daemon runs, whatever became of the stop and the start
	})
	return append(refused, again...)
}
