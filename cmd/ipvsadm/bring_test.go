package main

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
	"golang.org/x/sys/unix"
)

const twoServices = "-A -t 10.0.0.1:80 -s rr\n-a -t 10.0.0.1:80 -r 10.0.0.2:80 -g -w 1\n-A -f 1 -s rr\n"

func restoreOnFake(k *ipvstest.Kernel, rules string) (stderr string, status int) {
	var errors strings.Builder
	status = run([]string{"ipvsadm-restore"}, strings.NewReader(rules), &strings.Builder{}, &errors, fakeMachine(k, ""))
	return errors.String(), status
}

// Somebody else restores the same rules, and is quicker.
func TestRestoreLooksAgainWhenOthersChangeTheTable(t *testing.T) {
	for _, fault := range []ipvstest.Fault{
		{Command: ipvs.CommandNewService, Effect: ipvstest.Refuse(unix.EEXIST)},
		{Command: ipvs.CommandNewDestination, Times: 2, Effect: ipvstest.Refuse(unix.ESRCH)},
	} {
		k := ipvstest.New()
		k.Inject(fault)
		if stderr, status := restoreOnFake(k, twoServices); stderr != "" || status != 0 {
			t.Errorf("%v: status %d, %s", fault.Command, status, stderr)
		}
		check(t, k, "ipvsadm -S -n", want{stdout: twoServices})
	}
}

// Two restores have read the same table, and each deletes what only the other wants.
func TestRestoreFindsWhatAnotherRestoreUndid(t *testing.T) {
	k := ipvstest.New()
	runLines(t, k, "ipvsadm -A -f 1", "ipvsadm -A -f 2")
	k.Inject(ipvstest.Fault{Command: ipvs.CommandDelService, Effect: ipvstest.Before(func() { k.SetTable(nil) })})
	if stderr, status := restoreOnFake(k, "-A -f 1 -s wlc\n"); stderr != "" || status != 0 {
		t.Errorf("status %d, %s", status, stderr)
	}
	check(t, k, "ipvsadm -S -n", want{stdout: "-A -f 1 -s wlc\n"})
}

// Somebody who takes no lock adds a server while the table is changed.
func TestRestoreWithALockLooksAgainToo(t *testing.T) {
	id := ipvs.ServiceID{Protocol: ipvs.TCP, AddrPort: netip.MustParseAddrPort("10.0.0.1:80")}
	for times, wanted := range map[int]int{1: exitOK, 2: exitOK, -1: exitKernel} {
		k := ipvstest.New()
		n := 0
		k.Inject(ipvstest.Fault{Command: ipvs.CommandGetConfig, Times: times, Effect: ipvstest.Before(func() {
			table := k.Table()
			for i := range table {
				if table[i].Service.ServiceID == id {
					n++
					unwanted := ipvs.DestinationID{AddrPort: netip.AddrPortFrom(netip.MustParseAddr("10.9.9.9"), uint16(n))}
					table[i].Destinations = append(table[i].Destinations, ipvs.Destination{DestinationID: unwanted})
				}
			}
			k.SetTable(table)
		})})
		runLines(t, k, "ipvsadm -A -t 10.0.0.1:80")
		m := fakeMachine(k, "")
		m.lock = func() (func(), bool) { return func() {}, true }
		var stderr strings.Builder
		rules := twoServices + "--set 0 0 7\n" // the timeouts are read after the table
		status := run([]string{"ipvsadm-restore"}, strings.NewReader(rules), &strings.Builder{}, &stderr, m)
		if status != wanted {
			t.Errorf("%d times: status %d, %s", times, status, stderr.String())
		}
		if wanted == exitOK {
			check(t, k, "ipvsadm -S -n", want{stdout: twoServices})
		}
	}
}

// Somebody else starts the same daemon, and is quicker; the table is as it should be.
func TestRestoreLooksAgainForADaemon(t *testing.T) {
	k := ipvstest.New()
	k.SetInterface("lo", 65536)
	k.Inject(ipvstest.Fault{Command: ipvs.CommandNewDaemon, Effect: ipvstest.Refuse(unix.EEXIST)})
	if stderr, status := restoreOnFake(k, "--start-daemon master --mcast-interface lo\n"); stderr != "" || status != 0 || len(k.Daemons()) != 1 {
		t.Errorf("status %d, %s, daemons %v", status, stderr, k.Daemons())
	}
}

func TestRestoreSaysThatOthersChangeTheTable(t *testing.T) {
	k := ipvstest.New()
	k.Inject(ipvstest.Fault{Command: ipvs.CommandGetService, Times: -1, Effect: ipvstest.Before(func() { k.SetTable(nil) })})
	stderr, status := restoreOnFake(k, "-A -f 1 -s rr\n")
	if stderr != errUnstable.Error()+"\n" || status != exitKernel {
		t.Errorf("status %d, %s", status, stderr)
	}
}

func TestRestoreGivesUpWhenTheTableNeverAgrees(t *testing.T) {
	k := ipvstest.New()
	k.Inject(ipvstest.Fault{Command: ipvs.CommandNewService, Times: -1, Effect: ipvstest.Refuse(unix.EEXIST)})
	stderr, status := restoreOnFake(k, "-A -f 1 -s rr\n")
	if stderr != "line 1: Service already exists\n" || status != exitKernel {
		t.Errorf("status %d, %s", status, stderr)
	}
}

// More lines than are sent together.
func TestManyRules(t *testing.T) {
	k := ipvstest.New()
	var rules, stderr strings.Builder
	for i := range 2*128 + 1 {
		fmt.Fprintf(&rules, "-A -f %d\n", min(i+1, 2*128))
	}
	status := run([]string{"ipvsadm", "-R"}, strings.NewReader(rules.String()), &strings.Builder{}, &stderr, fakeMachine(k, ""))
	if want := fmt.Sprintf("line %d: Service already exists\n", 2*128+1); stderr.String() != want || status != exitKernel {
		t.Errorf("status %d, %s", status, stderr.String())
	}
	if n := len(k.Table()); n != 2*128 {
		t.Errorf("%d services", n)
	}
}
