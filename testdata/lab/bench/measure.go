// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"
)

// job is a program to run, with a file as its input or none.
type job struct {
	words []string
	stdin string
}

func words(line string) job { return job{words: strings.Fields(line)} }

func (j job) reading(file string) job {
	j.stdin = file
	return j
}

// withOlder adds the work of the first job, which is ours, by the older program, if there is one.
func withOlder(jobs ...job) []job {
	if _, err := os.Stat(before); err != nil {
		return jobs
	}
	older := job{slices.Clone(jobs[0].words), jobs[0].stdin}
	for i, word := range older.words {
		if rest, found := strings.CutPrefix(word, ours); found {
			older.words[i] = before + rest
		}
	}
	return append(slices.Clip(jobs), older)
}

// run runs the program before whose words others may stand, and returns how long that took.
func (j job) run(before ...string) (time.Duration, error) {
	all := append(before, j.words...)
	cmd := exec.Command(all[0], all[1:]...)
	if j.stdin != "" {
		file, err := os.Open(j.stdin)
		if err != nil {
			return 0, err
		}
		defer func() { _ = file.Close() }()
		cmd.Stdin = file
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	start := time.Now()
	err := cmd.Run()
	took := time.Since(start)
	if err != nil {
		err = fmt.Errorf("%s: %w: %s", strings.Join(all, " "), err, stderr.String())
	}
	return took, err
}

// race runs the jobs by turns, so that each has the same machine, and returns the median time of each.
func race(runs int, prepare func() error, jobs ...job) ([]time.Duration, error) {
	times := make([][]time.Duration, len(jobs))
	for range runs {
		for i, j := range jobs {
			if err := prepare(); err != nil {
				return nil, err
			}
			took, err := j.run()
			if err != nil {
				return nil, err
			}
			times[i] = append(times[i], took)
		}
	}
	medians := make([]time.Duration, len(jobs))
	for i := range times {
		slices.Sort(times[i])
		medians[i] = times[i][len(times[i])/2]
	}
	return medians, nil
}

// reportOf runs the job under a program that writes a report of it to the file that its option -o names.
func (j job) reportOf(program ...string) (string, error) {
	const file = "/tmp/report"
	if _, err := j.run(append(program, "-o", file)...); err != nil {
		return "", err
	}
	report, err := os.ReadFile(file)
	return string(report), err
}

// systemCalls counts the system calls of a job.
func (j job) systemCalls() (int, error) {
	report, err := j.reportOf("strace", "-f", "-c")
	if err != nil {
		return 0, err
	}
	lines := strings.Split(strings.TrimSpace(report), "\n")
	// "100.00    0.039020         291       134        18 total"
	if fields := strings.Fields(lines[len(lines)-1]); len(fields) >= 5 {
		return strconv.Atoi(fields[3])
	}
	return 0, fmt.Errorf("strace counted nothing: %s", report)
}

// memory is the most memory that a job had in use, in KiB. Busybox starts it: what the kernel tells of a child includes
// the memory of the parent, and a Go program has some. Busybox takes the kernel's KiB for pages of 4 KiB.
func (j job) memory() (int, error) {
	report, err := j.reportOf("busybox", "time", "-v")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(report) {
		if n, found := strings.CutPrefix(strings.TrimSpace(line), "Maximum resident set size (kbytes): "); found {
			kib, err := strconv.Atoi(n)
			return kib / 4, err
		}
	}
	return 0, fmt.Errorf("busybox time says %q", report)
}
