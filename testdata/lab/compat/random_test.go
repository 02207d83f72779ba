// SPDX-License-Identifier: Apache-2.0

package compat

import (
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"
)

const sequenceLength = 24

// TestRandom compares the programs on command lines that nobody thought of.
//
//	DIFF_SEED     the seed (default: another one each time)
//	DIFF_LINES    how many lines (2000)
func TestRandom(t *testing.T) {
	comparison := programs(t)
	if comparison.checksItself() {
		t.Fatal("IPVSADM is not set: nothing to compare with")
	}
	comparison.Random = true
	seed := fromEnv(t, "DIFF_SEED", uint64(time.Now().UnixNano())%1_000_000)
	sequences := (fromEnv(t, "DIFF_LINES", 2000) + sequenceLength - 1) / sequenceLength
	fmt.Printf("DIFF_SEED=%d, %d command lines\n", seed, sequences*sequenceLength)

	failures, ended := 0, map[int]int{}
	t.Cleanup(func() { fmt.Printf("random: %d sequences differ; the original ended with %v\n", failures, ended) })
	for n := range sequences {
		// Each sequence has a seed of its own, so that it can be repeated without those before it.
		seed := seed + n
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			if failures >= 10 {
				return // enough differences
			}
			test := Case{File: "random", Name: fmt.Sprint("seed ", seed), Steps: newGenerator(seed).sequence(sequenceLength)}
			for i := range test.Steps {
				test.Steps[i].Line = i + 1
			}
			counting := comparison
			counting.Status = func(status int) { ended[status]++ }
			differences, err := counting.Run(test)
			if err == nil && len(differences) == 0 {
				return
			}
			failures++
			if err != nil {
				t.Errorf("%v\n%s", err, test)
				return
			}
			smaller, last := comparison.minimise(test, time.Minute)
			if len(last) == 0 {
				t.Error("not when repeated:\n", differences[0])
			}
			t.Errorf("DIFF_SEED=%d DIFF_LINES=1\n%s\n%s", seed, smaller, first(last))
		})
	}
}

func first(differences []Difference) string {
	if len(differences) == 0 {
		return ""
	}
	return differences[0].String()
}

func fromEnv(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// The same seed makes up the same lines, and all of them can stand in a case file.
func TestGenerator(t *testing.T) {
	for seed := range uint64(200) {
		test := Case{Name: "x", Steps: newGenerator(seed).sequence(sequenceLength)}
		if again := newGenerator(seed).sequence(sequenceLength); (Case{Name: "x", Steps: again}).String() != test.String() {
			t.Fatalf("seed %d: not the same twice", seed)
		}
		cases, err := ParseCases("f", test.String())
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, test)
		}
		if got := cases[0].String(); got != test.String() {
			t.Fatalf("seed %d: got\n%swant\n%s", seed, got, test)
		}
	}
}
