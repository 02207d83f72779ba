// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"slices"
	"strings"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// diffText returns the changes between two states as Plan.String does.
func diffText(t *testing.T, from, to State) string {
	t.Helper()
	changes, err := Diff(from, to)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, ch := range changes {
		b.WriteString(describe(ch) + "\n")
	}
	return b.String()
}

// A diff has the changes, and the order, of a plan for a kernel with the first state.
func TestDiffIsThePlanForAKernelWithTheFirstState(t *testing.T) {
	heavier := service(2, 1, 2)
	heavier.Destinations[1].Weight = 5
	kernelTable := []ipvs.TableEntry{service(3), service(2, 2, 1, 3), service(1, 1)}
	desired := State{
		Services: slices.Values([]ipvs.TableEntry{heavier, service(4, 1), service(1, 1)}),
		Timeouts: ipvs.Timeouts{UDP: 60},
		Daemons:  []ipvs.Daemon{{State: ipvs.Backup, Interface: "lo"}},
		Stopped:  []ipvs.DaemonState{ipvs.Master},
	}
	k, client := kernel(t, kernelTable...)
	k.SetDaemons(sameDaemon)
	plan, err := NewPlan(client, desired)
	if err != nil {
		t.Fatal(err)
	}
	timeouts, err := client.Timeouts()
	if err != nil {
		t.Fatal(err)
	}
	from := State{Services: slices.Values(kernelTable), Timeouts: timeouts, Daemons: []ipvs.Daemon{sameDaemon}}
	if got, want := diffText(t, from, desired), plan.String(); got != want || strings.Count(want, "\n") != 8 {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if first := kernelTable[1].Destinations[0].DestinationID; first != destinationID(2) {
		t.Errorf("the destinations of the caller were sorted: the first is %v", first)
	}
}

func TestDiffOfEqualStatesIsEmpty(t *testing.T) {
	for _, state := range []State{
		{},
		services(),
		services(service(1, 1, 2), service(2)),
		{Timeouts: ipvs.Timeouts{TCP: 900}},
		{Daemons: []ipvs.Daemon{{State: ipvs.Master, Interface: "lo"}}},
		{Daemons: []ipvs.Daemon{{State: ipvs.Backup, Interface: "lo", MaxLen: 1}}}, // becomes 1024
		{Stopped: []ipvs.DaemonState{ipvs.Master}},
	} {
		if got := diffText(t, state, state); got != "" {
			t.Errorf("%+v differs from itself: %s", state, got)
		}
	}
}

// What the first state does not mention is not known.
func TestDiffOfSettings(t *testing.T) {
	daemon := ipvs.Daemon{State: ipvs.Master, Interface: "lo"}
	longer := daemon
	longer.MaxLen = 1400
	for _, test := range []struct {
		from, to State
		want     string
	}{
		{State{}, State{Timeouts: ipvs.Timeouts{TCP: 900}}, "set timeouts TCP 900s\n"},
		{State{Timeouts: ipvs.Timeouts{TCP: 900}}, State{}, ""},
		{State{Timeouts: ipvs.Timeouts{TCP: 900, UDP: 5}}, State{Timeouts: ipvs.Timeouts{TCP: 900}}, ""},
		{State{}, State{Daemons: []ipvs.Daemon{daemon}}, "start daemon master on lo, sync ID 0\n"},
		{State{Daemons: []ipvs.Daemon{daemon}}, State{}, ""},
		{State{Daemons: []ipvs.Daemon{daemon}}, State{Stopped: []ipvs.DaemonState{ipvs.Master}}, "stop daemon master\n"},
		{State{Daemons: []ipvs.Daemon{longer}}, State{Daemons: []ipvs.Daemon{daemon}}, ""},
		{State{Daemons: []ipvs.Daemon{daemon}}, State{Daemons: []ipvs.Daemon{longer}}, "stop daemon master\nstart daemon master on lo, sync ID 0\n"},
	} {
		if got := diffText(t, test.from, test.to); got != test.want {
			t.Errorf("%+v to %+v: %s, want %s", test.from, test.to, got, test.want)
		}
	}
}

func TestDiffOfContradictingDaemonsIsAnError(t *testing.T) {
	twice := State{Daemons: []ipvs.Daemon{sameDaemon, sameDaemon}}
	for _, states := range [][2]State{{twice, {}}, {{}, twice}} {
		if _, err := Diff(states[0], states[1]); err == nil || err.Error() != "reconcile: the state has the master daemon twice" {
			t.Errorf("the error is %v", err)
		}
	}
}
