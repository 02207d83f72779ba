// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"time"
)

// comparison is a line of the report: a piece of work, done by ours, the original, and raw if that can.
type comparison struct {
	work    string
	runs    int
	prepare func() error
	jobs    []job // ours, original, raw
}

func heading(title string) {
	fmt.Printf("\n### %s\n\n", title)
	fmt.Println("| work | before | ours | original | times faster | raw | of raw | system calls: ours, original, raw | peak MiB: ours, original |")
	fmt.Println("|---|---:|---:|---:|---:|---:|---:|---:|---:|")
}

func (c comparison) report() error {
	times, err := race(c.runs, c.prepare, withOlder(c.jobs...)...)
	if err != nil {
		return err
	}
	calls, memory := "", ""
	for i, j := range c.jobs {
		if err := c.prepare(); err != nil {
			return err
		}
		n, err := j.systemCalls()
		if err != nil {
			return err
		}
		calls += fmt.Sprintf("%s%d", comma(i), n)
		if i == 2 {
			continue // raw reads all its messages at once
		}
		if err := c.prepare(); err != nil {
			return err
		}
		if n, err = j.memory(); err != nil {
			return err
		}
		memory += fmt.Sprintf("%s%.1f", comma(i), float64(n)/1024)
	}
	beforeTime, rawTime, ofRaw := "", "", ""
	if len(times) > len(c.jobs) {
		beforeTime = milliseconds(times[len(c.jobs)])
	}
	if len(c.jobs) == 3 {
		rawTime, ofRaw = milliseconds(times[2]), ratio(times[0], times[2])
	}
	fmt.Printf("| %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", c.work, beforeTime, milliseconds(times[0]), milliseconds(times[1]),
		ratio(times[1], times[0]), rawTime, ofRaw, calls, memory)
	return nil
}

func comma(i int) string {
	if i == 0 {
		return ""
	}
	return ", "
}

func milliseconds(d time.Duration) string {
	if d < 100*time.Millisecond {
		return fmt.Sprintf("%.1f", d.Seconds()*1e3)
	}
	return fmt.Sprintf("%.0f", d.Seconds()*1e3)
}

func ratio(a, b time.Duration) string { return fmt.Sprintf("%.2f", a.Seconds()/b.Seconds()) }
