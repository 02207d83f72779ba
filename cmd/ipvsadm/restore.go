package main

import (
	"cmp"
	"errors"
	"io/fs"
	"net/netip"
	"slices"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/format"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// restoreMode is how ipvsadm-restore goes about it.
type restoreMode int

const (
	byDifference restoreMode = iota // the fewest changes
	checkOnly                       // read the rules, no more
	dryRun                          // print the changes
	clearFirst                      // empty the table, then carry out the rules
)

// restoreTool is ipvsadm-restore: it makes the table what the rules on standard
// input say. Words that are no options are ignored, as the original does.
func (p *program) restoreTool(words []string) error {
	mode := byDifference
	for _, word := range words {
		switch word {
		case "-h", "--help":
			_, err := p.stdout.WriteString(restoreUsage)
			return err
		case "--check":
			mode = checkOnly
		case "--dry-run":
			mode = dryRun
		case "--clear":
			mode = clearFirst
		default:
			if strings.HasPrefix(word, "--") && word != "--" {
				return usagef("unknown option %s; try '%s --help'", word, p.name)
			}
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
	if mode != checkOnly {
		refusedToo, err := p.bringAbout(d, mode == dryRun)
		if err != nil {
			return err
		}
		failed = failed || refusedToo
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

// bringAbout makes the kernel what is desired, or prints what that would take.
func (p *program) bringAbout(d *desired, onlyPrint bool) (failed bool, err error) {
	changes, err := p.tableDiff(d)
	if err != nil {
		return false, err
	}
	settings, err := p.settingsDiff(d)
	if err != nil {
		return false, err
	}
	changes = append(changes, settings...)
	if onlyPrint {
		return false, format.Changes(p.stdout, changes)
	}
	for i, err := range p.client.Apply(changes) {
		switch ch := changes[i]; {
		case err == nil:
		case deletes(ch) && errors.Is(err, fs.ErrNotExist):
			// Somebody else was quicker.
		case d.lineOf(ch) != 0:
			failed = true
			p.complainLine(d.lineOf(ch), err)
		default:
			failed = true
			p.complain(err.Error())
		}
	}
	failedLater, err := p.executeRules(d.later)
	return failed || failedLater, err
}

// tableDiff finds the changes of services and servers.
func (p *program) tableDiff(d *desired) ([]ipvs.Change, error) {
	if d.keepTable {
		return nil, nil
	}
	now, err := p.client.StableTable()
	if err != nil {
		return nil, err
	}
	now.Sort()
	return ipvs.Diff(now, d.table()), nil
}

// settingsDiff finds the changes of timeouts and daemons, where the rules say
// anything of them.
func (p *program) settingsDiff(d *desired) (changes []ipvs.Change, err error) {
	if d.config != (ipvs.Config{}) {
		now, err := p.client.Config()
		if err != nil {
			return nil, err
		}
		want := ipvs.Config{
			TCP: cmp.Or(d.config.TCP, now.TCP), TCPFin: cmp.Or(d.config.TCPFin, now.TCPFin), UDP: cmp.Or(d.config.UDP, now.UDP),
		}
		if want != now {
			changes = append(changes, ipvs.SetConfig(d.config))
		}
	}
	if len(d.daemons) == 0 {
		return changes, nil
	}
	running, err := p.client.Daemons()
	if err != nil {
		return nil, err
	}
	for _, state := range []ipvs.DaemonState{ipvs.Master, ipvs.Backup} {
		want, named := d.daemons[state]
		i := slices.IndexFunc(running, func(r ipvs.Daemon) bool { return r.State == state })
		if !named || i >= 0 && !want.stopped && runsAs(running[i], want.Daemon) {
			continue
		}
		if i >= 0 {
			changes = append(changes, ipvs.StopDaemon(state))
		}
		if !want.stopped {
			changes = append(changes, ipvs.StartDaemon(want.Daemon))
		}
	}
	return changes, nil
}

// runsAs tells whether a daemon runs as it was asked to. What was not asked for
// is the kernel's default; that of the length is whatever it is.
func runsAs(running, want ipvs.Daemon) bool {
	if !want.Group.IsValid() {
		want.Group = netip.AddrFrom4([4]byte{224, 0, 0, 81})
	}
	want.Port = cmp.Or(want.Port, 8848)
	want.TTL = cmp.Or(want.TTL, 1)
	if want.MaxLen == 0 {
		want.MaxLen = running.MaxLen
	}
	want.MaxLen = max(want.MaxLen, 1024) // as start_sync_thread in ip_vs_sync.c does
	return running == want
}

func deletes(ch ipvs.Change) bool {
	return ch.Command == ipvs.CommandDelService || ch.Command == ipvs.CommandDelDestination
}
