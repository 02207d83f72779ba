package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/sysconfig"
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

// restoreWords are the words of ipvsadm-restore as they were understood.
type restoreWords struct {
	help bool
	mode restoreMode
	file string // - is standard input
}

// restoreTool is ipvsadm-restore: it makes the table what the rules in a file or on
// standard input say.
func (p *program) restoreTool(words []string) error {
	said, err := p.parseRestoreWords(words)
	if err != nil {
		return err
	}
	if said.help {
		_, err := p.stdout.WriteString(restoreUsage)
		return err
	}
	closeRules, err := p.openRules(said.file)
	if err != nil {
		return err
	}
	defer closeRules()
	return p.restoreAs(said.mode)
}

func (p *program) parseRestoreWords(words []string) (w restoreWords, err error) {
	wrong := func(format string, word string) error {
		return usagef(format+"; try '%s --help'", word, p.name)
	}
	var files []string
	for i, word := range words {
		if word == "--" {
			files = append(files, words[i+1:]...)
			break
		}
		mode, known := restoreModes[word]
		switch {
		case word == "-h" || word == "--help":
			return restoreWords{help: true}, nil
		case known && w.mode != byDifference && w.mode != mode:
			return w, wrong("%s goes with no other option", word)
		case known:
			w.mode = mode
		case word == "-n": // goes with ipvsadm-save, and scripts write it here too
		case strings.HasPrefix(word, "-") && word != "-":
			return w, wrong("unknown option %s", word)
		default:
			files = append(files, word)
		}
	}
	switch len(files) {
	case 0:
		w.file = "-"
	case 1:
		w.file = files[0]
	default:
		return w, wrong("unexpected argument %s", files[1])
	}
	return w, nil
}

// openRules makes a file the standard input. Somebody who sits at a terminal is
// told that it is read.
func (p *program) openRules(path string) (closeRules func(), err error) {
	if path == "-" {
		if isTerminal(p.stdin) {
			p.complain(p.name + ": reading rules from the terminal; ^D ends them")
		}
		return func() {}, nil
	}
	file, err := sysconfig.OpenRules(path)
	if err != nil {
		return nil, usagef("%s: %v", p.name, err)
	}
	p.stdin, p.source = file, path+": "
	return func() { _ = file.Close() }, nil
}

// restoreAs restores the rules on standard input.
func (p *program) restoreAs(mode restoreMode) error {
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
	p.warnOfNames(d)
	return d.end(false, nil)
}

// schedulers and engines are those of the kernel up to 7.2. Somebody may have others.
var (
	schedulers = []string{"rr", "wrr", "lc", "wlc", "lblc", "lblcr", "dh", "sh", "mh", "sed", "nq", "fo", "ovf", "twos"}
	engines    = []string{"", "sip"}
)

// warnOfNames names what this kernel may not have.
func (p *program) warnOfNames(d *desired) {
	for _, s := range d.inOrder() {
		if !slices.Contains(schedulers, s.Scheduler) {
			p.complainLine(s.line, fmt.Errorf("warning: unknown scheduler %q; there are %s", s.Scheduler, strings.Join(schedulers, " ")))
		}
		if !slices.Contains(engines, s.PersistenceEngine) {
			p.complainLine(s.line, fmt.Errorf("warning: unknown persistence engine %q; there is sip", s.PersistenceEngine))
		}
	}
}
