// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"regexp"
	"runtime"
	"strings"
	"time"
)

var modelName = regexp.MustCompile(`(?m)^model name\s*: (.*)$`)

// machine tells what the figures were measured on.
func machine() (string, error) {
	cpu, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "", err
	}
	kernel, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return "", err
	}
	model, kind := runtime.GOARCH, "no virtual machine"
	if m := modelName.FindSubmatch(cpu); m != nil {
		model = string(m[1])
	}
	if strings.Contains(string(cpu), " hypervisor") {
		kind = "a virtual machine"
	}
	return fmt.Sprintf("%s, %s with %d processors, %s, kernel %s, load %.1f; %d runs by turns, medians of whole processes.",
		time.Now().Format(time.DateOnly), model, runtime.NumCPU(), kind, strings.TrimSpace(string(kernel)), load(), *runs), nil
}

// load is the average number of processes that ran or waited in the last minute.
func load() (n float64) {
	b, err := os.ReadFile("/proc/loadavg")
	if err == nil {
		_, _ = fmt.Sscan(string(b), &n)
	}
	return n
}

// busy tells whether the programs have to wait for others.
func busy() bool { return load() > float64(runtime.NumCPU()) }

// report measures all commands.
func (p *place) report(title string, withIPVS bool) error {
	fmt.Printf("\n### %s\n\n", title)
	fmt.Println("| work | before | ours: ms (quarter, three quarters) | original | ours / original | Go's hello | ours - hello | hello with the table libraries | page faults: ours, original, hello, with libraries |")
	fmt.Println("|---|---:|---:|---:|---:|---:|---:|---:|---:|")
	for _, command := range commands {
		programs := []string{ours, original, hello, tables}
		if p.has(before) {
			programs = append(programs, before)
		}
		took, err := p.race(programs, command, withIPVS)
		if err != nil {
			return err
		}
		var times []time.Duration
		var faults []string
		for _, all := range took {
			times = append(times, median(all, func(p process) time.Duration { return p.time }))
			faults = append(faults, fmt.Sprint(median(all, func(p process) int64 { return p.faults })))
		}
		older := ""
		if len(times) > 4 {
			older, faults = ms(times[4]), faults[:4]
		}
		quarter := func(n int) string {
			return ms(quantile(took[0], func(p process) time.Duration { return p.time }, n, 4))
		}
		fmt.Printf("| `%s` | %s | %s (%s, %s) | %s | %.2f | %s | %s | %s | %s |\n", command, older, ms(times[0]), quarter(1), quarter(3), ms(times[1]),
			times[0].Seconds()/times[1].Seconds(), ms(times[2]), ms(times[0]-times[2]), ms(times[3]), strings.Join(faults, ", "))
	}
	return nil
}

func ms(d time.Duration) string { return fmt.Sprintf("%.2f", d.Seconds()*1e3) }
