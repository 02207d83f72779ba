// SPDX-License-Identifier: Apache-2.0

package sysconfig

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// The files in which distributions keep IPVS rules and settings.
const (
	// RulesRedHat holds the rules of Red Hat and Fedora. On SUSE, a file of this name
	// holds settings; IPVSADM_CONFIG names the rules file there.
	RulesRedHat = "/etc/sysconfig/ipvsadm"
	// RulesDebian holds the rules of Debian, and those of SUSE by default.
	RulesDebian = "/etc/ipvsadm.rules"
	// RulesOpenRC holds the rules of Alpine and Gentoo.
	RulesOpenRC = "/var/lib/ipvsadm/rules-save"
	// RulesArch holds the rules of Arch Linux.
	RulesArch = "/etc/ipvsadm.conf"
	// SettingsDebian has the variables AUTO, DAEMON, IFACE and SYNCID.
	SettingsDebian = "/etc/default/ipvsadm"
	// SettingsRedHat has the variables IPVS_SAVE_ON_STOP, IPVS_SAVE_ON_RESTART,
	// IPVS_STATUS_NUMERIC and IPVS_MODULES_UNLOAD.
	SettingsRedHat = "/etc/sysconfig/ipvsadm-config"
)

// Config says where a machine keeps its rules and what to do with them at boot. The
// zero value restores nothing.
type Config struct {
	// Rules is the path of the rules file. The file need not exist.
	Rules string
	// Auto says that start restores the table and stop empties it. It is false only
	// if SettingsDebian exists and applies, and AUTO in it is not "true".
	Auto bool
	// Master and Backup say which sync daemons to start in addition to those of the
	// rules. They are DAEMON of SettingsDebian.
	Master, Backup bool
	// Interface is the interface of those daemons: IFACE of SettingsDebian, by default
	// eth0. It is empty without daemons.
	Interface string
	// SyncID is the sync ID of those daemons: SYNCID of SettingsDebian, 0 to 255.
	SyncID uint8
	// SaveOnStop and SaveOnRestart say that the table is saved before it is emptied.
	// They are IPVS_SAVE_ON_STOP and IPVS_SAVE_ON_RESTART of SettingsRedHat, by default
	// false.
	SaveOnStop, SaveOnRestart bool
	// StatusByName says that a status shows names instead of numbers. It is true if
	// IPVS_STATUS_NUMERIC of SettingsRedHat is "no".
	StatusByName bool
	// UnloadModules says that a stop unloads the modules of IPVS. It is
	// IPVS_MODULES_UNLOAD of SettingsRedHat, by default false.
	UnloadModules bool
	// Warnings describe lines and values that were ignored.
	Warnings []string
}

// Locate reads the settings of a machine. root is the machine's root directory: "/", or
// where the root of a machine that is not running is mounted. The paths in the result
// and in errors do not include root. The rules are in the first of these files:
//
//   - RulesRedHat, if that file exists and holds rules;
//   - if RulesRedHat exists and holds settings, the file that IPVSADM_CONFIG in it
//     names, RulesDebian by default;
//   - RulesDebian, if that file or SettingsDebian exists;
//   - RulesOpenRC, if os-release(5) names Alpine or Gentoo;
//   - RulesArch, if os-release names Arch;
//   - RulesRedHat, if the directory /etc/sysconfig exists and os-release names neither
//     SUSE nor Debian;
//   - RulesDebian.
//
// If RulesRedHat exists but holds neither rules nor settings, it counts as holding
// rules unless os-release names SUSE or Debian.
//
// SettingsDebian applies only if the rules are in RulesDebian, SettingsRedHat always.
// Settings are read with the quoting of a shell, but without its expansions. Locate
// returns an error for a needed value that only a shell could read, for an invalid
// SYNCID of a daemon that it reports, for an IPVSADM_CONFIG that is not an absolute
// path, and for a value that continues on the next line. It ignores other invalid
// lines and values, with a warning.
func Locate(root string) (Config, error) {
	c := Config{Auto: true}
	for _, read := range []func(root string) error{c.locateRules, c.readDebian, c.readRedHat} {
		if err := read(root); err != nil {
			return Config{}, err
		}
	}
	return c, nil
}

func (c *Config) locateRules(root string) error {
	c.Rules = RulesDebian
	holds, err := classify(root, RulesRedHat)
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	case holds == holdsSettings:
		return c.readSUSE(root)
	case holds == holdsRules, err == nil && isRedHat(root):
		c.Rules = RulesRedHat
	case exists(root, RulesDebian) || exists(root, SettingsDebian):
	case isOneOf(root, "alpine", "gentoo"):
		c.Rules = RulesOpenRC
	case isOneOf(root, "arch"):
		c.Rules = RulesArch
	case isRedHat(root):
		c.Rules = RulesRedHat
	}
	return nil
}

