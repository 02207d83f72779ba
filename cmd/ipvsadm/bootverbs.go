package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"

	"github.com/ipvsadm-go/ipvsadm/format"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/sysconfig"
)

// start makes the table what the rules file says, as a restore does: what is
// there already stays.
func (b *boot) start() error {
	d, err := b.read()
	if err != nil {
		return err
	}
	if b.nothingToDo(d) {
		return nil
	}
	if err := b.connect(); err != nil {
		return err
	}
	return b.bringBack(d)
}

// stop empties the table. It is saved before only if the configuration asks for that.
func (b *boot) stop() error {
	if loaded, err := b.connectLoaded(); err != nil || !loaded {
		return err
	}
	if b.system.SaveOnStop {
		if _, err := b.saveUnasked(); err != nil {
			return err
		}
	}
	return b.empty(b.system.Auto)
}

// restart empties the table and fills it anew, unless the rules file is bad.
func (b *boot) restart() error {
	d, err := b.read()
	saves := b.system.Auto && b.system.SaveOnRestart
	if err != nil && !(saves && errors.Is(err, fs.ErrNotExist)) {
		return err
	}
	if b.nothingToDo(d) {
		return nil
	}
	if err := b.connect(); err != nil {
		return err
	}
	if saves {
		if d, err = b.saveAndRead(d, err); err != nil {
			return err
		}
	}
	if err := b.spareServices(d); err != nil {
		return err
	}
	if err := b.empty(b.system.Auto); err != nil {
		return err
	}
	return b.bringBack(d)
}

// saveAndRead saves the table, unless the rules file is bad, and reads what was
// saved. If there was nothing to save, it returns what was read before.
func (b *boot) saveAndRead(before *desired, readErr error) (*desired, error) {
	if readErr == nil && before.bad {
		return before, b.spareServices(before)
	}
	saved, err := b.saveUnasked()
	switch {
	case err != nil:
		return nil, err
	case !saved:
		return before, readErr
	}
	return b.read()
}

// save writes the table to the rules file, even if it is empty. Daemons that run
// as the configuration says get no rule: what it says later would not count.
func (b *boot) save() error {
	if err := b.connectPresent(); err != nil {
		return err
	}
	return b.saveAs(saveOptions{numeric: true, all: true, output: b.rulesPath(), without: b.configuredDaemons()})
}

// panic empties the table at once and saves nothing.
func (b *boot) panic() error {
	if loaded, err := b.connectLoaded(); err != nil || !loaded {
		return err
	}
	return b.empty(true)
}

// status says whether IPVS balances anything, in the words that Heartbeat looks
// for, and lists what.
func (b *boot) status() error {
	loaded, err := b.connectLoaded()
	if err != nil {
		return err
	}
	running := false
	if loaded {
		if running, err = b.running(); err != nil {
			return err
		}
	}
	if !running {
		if _, err := b.stdout.WriteString("ipvsadm is stopped\n"); err != nil {
			return err
		}
		return &statusError{errReported, lsbStopped}
	}
	if _, err := b.stdout.WriteString("ipvsadm is running\n"); err != nil {
		return err
	}
	all := &command{verb: list}
	if !b.system.StatusByName {
		all.options = numericBit
	}
	if err := b.lister(all).list(); err != nil {
		return err
	}
	daemons, err := b.client.Daemons()
	if err != nil {
		return err
	}
	return format.Daemons(b.safe(b.stdout), daemons)
}

// unload unloads the modules of IPVS if the configuration asks for that. Where the
// table is left alone, so are they.
func (b *boot) unload() error {
	if !b.system.Auto || !b.system.UnloadModules {
		return nil
	}
	return b.machine.unload()
}

// read reads the rules file and what the configuration says of daemons.
func (b *boot) read() (*desired, error) {
	d := newDesired()
	d.keepTable = !b.system.Auto
	if b.system.Auto {
		if err := b.readFile(d); err != nil {
			return nil, err
		}
	}
	for _, daemon := range b.configuredDaemons() {
		if _, named := d.daemons[daemon.State]; !named {
			d.daemons[daemon.State] = desiredDaemon{Daemon: daemon, origin: sysconfig.SettingsDebian + ": DAEMON: "}
		}
	}
	return d, nil
}

