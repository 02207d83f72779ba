package sysconfig

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
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
	// Interface is the one those daemons use: IFACE, by default eth0. Without
	// daemons it is empty.
	Interface string
	// SyncID is the one of those daemons: SYNCID, 0 to 255.
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
	// Warnings name lines and values that make no sense and count for nothing.
	Warnings []string
}

// Find reads the files of the machine whose root directory is given, "/" or, for
// a machine that is not running, where its root is. The paths in the result and in
// errors are as seen from there. The rules are in the first of these:
//
//   - RulesRedHat, if that file exists and holds rules;
//   - the file that IPVSADM_CONFIG in it names, RulesDebian if it does not say,
//     if that file exists and holds settings;
//   - RulesDebian, if that file or SettingsDebian exists;
//   - RulesRedHat, if there is the directory /etc/sysconfig and os-release(5) does
//     not speak of SUSE or Debian;
//   - RulesDebian.
//
// Where RulesRedHat exists but holds neither, os-release alone decides.
//
// SettingsDebian counts with RulesDebian, SettingsRedHat always. Files with
// settings are read as a shell does, but for its expansions. A value that only a
// shell could read is an error if it is needed, as is one that makes no sense for
// a sync daemon that is wanted, and any that goes on in the next line. Other
// nonsense counts for nothing, with a warning.
func Find(root string) (System, error) {
	s := System{Auto: true}
	for _, read := range []func(root string) error{s.findRules, s.readDebian, s.readRedHat} {
		if err := read(root); err != nil {
			return System{}, err
		}
	}
	return s, nil
}

func (s *System) findRules(root string) error {
	s.Rules = RulesDebian
	holds, err := contentOf(root, RulesRedHat)
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	case holds == someSettings:
		return s.readSUSE(root)
	case holds == someRules, err == nil && isRedHat(root):
		s.Rules = RulesRedHat
	case exists(root, RulesDebian) || exists(root, SettingsDebian):
	case isRedHat(root):
		s.Rules = RulesRedHat
	}
	return nil
}

// content is what a file is for.
type content int

const (
	unknownContent content = iota // no file, or no more than comments in it
	someRules
	someSettings
)

// contentOf tells SUSE's file from Red Hat's by the first line that is a rule or
// an assignment.
func contentOf(root, path string) (content, error) {
	file, err := Open(root, path)
	if err != nil {
		return unknownContent, err
	}
	defer func() { _ = file.Close() }()
	holds := unknownContent
	for line, err := range Lines(file) {
		switch {
		case err == nil && strings.HasPrefix(line.Words[0], "-"):
			return someRules, nil
		case err == nil && assignment().MatchString(strings.TrimPrefix(strings.Join(line.Words, " "), "export ")):
			return someSettings, nil
		case err == nil, errors.Is(err, errTooLong), errors.Is(err, errNUL):
			holds = someRules
		default:
			return unknownContent, readError(path, err)
		}
	}
	return holds, nil
}

// readSUSE reads the settings that name the file with the rules.
func (s *System) readSUSE(root string) error {
	file, err := readSettings(root, RulesRedHat)
	if err != nil {
		return err
	}
	s.Rules = file.text("IPVSADM_CONFIG", RulesDebian)
	if !filepath.IsAbs(s.Rules) {
		file.wrong("IPVSADM_CONFIG", fmt.Errorf("%q does not begin with /", s.Rules))
	}
	s.Warnings = append(s.Warnings, file.warnings...)
	return file.err
}

func (s *System) readDebian(root string) error {
	if s.Rules != RulesDebian {
		return nil
	}
	file, err := readSettings(root, SettingsDebian)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	s.Auto = file.flag("AUTO", "true", "false")
	switch daemon := file.text("DAEMON", "none"); daemon {
	case "none":
	case "master":
		s.Master = true
	case "backup":
		s.Backup = true
	case "both":
		s.Master, s.Backup = true, true
	default:
		file.warn(file.values["DAEMON"].line, fmt.Sprintf("DAEMON is %q, none of \"none\", \"master\", \"backup\" and \"both\": it counts as \"none\"", daemon))
	}
	if s.Master || s.Backup {
		s.Interface = file.text("IFACE", "eth0")
		text := file.text("SYNCID", "0")
		id, err := strconv.ParseUint(text, 10, 8)
		if err != nil {
			file.wrong("SYNCID", fmt.Errorf("%q is no number from 0 to 255", text))
		}
		s.SyncID = uint8(id)
	}
	s.Warnings = append(s.Warnings, file.warnings...)
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
	s.Warnings = append(s.Warnings, file.warnings...)
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
		return !otherKin().MatchString(id)
	}
	return true
}

// otherKin is Debian or SUSE, whose SLES 12 does not name its kin.
var otherKin = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`debian|suse|\bsle[sd]`) })

func exists(root, path string) bool {
	_, err := os.Stat(below(root, path))
	return err == nil
}
