// SPDX-License-Identifier: Apache-2.0

package main

import "fmt"

// memory measures the most memory that each kind of work needs.
func (b *bench) memory() error {
	fmt.Printf("\n### Memory, services x servers\n\nPeaks in MiB: ours, the original where it can do the same, and ours before if that is there.\n\n")
	fmt.Println("| work | 1000 x 10 | 30000 x 0 | 30000 x 1 |")
	fmt.Println("|---|---:|---:|---:|")
	// The last restore leaves the table that the others list.
	works := []struct {
		name, line string
		restores   bool
		ours       bool // the original has no such option
	}{
		{"-R", " -R", true, false},
		{"ipvsadm-restore", "-restore", true, false},
		{"-Ln", " -Ln", false, false},
		{"-Ln --stats", " -Ln --stats", false, false},
		{"-Sn", " -Sn", false, false},
		{"-Ln --output json", " -Ln --output json", false, true},
		{"-Ln --output table", " -Ln --output table", false, true},
		{"-L --output prometheus", " -L --output prometheus", false, true},
	}
	rows := make([]string, len(works))
	for _, s := range []size{{1000, 10}, {30_000, 0}, {30_000, 1}} {
		if err := s.writeRules(rulesFile); err != nil {
			return err
		}
		for i, work := range works {
			programs := []string{ours, original}
			if work.ours {
				programs = programs[:1]
			}
			row := " |"
			var jobs []job
			for _, program := range programs {
				jobs = append(jobs, words(program+work.line))
			}
			for n, j := range withOlder(jobs...) {
				if work.restores {
					if err := b.newNamespace(); err != nil {
						return err
					}
					j = j.reading(rulesFile)
				}
				kib, err := j.memory()
				if err != nil {
					return err
				}
				row += fmt.Sprintf("%s %.1f", map[bool]string{true: ","}[n > 0], float64(kib)/1024)
			}
			rows[i] += row
		}
	}
	for i, work := range works {
		fmt.Printf("| `%s`%s |\n", work.name, rows[i])
	}
	return b.newNamespace()
}
