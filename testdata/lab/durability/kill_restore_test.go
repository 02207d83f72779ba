// SPDX-License-Identifier: Apache-2.0

package durability

import (
	"fmt"
	"testing"
	"time"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/testdata/lab/netns"
)

// TestKilledRestores kills ipvsadm-restore at random moments, then restores again.
func TestKilledRestores(t *testing.T) {
	const services = 150
	h := newHostWithUplink(t)
	rules := [2]string{manyServices(services, 0), manyServices(services, 1)}
	var tables [2]ipvs.Table
	var states [2]string
	for i := range rules {
		must(t, h.client.Flush())
		h.run(t, oracleIpvsadm, rules[i], "-R")
		states[i] = h.state(t)
		table, err := h.client.Table()
		must(t, err)
		tables[i] = table
	}
	restore := func(i int) netns.Command {
		return netns.Command{Path: ours, Args: []string{"ipvsadm-restore"}, Stdin: []byte(rules[i])}
	}
	next := 0
	usual := usualTime(t, func() { mustRun(t, h, restore(next)); next = 1 - next })
	random := newRand()
	tally := map[string]int{}
	for n := range kills {
		command := restore(next)
		command.Kill = after(randomMoment(random, usual/3, usual*11/10))
		killed := runKilled(t, h, command)
		now, err := h.client.Table()
		must(t, err)
		checkBetween(t, now, tables[1-next], tables[next])
		changesMade, changesLeft := len(ipvs.Diff(tables[1-next], now)), len(ipvs.Diff(now, tables[next]))
		switch {
		case !killed && changesLeft != 0:
			t.Fatalf("%d changes left after a restore that was not killed", changesLeft)
		case !killed:
			tally["ended by themselves"]++
		case changesMade == 0:
			tally["killed before the first change"]++
		case changesLeft == 0:
			tally["killed after the last change"]++
		default:
			tally["killed between changes"]++
		}
		if changesLeft != 0 {
			mustRun(t, h, restore(next))
		}
		// To read it all takes longer than to restore it.
		if changesMade != 0 && changesLeft != 0 || n%30 == 0 {
			if state := h.state(t); state != states[next] {
				t.Fatalf("the second restore made\n%swant\n%s", state, states[next])
			}
		}
		next = 1 - next
	}
	if tally["killed between changes"] == 0 {
		t.Error("no restore was killed half way")
	}
	fmt.Printf("%d restores of usually %v: %v\n", kills, usual.Round(time.Millisecond), tally)
}

// checkBetween fails unless all that is in a table is in the old or the new one, and all that is in both of them is there.
func checkBetween(t *testing.T, now, old, new ipvs.Table) {
	t.Helper()
	type server struct {
		ipvs.ServiceID
		ipvs.Destination
	}
	known := map[any]int{} // in how many of old and new
	for _, table := range []ipvs.Table{old, new} {
		for _, entry := range table {
			known[settings(entry.Service)]++
			for _, d := range entry.Destinations {
				known[server{entry.Service.ServiceID, d}]++
			}
		}
	}
	both := 0
	for _, n := range known {
		both += n / 2
	}
	for _, entry := range now {
		if known[settings(entry.Service)] == 0 {
			t.Errorf("a service of neither table: %+v", entry.Service)
		}
		both -= known[settings(entry.Service)] / 2
		for _, d := range entry.Destinations {
			if known[server{entry.Service.ServiceID, d}] == 0 {
				t.Errorf("a server of neither table: %+v of %v", d, entry.Service.ServiceID)
			}
			both -= known[server{entry.Service.ServiceID, d}] / 2
		}
		if known[settings(entry.Service)] == 2 && len(entry.Destinations) == 0 {
			t.Errorf("%v has no servers", entry.Service.ServiceID)
		}
	}
	if both != 0 {
		t.Errorf("%d of what is in both tables is missing", both)
	}
}

// settings is a service without what changes by itself.
func settings(s ipvs.Service) ipvs.Service {
	s.Stats = ipvs.Stats{}
	return s
}
