// SPDX-License-Identifier: Apache-2.0

package boot

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/listing"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/rules"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/sysconfig"
)

// start reconciles the table with the rules file.
func (b *Boot) start() error {
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
	return b.reconcile(d)
}

// stop empties the table, and saves it first if the configuration says so.
func (b *Boot) stop() error {
	if loaded, err := b.tryConnect(); err != nil || !loaded {
		return err
	}
	if b.config.SaveOnStop {
		if _, err := b.autoSave(); err != nil {
			return err
		}
	}
	return b.empty(b.config.Auto)
}

// restart empties the table and restores the rules, unless the rules file is bad. It
// saves the table first if the configuration says so.
func (b *Boot) restart() error {
	d, err := b.read()
	saves := b.config.Auto && b.config.SaveOnRestart
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
	if err := d.CheckReplace(b.target); err != nil {
		return err
	}
	if err := b.empty(b.config.Auto); err != nil {
		return err
	}
	return b.reconcile(d)
}

// saveAndRead saves the table, unless the rules file is bad, and reads the rules again. If
// there was nothing to save, it returns its arguments.
func (b *Boot) saveAndRead(before *rules.Desired, readErr error) (*rules.Desired, error) {
	if readErr == nil && before.Bad {
		return before, before.CheckReplace(b.target)
	}
	saved, err := b.autoSave()
	switch {
	case err != nil:
		return nil, err
	case !saved:
		return before, readErr
	}
	return b.read()
}

// save writes the table to the rules file, even if the table is empty. It omits daemons
// that the configuration starts: a rule would override later changes of the configuration.
func (b *Boot) save() error {
	if err := b.connectIfLoaded(); err != nil {
		return err
	}
	return b.Save(rules.SaveOptions{Numeric: true, All: true, Output: b.rulesPath(), Without: b.configuredDaemons()})
}

// panic empties the table and stops the sync daemons, without saving anything.
func (b *Boot) panic() error {
	if loaded, err := b.tryConnect(); err != nil || !loaded {
		return err
	}
	return b.empty(true)
}

// status prints whether there are services or sync daemons, in the words that Heartbeat
// looks for, and lists them.
func (b *Boot) status() error {
	loaded, err := b.tryConnect()
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
		if _, err := b.Stdout.WriteString("ipvsadm is stopped\n"); err != nil {
			return err
		}
		return ErrStopped
	}
	if _, err := b.Stdout.WriteString("ipvsadm is running\n"); err != nil {
		return err
	}
	if err := b.List(listing.Options{Numeric: !b.config.StatusByName}); err != nil {
		return err
	}
	daemons, err := b.target.Client.Daemons()
	if err != nil {
		return err
	}
	return b.Daemons(daemons)
}

// unload unloads the modules of IPVS if the configuration says so and does not leave the
// table alone.
func (b *Boot) unload() error {
	if !b.config.Auto || !b.config.UnloadModules {
		return nil
	}
	return b.Unload()
}

// read reads the rules file and adds the daemons of the configuration.
func (b *Boot) read() (*rules.Desired, error) {
	d := rules.NewDesired()
	d.KeepTable = !b.config.Auto
	if b.config.Auto {
		if err := b.readFile(d); err != nil {
			return nil, err
		}
	}
	for _, daemon := range b.configuredDaemons() {
		d.AddDaemon(daemon, sysconfig.SettingsDebian+": DAEMON: ")
	}
	return d, nil
}

func (b *Boot) readFile(d *rules.Desired) error {
	file, err := sysconfig.Open(b.Root, b.config.Rules)
	if err != nil {
		return notConfigured(err)
	}
	defer func() { _ = file.Close() }()
	if exposed := sysconfig.Exposed(file); exposed != "" {
		b.Complain(fmt.Sprintf("%s: %s", b.config.Rules, exposed))
	}
	b.Report.Source = b.config.Rules + ": "
	d.Read(file, b.Hosts, b.Report)
	return nil
}

func (b *Boot) rulesPath() string { return filepath.Join(b.Root, b.config.Rules) }

// configuredDaemons returns the sync daemons of Debian's configuration.
func (b *Boot) configuredDaemons() (daemons []ipvs.Daemon) {
	for _, d := range []struct {
		state  ipvs.DaemonState
		wanted bool
	}{{ipvs.Master, b.config.Master}, {ipvs.Backup, b.config.Backup}} {
		if d.wanted {
			daemons = append(daemons, ipvs.Daemon{State: d.state, Interface: b.config.Interface, SyncID: uint32(b.config.SyncID)})
		}
	}
	return daemons
}

// nothingToDo tells whether the configuration asks for neither rules nor daemons, and
// warns if so. Such a machine need not have IPVS.
func (b *Boot) nothingToDo(d *rules.Desired) bool {
	if b.config.Auto || !d.IsEmpty() {
		return false
	}
	b.warnAutoDisabled()
	return true
}

func (b *Boot) warnAutoDisabled() {
	b.Complain(fmt.Sprintf("%s: AUTO is not true in %s, so the rules are left alone", b.Name, sysconfig.SettingsDebian))
}

// reconcile changes the kernel to the desired state.
func (b *Boot) reconcile(d *rules.Desired) error {
	if d.KeepTable {
		b.warnAutoDisabled()
	}
	err := b.target.Reconcile(d)
	if (err == nil || errors.Is(err, rules.ErrRejected)) && d.UnsafeToReplace() && !d.Bad {
		b.Complain(fmt.Sprintf("%s: the file contains no rules", b.config.Rules))
	}
	return err
}

// autoSave saves the table before it is emptied. It first backs up the rules file, which
// may have rules that could not be restored. It does not save a table without services,
// such as that of a second stop.
func (b *Boot) autoSave() (saved bool, err error) {
	services, err := b.target.Client.Services()
	if err != nil || !b.config.Auto {
		return false, err
	}
	if len(services) == 0 {
		b.Complain(fmt.Sprintf("%s: there are no services, so %s is left unchanged", b.Name, b.config.Rules))
		return false, nil
	}
	if err := b.backUpRules(); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	return true, b.save()
}

// backUpRules copies the rules file to a file with the suffix .save.
func (b *Boot) backUpRules() error {
	file, err := sysconfig.Open(b.Root, b.config.Rules)
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
func (b *Boot) running() (bool, error) {
	services, err := b.target.Client.Services()
	if err != nil || len(services) > 0 {
		return err == nil, err
	}
	daemons, err := b.target.Client.Daemons()
	return len(daemons) > 0, err
}

// empty deletes all services and stops all sync daemons. If all is false, it only stops
// the daemons of the configuration.
func (b *Boot) empty(all bool) error {
	daemons, err := b.target.Client.Daemons()
	if err != nil {
		return err
	}
	var changes []ipvs.Change
	if all {
		changes = append(changes, ipvs.Flush())
	}
	for _, d := range daemons {
		if all || d.State == ipvs.Master && b.config.Master || d.State == ipvs.Backup && b.config.Backup {
			changes = append(changes, ipvs.StopDaemon(d.State))
		}
	}
	return errors.Join(b.target.Client.Apply(changes)...)
}
