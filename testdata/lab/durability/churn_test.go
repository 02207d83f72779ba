// SPDX-License-Identifier: Apache-2.0

package durability

import (
	"fmt"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/testdata/lab/netns"
	library "github.com/vishvananda/netns"
)

// TestListingsBesideOtherNamespaces lists two tables while other network namespaces with 200 services each come and go.
// The kernel goes on with a dump by counting the services of all of them, so it misses some, or lists some twice.
func TestListingsBesideOtherNamespaces(t *testing.T) {
	const rounds = 25
	forms := []struct {
		program tool
		args    []string
	}{
		{tool{ours, "ipvsadm"}, []string{"-Ln"}},
		{tool{ours, "ipvsadm"}, []string{"-Ln", "--output", "json"}},
		{tool{ours, "ipvsadm"}, []string{"-Ln", "--output", "table"}},
		{tool{ours, "ipvsadm"}, []string{"-Ln", "--output", "prometheus"}},
		{tool{ours, "ipvsadm"}, []string{"-Ln", "--stats", "--nosort"}},
		{tool{ours, "ipvsadm"}, []string{"-Sn"}},
		{ourSave, []string{"-n", "--all"}},
	}
	small, big := newHostWithUplink(t), newHostWithUplink(t)
	small.run(t, ourRestore, "-A -t 192.0.2.100:80 -s rr\n-a -t 192.0.2.100:80 -r 10.0.0.1 -m\n-A -f 7 -s wlc\n-a -f 7 -r 10.0.0.2 -m\n")
	big.run(t, ourRestore, manyServices(60, 0)+serversOf(60, 0, 90))
	hosts := []*host{small, big}
	var want [2][]string
	for i, h := range hosts {
		for _, form := range forms {
			want[i] = append(want[i], h.run(t, form.program, "", form.args...))
		}
	}
	var state [2]ipvs.Table
	for i, h := range hosts {
		var err error
		state[i], err = h.client.Table()
		must(t, err)
	}

	// On two processors the library reads the big table over two connections.
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	stop := churnNamespaces(2)
	ofTool, ofLibrary := 0, 0
	for range rounds {
		for i, h := range hosts {
			for f, form := range forms {
				ofTool++
				if got := h.run(t, form.program, "", form.args...); got != want[i][f] {
					t.Errorf("%q: %d lines of %d:\n%s", form.args, strings.Count(got, "\n"), strings.Count(want[i][f], "\n"), cmp.Diff(want[i][f], got))
				}
			}
			for range 20 {
				ofLibrary += 2
				table, err := h.client.Table()
				if err != nil || len(table) != len(state[i]) || len(ipvs.Diff(table, state[i])) != 0 {
					t.Errorf("Table: %d services of %d, %v", len(table), len(state[i]), err)
				}
				services, err := h.client.Services()
				if err != nil || len(services) != len(state[i]) {
					t.Errorf("Services: %d of %d, %v", len(services), len(state[i]), err)
				}
			}
		}
	}
	wrong, ofOriginal := 0, 0
	for range rounds {
		for i, h := range hosts {
			ofOriginal++
			if strings.Count(h.run(t, oracleIpvsadm, "", "-Ln"), "\n") != strings.Count(want[i][0], "\n") {
				wrong++
			}
		}
	}
	fmt.Printf("%d listings and saves, and %d of the library, while %d namespaces came and went: all right; of %d listings of the original %d were wrong\n",
		ofTool, ofLibrary, stop(), ofOriginal, wrong)
}

// churnNamespaces lets some loops make network namespaces with 200 services each and end them again, until the function
// that it returns is called, which tells how many there were.
func churnNamespaces(loops int) (stop func() int64) {
	var changes []ipvs.Change
	for n := range 200 {
		changes = append(changes, ipvs.NewService(ipvs.Service{
			ServiceID: ipvs.ServiceID{Protocol: ipvs.TCP, AddrPort: netip.AddrPortFrom(netip.MustParseAddr("192.0.2.200"), uint16(1+n))},
			Scheduler: "rr",
		}))
	}
	var done atomic.Bool
	var made atomic.Int64
	var wait sync.WaitGroup
	for range loops {
		wait.Go(func() {
			for !done.Load() {
				var life sync.WaitGroup
				life.Go(func() {
					runtime.LockOSThread() // and never unlocked: the namespace ends with the thread
					// lo stays down: to set it up takes as long as to make the namespace.
					namespace, err := library.New()
					if err != nil {
						return
					}
					defer namespace.Close()
					if client, err := ipvs.Dial(); err == nil {
						client.Apply(changes)
						_ = client.Close()
						made.Add(1)
					}
				})
				life.Wait()
			}
		})
	}
	return func() int64 {
		done.Store(true)
		wait.Wait()
		return made.Load()
	}
}

// TestSavesBesideAWriter saves a service with 2000 servers while somebody else deletes and adds 400 more. A dump of so many
// goes on by counting, so it misses some, or gives some twice.
func TestSavesBesideAWriter(t *testing.T) {
	const saves, permanent, others = 200, 2000, 400
	h := newHostWithUplink(t)
	rules := "-A -t 192.0.2.100:1000 -s rr\n" + serversOf(1, 0, permanent)
	h.run(t, ourRestore, rules)
	add := serversOf(1, permanent, permanent+others)
	var remove strings.Builder
	for line := range strings.Lines(add) {
		remove.WriteString(strings.Replace(strings.TrimSuffix(line, " -m\n"), "-a", "-d", 1) + "\n")
	}
	stop, stopped := make(chan struct{}), make(chan int, 1)
	stopWriter := sync.OnceValue(func() int {
		close(stop)
		return <-stopped
	})
	t.Cleanup(func() { stopWriter() })
	go func() {
		times := 0
		for {
			select {
			case <-stop:
				stopped <- times
				return
			default:
			}
			for _, rules := range []string{add, remove.String()} {
				result, err := h.Run(netns.Command{Path: ours, Args: []string{"ipvsadm", "-R"}, Stdin: []byte(rules)})
				if err != nil || result.Status != 0 {
					t.Errorf("the writer: %v, status %d, %s", err, result.Status, result.Stderr)
				}
			}
			times++
		}
	}()
	want := map[string]bool{}
	for line := range strings.Lines(rules) {
		if strings.HasPrefix(line, "-a") {
			want[strings.Fields(line)[4]] = true
		}
	}
	for range saves {
		checkSave(t, h.run(t, ourSave, "", "-n"), want)
	}
	fmt.Printf("%d saves of %d servers, while others came and went %d times: none misses a server or holds one twice\n", saves, permanent, stopWriter())
}

// checkSave makes sure that a save has these servers, and none twice.
func checkSave(t *testing.T, rules string, want map[string]bool) {
	t.Helper()
	seen := map[string]int{}
	for line := range strings.Lines(rules) {
		if strings.HasPrefix(line, "-a") {
			seen[strings.Fields(line)[4]]++
		}
	}
	twice, missing := 0, 0
	for _, n := range seen {
		if n > 1 {
			twice++
		}
	}
	for server := range want {
		if seen[server] == 0 {
			missing++
		}
	}
	if twice+missing > 0 {
		t.Errorf("a save lacks %d servers and holds %d twice", missing, twice)
	}
}

// serversOf are rules for servers of the last of so many services of manyServices, numbered from one on.
func serversOf(services, from, to int) string {
	var rules strings.Builder
	for n := from; n < to; n++ {
		fmt.Fprintf(&rules, "-a -t 192.0.2.100:%d -r 10.1.%d.%d:80 -m\n", 1000+services-1, n/250, n%250+1)
	}
	return rules.String()
}
