// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"
)

// sizes and how often each is measured.
var sizes = []struct {
	size
	rounds int
}{
	{size{100, 10}, 9},
	{size{1000, 10}, 5},
}

func report() error {
	for _, s := range sizes {
		fmt.Printf("\n### Libraries, %s, %d rounds by turns\n\n", s.size, s.rounds)
		fmt.Println("| library | add: ms (least) | allocations | system calls | list: ms (least) | allocations | system calls |")
		fmt.Println("|---|---:|---:|---:|---:|---:|---:|")
		adds := make([][]measurement, len(libraries))
		lists := make([][]measurement, len(libraries))
		for range s.rounds {
			for i, l := range libraries {
				add, list, err := inNamespace(l, s.size)
				if err != nil {
					return fmt.Errorf("%s: %w", l.name, err)
				}
				adds[i] = append(adds[i], add)
				lists[i] = append(lists[i], list)
			}
		}
		for i, l := range libraries {
			add, list, err := systemCalls(l, s.size)
			if err != nil {
				return err
			}
			fmt.Printf("| %s | %s | %d | %s | %d |\n", l.name, row(adds[i]), add, row(lists[i]), list)
		}
	}
	return nil
}

// row returns the median time, the least, and the median number of allocations.
func row(all []measurement) string {
	times, allocs := make([]time.Duration, 0, len(all)), make([]uint64, 0, len(all))
	for _, m := range all {
		times, allocs = append(times, m.time), append(allocs, m.allocs)
	}
	slices.Sort(times)
	slices.Sort(allocs)
	return fmt.Sprintf("%.0f (%.0f) | %d", times[len(times)/2].Seconds()*1e3, times[0].Seconds()*1e3, allocs[len(allocs)/2])
}

// inNamespace measures a library once.
func inNamespace(l library, s size) (add, list measurement, err error) {
	cmd := exec.Command("/proc/self/exe", "once", l.name, s.String(), "list")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return add, list, err
	}
	_, err = fmt.Sscan(string(out), &add.time, &add.allocs, &list.time, &list.allocs)
	return add, list, err
}

// systemCalls counts those of adding a table and of listing it. Those of the runtime and of the end are in the first.
func systemCalls(l library, s size) (add, list int, err error) {
	if add, err = countSystemCalls(l.name, s.String()); err != nil {
		return 0, 0, err
	}
	both, err := countSystemCalls(l.name, s.String(), "list")
	return add, both - add, err
}

func countSystemCalls(words ...string) (int, error) {
	const file = "/tmp/calls"
	program, err := os.Executable()
	if err != nil {
		return 0, err
	}
	cmd := exec.Command("strace", append([]string{"-f", "-c", "-o", file, program, "once"}, words...)...)
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return 0, err
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	// "100.00    0.039020         291       134        18 total"
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	fields := strings.Fields(lines[len(lines)-1])
	if len(fields) < 5 {
		return 0, fmt.Errorf("strace counted nothing: %s", text)
	}
	return strconv.Atoi(fields[3])
}
