// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"cmp"
	"flag"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
)

var (
	orders = flag.Int("orders", 3000, "how many orders of events TestEveryOrder tries")
	replay = flag.String("order", "", "a scenario and an order, as TestEveryOrder prints them, to be run alone")
)

// TestEveryOrder runs a reconcile beside other processes that change the same table, in many
// orders of their requests, with refused requests and lost answers among them. It tries all
// orders with few deviations from the default order, in each scenario, before those with more.
func TestEveryOrder(t *testing.T) {
	if *replay != "" {
		replayOrder(t, *replay)
		return
	}
	// The plays leave much garbage, and keep little.
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(256<<20 + 300*int64(*orders)))
	all := scenarios()
	for seed := range 5 + *orders/40_000 {
		all = append(all, randomScenario(seed+1))
	}
	jobs := newSample(*orders)
	for i := range all {
		jobs.add(job{&all[i], nil})
	}
	seen := map[events]bool{}
	for deviations := 0; len(jobs.kept) > 0 && len(seen) < *orders && !t.Failed(); deviations++ {
		picked := jobs.pick(*orders - len(seen))
		t.Logf("%d deviations in %d scenarios: %d of %d orders", deviations, len(all), len(picked), jobs.added)
		// Some more, as different orders can be the same events.
		jobs = newSample(*orders - len(seen) - len(picked) + 1000)
		for block := range slices.Chunk(picked, blockSize) {
			if playAll(t, block, seen, jobs); t.Failed() {
				return
			}
		}
	}
	t.Logf("%d different orders", len(seen))
}

// job is an order of a scenario.
type job struct {
	*scenario
	order order
}

// events identifies a sequence of steps and faults.
type events struct {
	*scenario
	hash uint64
}

// sample keeps at least size of the jobs that are added, spread over all, and at most twice as
// many.
type sample struct {
	kept                []job
	added, size, stride int
}

func newSample(size int) *sample { return &sample{size: size, stride: 1} }

func (s *sample) add(j job) {
	if s.added%s.stride == 0 {
		s.kept = append(s.kept, j)
	}
	s.added++
	if len(s.kept) > 2*s.size {
		half := s.kept[:0]
		for i := 0; i < len(s.kept); i += 2 {
			half = append(half, s.kept[i])
		}
		clear(s.kept[len(half):])
		s.kept = half
		s.stride *= 2
	}
}

// pick returns n of the jobs, spread over all.
func (s *sample) pick(n int) []job {
	if len(s.kept) <= n {
		return s.kept
	}
	picked := make([]job, n)
	for i := range picked {
		picked[i] = s.kept[i*len(s.kept)/n]
	}
	return picked
}

const (
	// blockSize is how many jobs are played before their outcomes are looked at.
	blockSize = 2048
	// maxFailures is how many orders of a block are printed.
	maxFailures = 3
)

// playAll plays all jobs, and adds their events to seen, and the jobs with one more deviation
// to children.
func playAll(t *testing.T, jobs []job, seen map[events]bool, children *sample) {
	outcomes := make([]outcome, len(jobs))
	var next, failures atomic.Int64
	var wait sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wait.Go(func() {
			// In a bubble, a client does not really wait before it repeats a read.
			synctest.Test(t, func(t *testing.T) {
				for i := next.Add(1) - 1; int(i) < len(jobs) && failures.Load() < maxFailures; i = next.Add(1) - 1 {
					outcomes[i] = jobs[i].play(jobs[i].order, nil)
					if outcomes[i].err != nil {
						failures.Add(1)
						jobs[i].report(t)
					}
				}
			})
		})
	}
	wait.Wait()
	for i, o := range outcomes {
		e := events{jobs[i].scenario, o.hash}
		if seen[e] {
			continue
		}
		seen[e] = true
		for _, child := range o.children {
			children.add(job{jobs[i].scenario, child})
		}
	}
}

// report plays a job once more, and prints its steps.
func (j job) report(t *testing.T) {
	var trace strings.Builder
	err := j.play(j.order, &trace).err
	t.Errorf("%s from %q to %q: %v\nreplay: go test ./ipvs/reconcile -run TestEveryOrder -order '%s: %s'\n%s",
		j.name, text(j.before), text(j.managers[0].desired), err, j.name, j.order, &trace)
}

// replayOrder plays an order such as "flush: 3>1 5>0" and prints its steps.
func replayOrder(t *testing.T, s string) {
	name, rest, _ := strings.Cut(s, ":")
	o, err := parseOrder(rest)
	if err != nil {
		t.Fatal(err)
	}
	all := scenarios()
	if digits, ok := strings.CutPrefix(name, "seed "); ok {
		seed, err := strconv.Atoi(digits)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, randomScenario(seed))
	}
	for i := range all {
		if all[i].name != name {
			continue
		}
		synctest.Test(t, func(t *testing.T) {
			var trace strings.Builder
			if err := all[i].play(o, &trace).err; err != nil {
				t.Error(err)
			}
			t.Logf("%s from %q\n%s", name, text(all[i].before), &trace)
		})
		return
	}
	t.Fatalf("there is no scenario %q", cmp.Or(name, s))
}