// contentKind is the kind of content of RulesRedHat.
type contentKind int

const (
	unknownContent contentKind = iota // no file, or only comments
	holdsRules
	holdsSettings
)

// classify distinguishes SUSE's file from Red Hat's by the first line that is a rule or
// an assignment.
func classify(root, path string) (contentKind, error) {
	file, err := Open(root, path)
	if err != nil {
		return unknownContent, err
	}
	defer func() { _ = file.Close() }()
	holds := unknownContent
	for line, err := range Lines(file) {
		switch {
		case err == nil && strings.HasPrefix(line.Words[0], "-"):
			return holdsRules, nil
		case err == nil && assignment().MatchString(strings.TrimPrefix(strings.Join(line.Words, " "), "export ")):
			return holdsSettings, nil
		case err == nil, errors.Is(err, tooLongError{}), errors.Is(err, errNUL):
			holds = holdsRules
		default:
			return unknownContent, readError(path, err)
		}
	}
	return holds, nil
}

// readSUSE reads the name of the rules file from SUSE's settings.
func (c *Config) readSUSE(root string) error {
	file, err := readShellVars(root, RulesRedHat)
	if err != nil {
		return err
	}
	c.Rules = file.lookup("IPVSADM_CONFIG", RulesDebian)
	if !filepath.IsAbs(c.Rules) {
		file.fail("IPVSADM_CONFIG", fmt.Errorf("%q does not begin with /", c.Rules))
	}
	c.Warnings = append(c.Warnings, file.warnings...)
	return file.err
}

func (c *Config) readDebian(root string) error {
	if c.Rules != RulesDebian {
		return nil
	}
	file, err := readShellVars(root, SettingsDebian)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	c.Auto = file.lookupBool("AUTO", "true", "false")
	switch daemon := file.lookup("DAEMON", "none"); daemon {
	case "none":
	case "master":
		c.Master = true
	case "backup":
		c.Backup = true
	case "both":
		c.Master, c.Backup = true, true
	default:
		file.warn(file.values["DAEMON"].line, fmt.Sprintf("DAEMON is %q, none of \"none\", \"master\", \"backup\" and \"both\": it counts as \"none\"", daemon))
	}
	if c.Master || c.Backup {
		c.Interface = file.lookup("IFACE", "eth0")
		text := file.lookup("SYNCID", "0")
		id, err := strconv.ParseUint(text, 10, 8)
		if err != nil {
			file.fail("SYNCID", fmt.Errorf("%q is no number from 0 to 255", text))
		}
		c.SyncID = uint8(id)
	}
	c.Warnings = append(c.Warnings, file.warnings...)
	return file.err
}

func (c *Config) readRedHat(root string) error {
	file, err := readShellVars(root, SettingsRedHat)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	c.SaveOnStop = file.lookupBool("IPVS_SAVE_ON_STOP", "yes", "no")
	c.SaveOnRestart = file.lookupBool("IPVS_SAVE_ON_RESTART", "yes", "no")
	c.StatusByName = file.lookupBool("IPVS_STATUS_NUMERIC", "no", "yes")
	c.UnloadModules = file.lookupBool("IPVS_MODULES_UNLOAD", "yes", "no")
	c.Warnings = append(c.Warnings, file.warnings...)
	return file.err
}

// isRedHat reports whether a machine without rules keeps them in RulesRedHat: it has
// the directory /etc/sysconfig and is neither Debian nor SUSE.
func isRedHat(root string) bool {
	return exists(root, filepath.Dir(RulesRedHat)) && !debianOrSUSE().MatchString(distribution(root))
}

// isOneOf reports whether a machine is one of distributions or derives from one of them.
func isOneOf(root string, distributions ...string) bool {
	for name := range strings.FieldsSeq(distribution(root)) {
		if slices.Contains(distributions, name) {
			return true
		}
	}
	return false
}

// distribution returns ID and ID_LIKE of os-release, separated by blanks.
func distribution(root string) string {
	for _, path := range []string{"/etc/os-release", "/usr/lib/os-release"} {
		file, err := readShellVars(root, path) // os-release(5)
		if err == nil {
			return file.lookup("ID", "") + " " + file.lookup("ID_LIKE", "")
		}
	}
	return ""
}

// debianOrSUSE matches ID and ID_LIKE of os-release for Debian, SUSE and their
// derivatives. SLES 12 has no ID_LIKE.
var debianOrSUSE = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`debian|suse|\bsle[sd]`) })

func exists(root, path string) bool {
	_, err := os.Stat(join(root, path))
	return err == nil
}
