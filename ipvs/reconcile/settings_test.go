// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"errors"
	"io/fs"
	"net/netip"
	"syscall"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
)

// sameDaemon has the kernel's defaults.
var sameDaemon = ipvs.Daemon{
	State: ipvs.Master, Interface: "lo", SyncID: 1, MaxLen: 1472, Group: netip.MustParseAddr("224.0.0.81"), Port: 8848, TTL: 1,
}

func TestSameDaemonTakesZeroFieldsAsDefaults(t *testing.T) {
	want := ipvs.Daemon{State: ipvs.Master, Interface: "lo", SyncID: 1}
	if !SameDaemon(sameDaemon, want) {
		t.Errorf("%v differs from %v", sameDaemon, want)
	}
	for _, change := range []func(*ipvs.Daemon){
		func(d *ipvs.Daemon) { d.SyncID = 2 },
		func(d *ipvs.Daemon) { d.Interface = "eth0" },
		func(d *ipvs.Daemon) { d.TTL = 2 },
		func(d *ipvs.Daemon) { d.MaxLen = 1000 },
		func(d *ipvs.Daemon) { d.Group = netip.MustParseAddr("ff02::1") },
	} {
		other := want
		change(&other)
		if SameDaemon(sameDaemon, other) {
			t.Errorf("%v is as %v", sameDaemon, other)
		}
	}
}

func TestContradictingDaemonsAreAnError(t *testing.T) {
	k, client := kernel(t)
	master := ipvs.Daemon{State: ipvs.Master, Interface: "lo"}
	for _, test := range []struct {
		state State
		want  string
	}{
		{State{Daemons: []ipvs.Daemon{master, master}}, "the state has the master daemon twice"},
		{State{Daemons: []ipvs.Daemon{master}, Stopped: []ipvs.DaemonState{ipvs.Master}}, "the state has the master daemon twice"},
		{State{Stopped: []ipvs.DaemonState{ipvs.Backup, ipvs.Backup}}, "the state has the backup daemon twice"},
		{State{Daemons: []ipvs.Daemon{{Interface: "lo"}}}, "a daemon has the state 0, want master or backup"},
		{State{Stopped: []ipvs.DaemonState{3}}, "a daemon has the state 3, want master or backup"},
	} {
		if err := Run(client, test.state); err == nil || err.Error() != "reconcile: "+test.want {
			t.Errorf("the error is %v, want %s", err, test.want)
		}
	}
	if len(k.Daemons()) > 0 {
		t.Errorf("daemons run: %v", k.Daemons())
	}
}

func TestRefusedDaemonLeavesOldOneRunning(t *testing.T) {
	k, client := kernel(t)
	k.SetDaemons(sameDaemon)
	err := Run(client, State{Daemons: []ipvs.Daemon{{State: ipvs.Master, Interface: "gone"}}})
	var refused Refusals
	if !errors.As(err, &refused) || len(refused) != 1 || !errors.Is(err, syscall.ENODEV) {
		t.Errorf("the error is %v", err)
	}
	if d := k.Daemons(); len(d) != 1 || d[0] != sameDaemon {
		t.Errorf("daemons: %v", d)
	}
}

// The answers of the first round are lost, to the start of the new daemon and to that of the
// old one, which the kernel refuses both.
func TestRefusedDaemonRestartsOldOneInLaterRound(t *testing.T) {
	k, client := kernel(t)
	k.SetDaemons(sameDaemon)
	k.Inject(ipvstest.Fault{Command: ipvs.CommandNewDaemon, Times: 2, Effect: ipvstest.LoseRefusal(syscall.ENOMEM)})
	err := Run(client, State{Daemons: []ipvs.Daemon{{State: ipvs.Master, Interface: "gone"}}})
	if !errors.Is(err, ipvs.ErrNoInterface) {
		t.Errorf("the error is %v", err)
	}
	if d := k.Daemons(); len(d) != 1 || d[0] != sameDaemon {
		t.Errorf("daemons: %v", d)
	}
}

// The name of the interface is too long for the kernel.
func TestDaemonThatCannotBeSentStopsNothing(t *testing.T) {
	k, client := kernel(t)
	k.SetDaemons(sameDaemon)
	plan, err := NewPlan(client, State{Daemons: []ipvs.Daemon{{State: ipvs.Master, Interface: "a-long-interface"}}})
	if err != nil {
		t.Fatal(err)
	}
	if got := plan.String(); got != "" {
		t.Errorf("the plan is\n%s", got)
	}
	k.Commands()
	err = plan.Run()
	var refused Refusals
	if !errors.As(err, &refused) || len(refused) != 1 || !errors.Is(err, fs.ErrInvalid) || refused[0].Change.Command() != ipvs.CommandNewDaemon {
		t.Errorf("the error is %v", err)
	}
	if commands := k.Commands(); len(commands) > 0 {
		t.Errorf("the client sent %v", commands)
	}
	if d := k.Daemons(); len(d) != 1 || d[0] != sameDaemon {
		t.Errorf("daemons: %v", d)
	}
}

func TestSameDaemonIgnoresZoneOfGroup(t *testing.T) {
	running := sameDaemon
	running.Group = netip.MustParseAddr("ff02::81")
	want := running
	want.Group = want.Group.WithZone("eth0")
	if !SameDaemon(running, want) {
		t.Errorf("%v differs from %v", running, want)
	}
}

// Another process starts the same daemon first.
func TestRunRetriesDaemonAfterRace(t *testing.T) {
	k, client := kernel(t)
	k.Inject(ipvstest.Fault{Command: ipvs.CommandNewDaemon, Effect: ipvstest.Refuse(syscall.EEXIST)})
	if err := Run(client, State{Daemons: []ipvs.Daemon{{State: ipvs.Master, Interface: "lo"}}}); err != nil || len(k.Daemons()) != 1 {
		t.Errorf("%v, daemons %v", err, k.Daemons())
	}
}

// While a daemon runs, the kernel refuses destinations of another family.
func TestDaemonsStopBeforeTheTableChanges(t *testing.T) {
	k, client := kernel(t)
	k.SetDaemons(sameDaemon)
	mixed := service(1, 1)
	mixed.Destinations[0].AddrPort = netip.MustParseAddrPort("[fd00::1]:80")
	mixed.Destinations[0].Forward = ipvs.Tunnel
	desired := services(mixed)
	desired.Stopped = []ipvs.DaemonState{ipvs.Master}
	if err := Run(client, desired); err != nil {
		t.Error(err)
	}
}
