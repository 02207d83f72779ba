// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"errors"
	"math"
	"strings"
	"syscall"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
)

func TestZeroStateSendsNothing(t *testing.T) {
	k, client := kernel(t, service(1, 1))
	k.Commands()
	if err := Run(client, State{}); err != nil {
		t.Error(err)
	}
	if commands := k.Commands(); len(commands) > 0 {
		t.Errorf("the client sent %v", commands)
	}
	check(t, k, "1: 1")
}

func TestEmptyServicesDeleteAll(t *testing.T) {
	k, client := kernel(t, service(1, 1), service(2))
	if err := Run(client, services()); err != nil {
		t.Error(err)
	}
	check(t, k, "")
}

func TestPlanOnlyReads(t *testing.T) {
	k, client := kernel(t, service(1, 1, 2), service(2), service(3))
	k.SetDaemons(
		ipvs.Daemon{State: ipvs.Master, Interface: "lo", SyncID: 1, Group: sameDaemon.Group, Port: 8848, TTL: 1},
		ipvs.Daemon{State: ipvs.Backup, Interface: "lo"},
	)
	edited := service(1, 2, 3)
	edited.Destinations[0].Weight = 7
	edited.Service.Scheduler = "rr"
	desired := services(service(3), edited, service(4, 1))
	desired.Timeouts.UDP = 7
	desired.Daemons = []ipvs.Daemon{{State: ipvs.Master, Interface: "eth0", SyncID: 2}}
	desired.Stopped = []ipvs.DaemonState{ipvs.Backup}
	plan, err := NewPlan(client, desired)
	if err != nil {
		t.Fatal(err)
	}
	want := `stop daemon backup
edit service TCP 10.0.0.1:80, rr
add server 10.1.0.3:80 of TCP 10.0.0.1:80, Route weight 1
edit server 10.1.0.2:80 of TCP 10.0.0.1:80, Route weight 7
delete server 10.1.0.1:80 of TCP 10.0.0.1:80
add service TCP 10.0.0.4:80, wrr
add server 10.1.0.1:80 of TCP 10.0.0.4:80, Route weight 1
delete service TCP 10.0.0.2:80
set timeouts UDP 7s
stop daemon master
start daemon master on eth0, sync ID 2
`
	if got := plan.String(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	check(t, k, "1: 1 2, 2:, 3:")
	if err := plan.Run(); err != nil {
		t.Error(err)
	}
	check(t, k, "1: 2*7 3, 3:, 4: 1")
	if d := k.Daemons(); len(d) != 1 || d[0].Interface != "eth0" || k.Timeouts().UDP != 7 {
		t.Errorf("daemons %v, timeouts %v", d, k.Timeouts())
	}
	if got := plan.String(); got != "" {
		t.Errorf("after its run the plan is\n%s", got)
	}
}

func TestSecondRunReadsAnew(t *testing.T) {
	k, client := kernel(t)
	plan, err := NewPlan(client, services(service(1, 1)))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := plan.Run(); err != nil {
			t.Error(err)
		}
		check(t, k, "1: 1")
		k.SetTable(ipvs.Table{service(2)})
	}
}

func TestScopeLeavesOthersAlone(t *testing.T) {
	for _, run := range []func(*Plan) error{(*Plan).Run, (*Plan).RunLocked} {
		k, client := kernel(t, service(1, 1), service(2, 1), service(101, 1), service(102))
		desired := services(service(1, 2), service(103), service(3, 1))
		desired.Scope = func(id ipvs.ServiceID) bool { return id.AddrPort.Addr().As4()[3] < 100 }
		plan, err := NewPlan(client, desired)
		if err != nil {
			t.Fatal(err)
		}
		err = run(plan)
		var refused Refusals
		if !errors.As(err, &refused) || len(refused) != 1 || refused[0].Change.ServiceID() != serviceID(103) || !errors.Is(err, errOutOfScope) {
			t.Errorf("service 103 is out of scope, and the error is %v", err)
		}
		check(t, k, "1: 2, 3: 1, 101: 1, 102:")
	}
}

