// SPDX-License-Identifier: Apache-2.0

package durability

import (
	"embed"
	"fmt"
	"testing"
	"time"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

//go:embed rules
var rulesFiles embed.FS

// TestRestoresUnderTraffic restores alternating files while clients make requests without pause. No request may fail,
// and no counter go back.
//
// What a file takes away had the weight 0 in the file before, and the requests from before that had ended: ip_vs drops
// all packets of a connection to a server that is no longer in the table (ip_vs_in in ip_vs_core.c), whoever takes it
// out.
func TestRestoresUnderTraffic(t *testing.T) {
	l := restoreUnderTraffic(t, ourRestore, 100, 30*time.Second)
	for i, failure := range l.failures {
		if t.Errorf("failed: %s", failure); i == 20 {
			break
		}
	}
	for kind, n := range l.requests {
		if n < 100 {
			t.Errorf("only %d requests %s", n, kind)
		}
	}
}

// TestOriginalLosesRequests shows that the test above can fail: the original empties the table first. A machine may be so
// fast that no request is under way then.
func TestOriginalLosesRequests(t *testing.T) {
	for range 5 {
		if l := restoreUnderTraffic(t, oracleRestore, 4, 5*time.Second); len(l.failures) > 0 {
			return
		}
	}
	t.Error("no request failed")
}

func restoreUnderTraffic(t *testing.T, restore tool, times int, timeout time.Duration) *load {
	files := readRules(t)
	c := newCluster(t)
	c.director.run(t, ourRestore, files[0].rules)
	l := startLoad(t, c, timeout)
	var before ipvs.Table
	var took []time.Duration
	for n := 1; n <= times; n++ {
		file := files[n%len(files)]
		l.restores.Add(1)
		start := time.Now()
		c.director.run(t, restore, file.rules)
		took = append(took, time.Since(start))
		l.restores.Add(1)
		if got := c.director.state(t); got != file.state {
			t.Fatalf("restore %d: got\n%swant\n%s", n, got, file.state)
		}
		l.settle(t)
		now, err := c.director.client.Table()
		must(t, err)
		if restore == ourRestore {
			checkCounters(t, before, now)
		}
		before = now
	}
	l.stop()
	fmt.Printf("%s: %d restores, half of them in less than %v; %v\n", restore.path, times, median(took).Round(time.Millisecond), l)
	return l
}

// A rulesFile has what the kernel says when the original has carried it out.
type rulesFile struct{ rules, state string }

// readRules reads the files that are restored in turn.
func readRules(t *testing.T) (files []rulesFile) {
	t.Helper()
	entries, err := rulesFiles.ReadDir("rules")
	must(t, err)
	scratch := newHostWithUplink(t)
	for _, entry := range entries {
		rules, err := rulesFiles.ReadFile("rules/" + entry.Name())
		must(t, err)
		must(t, scratch.client.Flush())
		scratch.run(t, oracleIpvsadm, string(rules), "-R")
		files = append(files, rulesFile{string(rules), scratch.state(t)})
	}
	must(t, scratch.client.Flush())
	return files
}

// checkCounters fails if a counter of what is in both tables went back.
func checkCounters(t *testing.T, before, now ipvs.Table) {
	t.Helper()
	type key struct {
		service ipvs.ServiceID
		server  ipvs.DestinationID
	}
	old := map[key]ipvs.Stats{}
	for _, entry := range before {
		old[key{service: entry.Service.ServiceID}] = entry.Service.Stats
		for _, d := range entry.Destinations {
			old[key{entry.Service.ServiceID, d.DestinationID}] = d.Stats
		}
	}
	check := func(k key, now ipvs.Stats) {
		was := old[k]
		if now.Conns < was.Conns || now.InPkts < was.InPkts || now.OutPkts < was.OutPkts ||
			now.InBytes < was.InBytes || now.OutBytes < was.OutBytes {
			t.Errorf("%v: counters went back: %+v, before %+v", k, now, was)
		}
	}
	for _, entry := range now {
		check(key{service: entry.Service.ServiceID}, entry.Service.Stats)
		for _, d := range entry.Destinations {
			check(key{entry.Service.ServiceID, d.DestinationID}, d.Stats)
		}
	}
}
