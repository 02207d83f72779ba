// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"errors"
	"io/fs"
	"slices"
	"syscall"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
)

func TestRunAfterLostRefusalsKeepsOldDestinations(t *testing.T) {
	k, client := kernel(t, service(1, 1))
	k.Inject(ipvstest.Fault{Command: ipvs.CommandNewDestination, Times: -1, Effect: ipvstest.LoseRefusal(syscall.EINVAL)})
	k.Commands()
	err := Run(client, services(service(1, 2)))
	var refused Refusals
	if !errors.As(err, &refused) || !errors.Is(err, syscall.ENOBUFS) {
		t.Errorf("the error is %v", err)
	}
	check(t, k, "1: 1")
	adds := slices.DeleteFunc(k.Commands(), func(c ipvs.Command) bool { return c != ipvs.CommandNewDestination })
	if len(adds) != maxRounds {
		t.Errorf("the run added the destination %d times, want %d", len(adds), maxRounds)
	}
}

func TestRunRepeatsChangesWithoutAnswer(t *testing.T) {
	for _, command := range []ipvs.Command{
		ipvs.CommandNewService, ipvs.CommandSetService, ipvs.CommandDelService, ipvs.CommandNewDestination,
		ipvs.CommandSetDestination, ipvs.CommandDelDestination, ipvs.CommandSetConfig, ipvs.CommandNewDaemon, ipvs.CommandDelDaemon,
	} {
		for name, effect := range map[string]ipvstest.Effect{
			"lost": ipvstest.Lose(), "refused and lost": ipvstest.LoseRefusal(syscall.EINVAL), "not sent": ipvstest.FailSend(syscall.ENOBUFS),
		} {
			for _, run := range []func(*Plan) error{(*Plan).Run, (*Plan).RunLocked} {
				k, client := kernel(t, service(1, 1, 2), service(2, 1), service(3))
				k.SetDaemons(sameDaemon)
				k.Inject(ipvstest.Fault{Command: command, Times: maxRounds - 1, Effect: effect})
				edited := service(1, 2, 3)
				edited.Service.Scheduler = "rr"
				edited.Destinations[0].Weight = 5
				desired := services(edited, service(2, 2), service(4, 1))
				desired.Timeouts.UDP = 7
				desired.Daemons = []ipvs.Daemon{{State: ipvs.Master, Interface: "eth0"}}
				plan, err := NewPlan(client, desired)
				if err != nil {
					t.Fatal(err)
				}
				if err := run(plan); err != nil {
					t.Errorf("%s is %s: %v", command, name, err)
				}
				check(t, k, "1: 2*5 3, 2: 2, 4: 1")
				if d := k.Daemons(); len(d) != 1 || d[0].Interface != "eth0" || k.Timeouts().UDP != 7 {
					t.Errorf("%s is %s: daemons %v, timeouts %v", command, name, d, k.Timeouts())
				}
			}
		}
	}
}

func TestRunLockedRepeatsSettingsWithoutAnswer(t *testing.T) {
	k, client := kernel(t)
	k.Inject(ipvstest.Fault{Command: ipvs.CommandSetConfig, Effect: ipvstest.FailSend(syscall.ENOBUFS)})
	plan, err := NewPlan(client, State{Timeouts: ipvs.Timeouts{UDP: 7}})
	if err != nil {
		t.Fatal(err)
	}
	if err := plan.RunLocked(); err != nil || k.Timeouts().UDP != 7 {
		t.Errorf("%v, timeouts %v", err, k.Timeouts())
	}
}

func TestRunTriesMissingSchedulerOnce(t *testing.T) {
	k, client := kernel(t)
	unknown := service(1, 1, 2)
	unknown.Service.Scheduler = "unknown"
	k.Commands()
	err := Run(client, services(unknown, service(2)))
	var refused Refusals
	if !errors.As(err, &refused) || len(refused) != 3 || !errors.Is(err, ipvs.ErrNoScheduler) {
		t.Errorf("the error is %v", err)
	}
	adds := slices.DeleteFunc(k.Commands(), func(c ipvs.Command) bool { return c != ipvs.CommandNewService })
	if len(adds) != 2 {
		t.Errorf("the run added %d services, want 2", len(adds))
	}
	check(t, k, "2:")
}

func TestRunGivesUpAfterMaxRounds(t *testing.T) {
	k, client := kernel(t)
	k.Inject(ipvstest.Fault{Command: ipvs.CommandNewService, Times: -1, Effect: ipvstest.Refuse(syscall.EEXIST)})
	k.Commands()
	err := Run(client, services(service(1)))
	if !errors.Is(err, fs.ErrExist) || errors.Is(err, ErrUnstable) {
		t.Errorf("the error is %v", err)
	}
	adds := slices.DeleteFunc(k.Commands(), func(c ipvs.Command) bool { return c != ipvs.CommandNewService })
	if len(adds) != maxRounds {
		t.Errorf("the run added the service %d times, want %d", len(adds), maxRounds)
	}
}

// Another process adds and deletes the same destination again and again. In the end it is there.
func TestRunForgetsRacesOnceTheTableIsRight(t *testing.T) {
	k, client := kernel(t, service(1, 1))
	setTable := func(table ...ipvs.TableEntry) ipvstest.Effect { return ipvstest.Before(func() { k.SetTable(table) }) }
	k.Inject(ipvstest.Fault{Command: ipvs.CommandNewDestination, Times: -1, Effect: setTable(service(1, 2))})
	k.Inject(ipvstest.Fault{Command: ipvs.CommandGetService, Skip: 1, Times: maxRounds - 1, Effect: setTable(service(1, 1))})
	if err := Run(client, services(service(1, 2))); err != nil {
		t.Error(err)
	}
	check(t, k, "1: 2")
}

// A timeout that the kernel refuses is an error, even if the table is right after a race.
func TestRunKeepsRefusedSettingsAfterRace(t *testing.T) {
	k, client := kernel(t)
	k.Inject(ipvstest.Fault{Command: ipvs.CommandNewService, Effect: ipvstest.Before(func() { k.SetTable(ipvs.Table{service(1)}) })})
	desired := services(service(1))
	desired.Timeouts.TCP = 1 << 31
	if err := Run(client, desired); !errors.Is(err, syscall.EINVAL) {
		t.Errorf("the error is %v", err)
	}
	check(t, k, "1:")
}
