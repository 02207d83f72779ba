package sysconfig

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// The files in which the distributions keep IPVS rules and what concerns them.
const (
	// RulesRedHat holds the rules of Red Hat and Fedora. SUSE has a file of the
	// same name with settings, of which IPVSADM_CONFIG names the file with the rules.
	RulesRedHat = "/etc/sysconfig/ipvsadm"
	// RulesDebian holds the rules of Debian and, unless it names another file, of SUSE.
	RulesDebian = "/etc/ipvsadm.rules"
	// SettingsDebian says what is done at boot: AUTO, DAEMON, IFACE, SYNCID.
	SettingsDebian = "/etc/default/ipvsadm"
	// SettingsRedHat says what is done besides: IPVS_SAVE_ON_STOP,
	// IPVS_SAVE_ON_RESTART, IPVS_STATUS_NUMERIC, IPVS_MODULES_UNLOAD.
	SettingsRedHat = "/etc/sysconfig/ipvsadm-config"
)

// System says where a machine keeps its rules, and what its administrator wants
// to be done with them at boot. The zero value restores nothing.
type System struct {
	// Rules is the file with the rules. It need not exist.
	Rules string
	// Auto tells whether starting and stopping concern the table. It is true
	// except where SettingsDebian exists and AUTO is not "true" there.
	Auto bool
	// Master and Backup tell which sync daemons are started besides those that
	// the rules may name: DAEMON of SettingsDebian.
	Master, Backup bool
	// Interface is the one the sync daemons use: IFACE, by default eth0.
	Interface string
	// SyncID is the one of the sync daemons: SYNCID, 0 to 255.
	SyncID uint8
	// SaveOnStop and SaveOnRestart tell whether the table is saved before it is
	// emptied. Both are false unless SettingsRedHat says "yes".
	SaveOnStop, SaveOnRestart bool
	// StatusByName tells whether a status shows names instead of numbers:
	// IPVS_STATUS_NUMERIC is "no".
	StatusByName bool
	// UnloadModules tells whether the modules of IPVS are unloaded after a stop.
	// It is false unless SettingsRedHat says "yes".
	UnloadModules bool
}

// Find reads the files of the machine whose root directory is given, "/" or, for
// a machine that is not running, where its root is. The paths in the result and in
// errors are as seen from there. The rules are in the first of these:
//
//   - RulesRedHat, if that file exists and holds rules;
//   - the file that IPVSADM_CONFIG in it names, RulesDebian if it does not say,
//     if that file exists and holds settings;
//   - RulesDebian, if that file or SettingsDebian exists;
//   - where none of them exists yet, RulesRedHat if there is the directory
//     /etc/sysconfig and os-release(5) does not speak of SUSE or Debian;
//   - RulesDebian.
//
// SettingsDebian counts with RulesDebian, SettingsRedHat always. Files with
// settings are read as a shell does, but for its expansions. A value that cannot
// be read or makes no sense is an error with the file and the line.
func Find(root string) (System, error) {
	s := System{Auto: true}
	rules, err := findRules(root)
	if err != nil {
		return System{}, err
	}
	s.Rules = rules
	if rules == RulesDebian {
		if err := s.readDebian(root); err != nil {
			return System{}, err
		}
	}
	if err := s.readRedHat(root); err != nil {
		return System{}, err
	}
	return s, nil
}

func findRules(root string) (string, error) {
	isSettings, err := holdsSettings(root, RulesRedHat)
	switch {
	case err == nil && isSettings:
		return namedRules(root)
	case err == nil:
		return RulesRedHat, nil
	case !errors.Is(err, fs.ErrNotExist):
		return "", err
	case exists(root, RulesDebian) || exists(root, SettingsDebian) || !isRedHat(root):
		return RulesDebian, nil
	}
	return RulesRedHat, nil
}

// holdsSettings tells SUSE's file from Red Hat's: a rule does not begin with an
// assignment.
func holdsSettings(root, path string) (bool, error) {
	file, err := open(root, path)
	if err != nil {
		return false, err
	}
	defer func() { _ = file.Close() }()
	for line, err := range Lines(file) {
		if err == nil && assignment.MatchString(strings.Join(line.Words, " ")) {
			return true, nil
		}
		if err != nil && !errors.Is(err, errTooLong) && !errors.Is(err, errNUL) {
			return false, readError(path, err)
		}
	}
	return false, nil
}

// namedRules is the file with the rules that SUSE's settings name.
func namedRules(root string) (string, error) {
	file, err := readSettings(root, RulesRedHat)
	if err != nil {
		return "", err
	}
	rules := file.text("IPVSADM_CONFIG", RulesDebian)
	if !filepath.IsAbs(rules) {
		file.wrong("IPVSADM_CONFIG", fmt.Errorf("%q does not begin with /", rules))
	}
	return rules, file.err
}

func (s *System) readDebian(root string) error {
	file, err := readSettings(root, SettingsDebian)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	s.Auto = file.flag("AUTO", "true", "false")
	s.Interface = file.text("IFACE", "eth0")
	switch daemon := file.text("DAEMON", "none"); daemon {
	case "none":
	case "master":
		s.Master = true
	case "backup":
		s.Backup = true
	case "both":
		s.Master, s.Backup = true, true
	default:
		file.wrong("DAEMON", fmt.Errorf(`%q is none of "none", "master", "backup" and "both"`, daemon))
	}
	text := file.text("SYNCID", "0")
	id, err := strconv.ParseUint(text, 10, 8)
	if err != nil {
		file.wrong("SYNCID", fmt.Errorf("%q is no number from 0 to 255", text))
	}
	s.SyncID = uint8(id)
	return file.err
}

func (s *System) readRedHat(root string) error {
	file, err := readSettings(root, SettingsRedHat)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	s.SaveOnStop = file.flag("IPVS_SAVE_ON_STOP", "yes", "no")
	s.SaveOnRestart = file.flag("IPVS_SAVE_ON_RESTART", "yes", "no")
	s.StatusByName = file.flag("IPVS_STATUS_NUMERIC", "no", "yes")
	s.UnloadModules = file.flag("IPVS_MODULES_UNLOAD", "yes", "no")
	return file.err
}

// isRedHat tells where the rules of a new system belong: only Red Hat and its
// kin have them in /etc/sysconfig itself.
func isRedHat(root string) bool {
	if !exists(root, filepath.Dir(RulesRedHat)) {
		return false
	}
	for _, path := range []string{"/etc/os-release", "/usr/lib/os-release"} {
		file, err := readSettings(root, path) // os-release(5)
		if err != nil {
			continue
		}
		id := file.text("ID", "") + " " + file.text("ID_LIKE", "")
		return !strings.Contains(id, "suse") && !strings.Contains(id, "debian")
	}
	return true
}

func exists(root, path string) bool {
	_, err := os.Stat(below(root, path))
	return err == nil
}

// below is where a file is whose path begins at root.
func below(root, path string) string { return filepath.Join(root, path) }

// readError names a file as it is called below root.
func readError(path string, err error) error {
	if err == nil {
		return nil
	}
	var inner *fs.PathError
	if errors.As(err, &inner) {
		err = inner.Err
	}
	return fmt.Errorf("%s: %w", path, err)
}
