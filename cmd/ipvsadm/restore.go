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
	p.changing = mode == byDifference || mode == clearFirst
	if mode == clearFirst {
		return p.clearAndRestore()
	}
	// The lines are added up at once, not kept: they are many.
	d := newDesired()
	d.bad = p.readRules(d.add)
	if mode == checkOnly {
		return p.checkRules(d)
	}
	if err := p.connect(); err != nil {
		return err
	}
	if mode == dryRun {
		return d.end(false, p.printChanges(d))
	}
	refused, err := p.bringAbout(d)
	return d.end(refused, err)
}

// checkRules says what would be wrong with the rules if there were services.
func (p *program) checkRules(d *desired) error {
	if d.unfit() {
		return p.refuse(d)
	}
	p.complainOf(d)
	return d.end(false, nil)
}