func (b *boot) readFile(d *desired) error {
	file, err := sysconfig.Open(b.machine.root, b.system.Rules)
	if err != nil {
		return &statusError{err, lsbNotConfigured}
	}
	defer func() { _ = file.Close() }()
	if exposed := sysconfig.Exposed(file); exposed != "" {
		b.complain(fmt.Sprintf("%s: %s", b.system.Rules, exposed))
	}
	b.stdin, b.source = file, b.system.Rules+": "
	d.bad = b.readRules(d.add)
	return nil
}

func (b *boot) rulesPath() string { return filepath.Join(b.machine.root, b.system.Rules) }

// configuredDaemons are those that Debian's configuration names.
func (b *boot) configuredDaemons() (daemons []ipvs.Daemon) {
	for _, d := range []struct {
		state  ipvs.DaemonState
		wanted bool
	}{{ipvs.Master, b.system.Master}, {ipvs.Backup, b.system.Backup}} {
		if d.wanted {
			daemons = append(daemons, ipvs.Daemon{State: d.state, Interface: b.system.Interface, SyncID: uint32(b.system.SyncID)})
		}
	}
	return daemons
}

// nothingToDo says so where the configuration asks for neither rules nor daemons.
// Such a machine need not have IPVS.
func (b *boot) nothingToDo(d *desired) bool {
	if b.system.Auto || len(d.daemons) > 0 {
		return false
	}
	b.complainOfAuto()
	return true
}

func (b *boot) complainOfAuto() {
	b.complain(fmt.Sprintf("%s: AUTO is not true in %s, so the rules are left alone", b.name, sysconfig.SettingsDebian))
}

// bringBack makes the kernel what is desired.
func (b *boot) bringBack(d *desired) error {
	if d.keepTable {
		b.complainOfAuto()
	}
	refused, err := b.bringAbout(d)
	if err == nil && d.unfit() && !d.bad {
		b.complain(fmt.Sprintf("%s: there are no rules in it", b.system.Rules))
	}
	return d.end(refused, err)
}

// saveUnasked saves the table before it is emptied, and keeps the file before
// that: what could not be restored from it is only there. An empty table, as that
// of a second stop, is not saved.
func (b *boot) saveUnasked() (saved bool, err error) {
	services, err := b.client.Services()
	if err != nil || !b.system.Auto {
		return false, err
	}
	if len(services) == 0 {
		b.complain(fmt.Sprintf("%s: there are no services, %s stays as it is", b.name, b.system.Rules))
		return false, nil
	}
	if err := b.keepOld(); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	return true, b.save()
}

// keepOld makes a copy of the rules file.
func (b *boot) keepOld() error {
	file, err := sysconfig.Open(b.machine.root, b.system.Rules)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	old, err := io.ReadAll(file)
	if err != nil {
		return err
	}
	return sysconfig.Replace(b.rulesPath()+".save", old)
}

// running tells whether there is a service or a sync daemon.
func (b *boot) running() (bool, error) {
	services, err := b.client.Services()
	if err != nil || len(services) > 0 {
		return err == nil, err
	}
	daemons, err := b.client.Daemons()
	return len(daemons) > 0, err
}

// empty empties the table and stops the sync daemons. Where the table is not
// ours to empty, it stops the daemons that the configuration names.
func (b *boot) empty(all bool) error {
	daemons, err := b.client.Daemons()
	if err != nil {
		return err
	}
	var changes []ipvs.Change
	if all {
		changes = append(changes, ipvs.Flush())
	}
	for _, d := range daemons {
		if all || d.State == ipvs.Master && b.system.Master || d.State == ipvs.Backup && b.system.Backup {
			changes = append(changes, ipvs.StopDaemon(d.State))
		}
	}
	return errors.Join(b.client.Apply(changes)...)
}