// The run verifies the services in scope alone.
func TestRunLockedVerifiesScope(t *testing.T) {
	k, client := kernel(t, service(101))
	desired := services(service(1, 1))
	desired.Scope = func(id ipvs.ServiceID) bool { return id != serviceID(101) }
	plan, err := NewPlan(client, desired)
	if err != nil {
		t.Fatal(err)
	}
	k.Inject(ipvstest.Fault{Command: ipvs.CommandGetService, Effect: ipvstest.Before(func() { k.SetTable(ipvs.Table{service(101, 9)}) })})
	if err := plan.RunLocked(); err != nil {
		t.Error(err)
	}
	check(t, k, "1: 1, 101: 9")
}

func TestRunRefusesDuplicates(t *testing.T) {
	many := service(3)
	for i := range 2 * maxUnindexed {
		many.Destinations = append(many.Destinations, destination(i+1))
	}
	many.Destinations = append(many.Destinations, destination(1))
	for _, before := range [][]ipvs.TableEntry{nil, {service(1, 4), service(2, 5), service(3, 6)}} {
		k, client := kernel(t, before...)
		err := Run(client, services(service(1, 1), service(1, 2), service(2, 1, 2, 1), many, service(4)))
		var refused Refusals
		if !errors.As(err, &refused) || len(refused) != 3 || !errors.Is(err, errTwice) || !errors.Is(err, errDestinationTwice) {
			t.Errorf("the error is %v", err)
		}
		if want := "reconcile: the state has the service twice (and 2 more changes were refused)"; err.Error() != want {
			t.Errorf("the error is %q, want %q", err, want)
		}
		want := "1: 1, 4:"
		if before != nil {
			want = "1: 1, 2: 5, 3: 6, 4:"
		}
		check(t, k, want)
	}
}

func TestRefusedDestinationKeepsOldOnes(t *testing.T) {
	k, client := kernel(t, service(1, 1), service(2, 1))
	impossible := service(1, 2, 3)
	impossible.Destinations[1].LowerThreshold = 1 // above the upper one
	err := Run(client, services(impossible, service(2, 2)))
	var refused Refusals
	if !errors.As(err, &refused) || len(refused) != 1 || refused[0].Change.Destination().DestinationID != destinationID(3) || !errors.Is(err, syscall.ERANGE) {
		t.Errorf("the error is %v", err)
	}
	check(t, k, "1: 1 2, 2: 2")
}

func TestRunReportsUnstableTable(t *testing.T) {
	k, client := kernel(t)
	k.Inject(ipvstest.Fault{Command: ipvs.CommandGetService, Times: -1, Effect: ipvstest.Before(func() { k.SetTable(nil) })})
	if err := Run(client, services(service(1))); !errors.Is(err, ErrUnstable) {
		t.Errorf("the error is %v", err)
	}
}

// The kernel stores 17179868 seconds.
func TestRunReportsValueThatKernelCannotStore(t *testing.T) {
	_, client := kernel(t)
	persistent := service(1)
	persistent.Service.Flags, persistent.Service.Timeout = ipvs.Persistent, math.MaxUint32
	err := Run(client, services(persistent))
	want := "reconcile: the table still differs from the desired state after three rounds of changes: " +
		"another process keeps changing it, the kernel stores another value than the desired one, or the desired services vary; " +
		"missing: edit service TCP 10.0.0.1:80, wrr persistent 4294967295s"
	if !errors.Is(err, ErrUnstable) || err.Error() != want {
		t.Errorf("the error is %q, want %q", err, want)
	}
}

func TestRunReturnsErrorOfReading(t *testing.T) {
	k, client := kernel(t)
	k.Inject(ipvstest.Fault{Command: ipvs.CommandDelService, Effect: ipvstest.Before(func() { k.SetLoaded(false) })})
	k.SetTable(ipvs.Table{service(1)})
	if err := Run(client, services()); !errors.Is(err, ipvs.ErrNoIPVS) {
		t.Errorf("the error is %v", err)
	}
}

func TestManyServices(t *testing.T) {
	k, client := kernel(t)
	var before, after []ipvs.TableEntry
	for i := range 200 {
		before = append(before, service(i+1, 1))
		after = append(after, service(i+51, 2))
	}
	k.SetTable(before)
	plan, err := NewPlan(client, services(after...))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(plan.String(), "\n"); n != 50*2+150*2+50 {
		t.Errorf("%d changes", n)
	}
	if err := plan.RunLocked(); err != nil {
		t.Error(err)
	}
	if got := k.Table(); text(got) != text(after) {
		t.Errorf("the table is %s", text(got))
	}
}
