// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

const (
	rulesFile   = "/tmp/rules"
	changesFile = "/tmp/changes"
	readsFile   = "/tmp/reads"
)

// start measures single commands.
func (b *bench) start() error {
	heading("Start-up")
	if err := b.fill(size{5, 5}); err != nil {
		return err
	}
	service := ipvs.ServiceID{FWMark: 7}
	without := func() error {
		err := b.client.DelService(service)
		if errors.Is(err, os.ErrNotExist) {
			err = nil
		}
		return err
	}
	const add = " -A -f 7 -s rr"
	if err := (comparison{"`-A`", 51, without, []job{words(ours + add), words(original + add)}}).report(); err != nil {
		return err
	}
	if err := without(); err != nil {
		return err
	}
	return comparison{"`-Ln` of 5 x 5", 51, nothing, []job{words(ours + " -Ln"), words(original + " -Ln")}}.report()
}

// restore measures making a table.
func (b *bench) restore() error {
	heading("Restores into an empty table, services x servers")
	for _, s := range []size{{100, 10}, {1000, 10}} {
		if err := errors.Join(s.writeRules(rulesFile), s.writeChanges(changesFile)); err != nil {
			return err
		}
		byRaw := words(raw + " 4096 " + changesFile)
		original := words(original + " -R").reading(rulesFile)
		for _, c := range []comparison{
			{fmt.Sprintf("`-R`, %s", s), 7, b.newNamespace, []job{words(ours + " -R").reading(rulesFile), original, byRaw}},
			{fmt.Sprintf("`ipvsadm-restore`, %s", s), 7, b.newNamespace, []job{words(ours + "-restore").reading(rulesFile), original, byRaw}},
		} {
			if err := c.report(); err != nil {
				return err
			}
		}
	}
	return b.restoreUnchanged(size{1000, 10})
}

// restoreUnchanged restores a table that is there.
func (b *bench) restoreUnchanged(s size) error {
	if err := errors.Join(b.fill(s), s.writeRules(rulesFile)); err != nil {
		return err
	}
	changes, err := exec.Command("sh", "-c", ours+"-restore --dry-run <"+rulesFile).Output()
	if err != nil || len(changes) > 0 {
		return fmt.Errorf("--dry-run of what is there: %w, %s", err, changes)
	}
	restore := words(ours + "-restore").reading(rulesFile)
	times, err := race(5, nothing, restore)
	if err != nil {
		return err
	}
	calls, err := restore.systemCalls()
	if err != nil {
		return err
	}
	fmt.Printf("\n`ipvsadm-restore` of a table of %s that is there already took %s ms and %d system calls: it reads, and changes nothing.\n",
		s, milliseconds(times[0]), calls)
	return b.client.Flush()
}

// list measures listings.
func (b *bench) list() error {
	heading("Listings and saves, services x servers")
	for _, s := range []size{{100, 10}, {500, 1}, {1000, 10}, {4000, 1}, {100, 100}} {
		if err := errors.Join(b.fill(s), s.writeReads(readsFile)); err != nil {
			return err
		}
		for _, option := range []string{" -Ln", " -Sn", " -Ln --stats"} {
			c := comparison{fmt.Sprintf("`%s`, %s", option[1:], s), 7, nothing,
				[]job{words(ours + option), words(original + option), words(s.rawReads())}}
			if err := c.report(); err != nil {
				return err
			}
		}
		if s.services < 1000 {
			continue
		}
		// The original has no such forms: --stats is what it has that shows most of the same.
		for _, form := range []string{"json", "table", "prometheus"} {
			work := fmt.Sprintf("`-Ln --output %s`, and the original's `--stats`, %s", form, s)
			c := comparison{work, 5, nothing, []job{words(ours + " -Ln --output " + form), words(original + " -Ln --stats")}}
			if err := c.report(); err != nil {
				return err
			}
		}
	}
	return b.client.Flush()
}

// rawReads is the raw program with the better of two receive buffers: the kernel makes each part of a dump so large.
func (s size) rawReads() string {
	if s.servers > 12 {
		return raw + " 32768 " + readsFile
	}
	return raw + " 4096 " + readsFile
}
