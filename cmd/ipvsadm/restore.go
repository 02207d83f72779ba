package main

import (
	"strings"
)

// restoreMode is how ipvsadm-restore goes about it.
type restoreMode int

const (
	byDifference restoreMode = iota // the fewest changes
	checkOnly                       // read the rules, no more
	dryRun                          // print the changes
	clearFirst                      // empty the table, then carry out the rules
)

var restoreModes = map[string]restoreMode{"--check": checkOnly, "--dry-run": dryRun, "--clear": clearFirst}

// restoreTool is ipvsadm-restore: it makes the table what the rules on standard
// input say. Words that are no options are ignored, as the original does.
func (p *program) restoreTool(words []string) error {
	mode := byDifference
	for _, word := range words {
		if word == "-h" || word == "--help" {
			_, err := p.stdout.WriteString(restoreUsage)
			return err
		}
		other, known := restoreModes[word]
		switch {
		case known && mode != byDifference && mode != other:
			return usagef("%s goes with no other option; try '%s --help'", word, p.name)
		case known:
			mode = other
		case strings.HasPrefix(word, "--") && word != "--":
			return usagef("unknown option %s; try '%s --help'", word, p.name)
		}
	}
	lines, bad := p.readRules()
	if mode != checkOnly {
		if err := p.connect(); err != nil {
			return err
		}
	}
	if bad {
		return &statusError{errReported, exitUsage}
	}
	if mode == clearFirst {
		if err := p.client.Flush(); err != nil {
			return err
		}
		return refused(p.executeRules(lines))
	}
	d, failed := p.desire(lines)
	switch mode {
	case dryRun:
		return refused(failed, p.printChanges(d))
	case byDifference:
		refusedToo, err := p.bringAbout(d)
		return refused(failed || refusedToo, err)
	}
	return refused(failed, nil)
}

// desire adds up what the lines say. Those that the kernel would refuse, such
// as a server of a service that is not there, are reported.
func (p *program) desire(lines []ruleLine) (d *desired, failed bool) {
	d = newDesired()
	for _, line := range lines {
		if err := d.add(line); err != nil {
			failed = true
			p.complainLine(line.number, err)
		}
	}
	return d, failed
}
