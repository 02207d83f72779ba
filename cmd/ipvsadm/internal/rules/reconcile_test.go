// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/resolve"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
	"golang.org/x/sys/unix"
)

const twoServices = "-A -t 10.0.0.1:80 -s rr\n-a -t 10.0.0.1:80 -r 10.0.0.2:80 -g -w 1\n-A -f 1 -s rr\n"

// newTarget returns a target on a fake kernel. Its report is written to messages, and its
// lock is never free.
func newTarget(t testing.TB, k *ipvstest.Kernel) (target *Target, messages *strings.Builder) {
	t.Helper()
	client, err := k.Dial()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	messages = new(strings.Builder)
	report := &Report{
		Print: func(text string) { messages.WriteString(text + "\n") },
		Describe: func(err error) string {
			if e := (*ipvs.Error)(nil); errors.As(err, &e) {
				return e.Message()
			}
			return err.Error()
		},
		Hint: func(error) string { return "" },
	}
	unlocked := func() (func(), bool) { return func() {}, false }
	printNothing := func([]string) error { return nil }
	return &Target{client, report, unlocked, printNothing}, messages
}

// reconcile restores rules on a target.
func reconcile(target *Target, rules string) error {
	d := NewDesired()
	d.Read(strings.NewReader(rules), resolve.New(nil), target.Report)
	return target.Reconcile(d)
}

// replay executes rules, which must succeed.
func replay(t *testing.T, k *ipvstest.Kernel, rules string) {
	t.Helper()
	target, messages := newTarget(t, k)
	var r Replay
	bad := Read(strings.NewReader(rules), resolve.New(nil), target.Report, r.Add)
	if err := r.Run(target); err != nil || bad {
		t.Fatalf("%v, %s", err, messages)
	}
}

// checkTable compares the table of a fake kernel with rules.
func checkTable(t *testing.T, k *ipvstest.Kernel, want string) {
	t.Helper()
	target, _ := newTarget(t, k)
	got, warnings, err := Save(target.Client, SaveOptions{Numeric: true}, resolve.New(nil))
	if err != nil || len(warnings) > 0 || string(got) != want {
		t.Errorf("%v, %q, got\n%s\nwant\n%s", err, warnings, got, want)
	}
}

// Another process restores the same rules at the same time.
func TestReconcileRetriesAfterRace(t *testing.T) {
	for _, fault := range []ipvstest.Fault{
		{Command: ipvs.CommandNewService, Effect: ipvstest.Refuse(unix.EEXIST)},
		{Command: ipvs.CommandNewDestination, Times: 2, Effect: ipvstest.Refuse(unix.ESRCH)},
	} {
		k := ipvstest.New()
		k.Inject(fault)
		target, messages := newTarget(t, k)
		if err := reconcile(target, twoServices); err != nil || messages.Len() > 0 {
			t.Errorf("%v: %v, %s", fault.Command, err, messages)
		}
		checkTable(t, k, twoServices)
	}
}

// Two restores have read the same table, and each deletes what only the other wants.
func TestReconcileRedoesUndoneChanges(t *testing.T) {
	k := ipvstest.New()
	replay(t, k, "-A -f 1\n-A -f 2\n")
	k.Inject(ipvstest.Fault{Command: ipvs.CommandDelService, Effect: ipvstest.Before(func() { k.SetTable(nil) })})
	target, messages := newTarget(t, k)
	if err := reconcile(target, "-A -f 1 -s wlc\n"); err != nil || messages.Len() > 0 {
		t.Errorf("%v, %s", err, messages)
	}
	checkTable(t, k, "-A -f 1 -s wlc\n")
}

// A process that takes no lock adds a destination while the table is changed.
func TestReconcileLockedRetriesAfterForeignChange(t *testing.T) {
	id := ipvs.ServiceID{Protocol: ipvs.TCP, AddrPort: netip.MustParseAddrPort("10.0.0.1:80")}
	for times, want := range map[int]error{1: nil, 2: nil, -1: errUnstable} {
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
		replay(t, k, "-A -t 10.0.0.1:80\n")
		target, messages := newTarget(t, k)
		target.Lock = func() (func(), bool) { return func() {}, true }
		// The timeouts are read after the table.
		if err := reconcile(target, twoServices+"--set 0 0 7\n"); !errors.Is(err, want) {
			t.Errorf("%d times: %v, want %v, %s", times, err, want, messages)
		}
		if want == nil {
			checkTable(t, k, twoServices)
		}
	}
}

// Another process starts the same daemon first; the table has the desired state already.
func TestReconcileRetriesDaemonAfterRace(t *testing.T) {
	k := ipvstest.New()
	k.SetInterface("lo", 65536)
	k.Inject(ipvstest.Fault{Command: ipvs.CommandNewDaemon, Effect: ipvstest.Refuse(unix.EEXIST)})
	target, messages := newTarget(t, k)
	err := reconcile(target, "--start-daemon master --mcast-interface lo\n")
	if err != nil || messages.Len() > 0 || len(k.Daemons()) != 1 {
		t.Errorf("%v, %s, daemons %v", err, messages, k.Daemons())
	}
}

func TestReconcileReportsUnstableTable(t *testing.T) {
	k := ipvstest.New()
	k.Inject(ipvstest.Fault{Command: ipvs.CommandGetService, Times: -1, Effect: ipvstest.Before(func() { k.SetTable(nil) })})
	target, messages := newTarget(t, k)
	if err := reconcile(target, "-A -f 1 -s rr\n"); !errors.Is(err, errUnstable) || messages.Len() > 0 {
		t.Errorf("%v, %s", err, messages)
	}
	if want := "the table does not match the rules: another process keeps changing it"; errUnstable.Error() != want {
		t.Errorf("got %q, want %q", errUnstable, want)
	}
}

func TestReconcileGivesUpAfterMaxRounds(t *testing.T) {
	k := ipvstest.New()
	k.Inject(ipvstest.Fault{Command: ipvs.CommandNewService, Times: -1, Effect: ipvstest.Refuse(unix.EEXIST)})
	target, messages := newTarget(t, k)
	if err := reconcile(target, "-A -f 1 -s rr\n"); !errors.Is(err, ErrRejected) || messages.String() != "line 1: Service already exists\n" {
		t.Errorf("%v, %s", err, messages)
	}
}
