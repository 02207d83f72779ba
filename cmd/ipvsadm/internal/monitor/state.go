// SPDX-License-Identifier: Apache-2.0

package monitor

import (
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/sysctl"
	"github.com/ipvsadm-go/ipvsadm/format"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/reconcile"
)

// state is what a reading has found. It has timeouts, daemons and settings only if all is
// monitored.
type state struct {
	table    ipvs.Table // sorted
	timeouts ipvs.Timeouts
	daemons  []ipvs.Daemon
	sysctls  map[string]sysctl.Value // by name; those that cannot be read are missing
}

// withoutModule returns the state after the module was unloaded. Its timeouts and settings are
// known once it is loaded again.
func (s *state) withoutModule() *state { return &state{timeouts: s.timeouts, sysctls: s.sysctls} }

// read reads the state. last is the one before, whose settings in /proc/sys stay known if
// they cannot be read.
func (m *Monitor) read(last *state) (now *state, err error) {
	m.started = time.Now()
	err = m.reader.Try(func() error {
		now = &state{sysctls: last.sysctls}
		if now.table, err = m.readTable(); err != nil || !m.All {
			return err
		}
		if now.timeouts, err = m.Client.Timeouts(); err != nil {
			return err
		}
		now.daemons, err = m.Client.Daemons()
		now.daemons = slices.DeleteFunc(now.daemons, func(d ipvs.Daemon) bool { return !slices.Contains(format.DaemonStates[:], d.State) })
		return err
	})
	if err != nil || !m.All {
		return now, err
	}
	now.sysctls = m.readSysctls(last.sysctls)
	return now, nil
}

func (m *Monitor) readTable() (table ipvs.Table, err error) {
	if m.Service == (ipvs.ServiceID{}) {
		table, err = m.Client.Table()
		table.Sort()
		return table, err
	}
	entry, err := m.Client.TableEntry(m.Service)
	if err == nil && len(entry.Destinations) == 0 {
		_, err = m.Client.Service(m.Service) // it may have been deleted in between
	}
	switch {
	case errors.Is(err, ipvs.ErrNoService):
		return nil, nil
	case err != nil:
		return nil, err
	}
	table = ipvs.Table{entry}
	table.Sort()
	return table, nil
}

// readSysctls returns the last values with those that can be read now.
func (m *Monitor) readSysctls(last map[string]sysctl.Value) map[string]sysctl.Value {
	values, err := m.Sysctls()
	if err != nil {
		if !m.withoutSysctls {
			m.say("cannot monitor settings of the kernel: " + m.Describe(err))
		}
		m.withoutSysctls = true
		return last
	}
	m.withoutSysctls = false
	now := make(map[string]sysctl.Value, len(values))
	maps.Copy(now, last)
	for _, v := range values {
		if v.Err == nil {
			now[v.Name] = v
		}
	}
	return now
}

// present returns the events for what there is at the start.
func present(s *state) (events []format.Event, err error) {
	events, err = diff(&state{}, s)
	for i := range events {
		events[i] = events[i].Present()
	}
	return events, err
}

// diff returns the events that lead from one state to another.
func diff(from, to *state) (events []format.Event, err error) {
	changes, err := reconcile.Diff(from.desired(), to.desired())
	for _, ch := range changes {
		event := format.ChangeEvent(ch)
		event.Before = from.rulesBefore(ch)
		events = append(events, event)
	}
	for _, name := range slices.Sorted(maps.Keys(to.sysctls)) {
		now := to.sysctls[name]
		before, known := from.sysctls[name]
		if known && before.Text == now.Text || !known && !now.Changed() {
			continue
		}
		event := format.SettingEvent(now.Assignment().Rule())
		if known {
			event.Before = []string{before.Assignment().Rule()}
		}
		events = append(events, event)
	}
	return events, err
}

// desired returns the state as one to which a kernel can be changed.
func (s *state) desired() reconcile.State {
	desired := reconcile.State{Services: slices.Values(s.table), Timeouts: s.timeouts, Daemons: s.daemons}
	for _, state := range format.DaemonStates {
		if !slices.ContainsFunc(s.daemons, func(d ipvs.Daemon) bool { return d.State == state }) {
			desired.Stopped = append(desired.Stopped, state)
		}
	}
	return desired
}

// rulesBefore returns the rules that make what a change edits or deletes.
func (s *state) rulesBefore(ch ipvs.Change) (rules []string) {
	switch ch.Command() {
	case ipvs.CommandSetConfig:
		if s.timeouts != (ipvs.Timeouts{}) {
			rules = append(rules, format.Rule(ipvs.SetTimeouts(s.timeouts)))
		}
		return rules
	case ipvs.CommandDelDaemon:
		for _, d := range s.daemons {
			if d.State == ch.Daemon().State {
				rules = append(rules, format.Rule(ipvs.StartDaemon(d)))
			}
		}
		return rules
	case ipvs.CommandSetService, ipvs.CommandDelService, ipvs.CommandSetDestination, ipvs.CommandDelDestination:
	default:
		return nil
	}
	i, found := slices.BinarySearchFunc(s.table, ch.ServiceID(), func(e ipvs.TableEntry, id ipvs.ServiceID) int {
		return e.Service.Compare(id)
	})
	if !found {
		return nil
	}
	entry := s.table[i]
	if ch.Command() == ipvs.CommandSetService || ch.Command() == ipvs.CommandDelService {
		rules = append(rules, format.Rule(ipvs.NewService(entry.Service)))
	}
	for _, d := range entry.Destinations {
		if ch.Command() == ipvs.CommandDelService || d.DestinationID == ch.Destination().DestinationID {
			rules = append(rules, format.Rule(ipvs.NewDestination(entry.Service.ServiceID, d)))
		}
	}
	return rules
}
