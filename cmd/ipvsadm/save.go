// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/cmdline"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/rules"
	"github.com/ipvsadm-go/ipvsadm/sysconfig"
)

// runSave runs ipvsadm-save.
func (a *app) runSave(words []string) error {
	o, err := cmdline.ParseSave(words)
	switch {
	case errors.Is(err, cmdline.ErrOutputTwice):
		return &statusError{err, exitList}
	case err != nil:
		// stdout may be redirected to the rules file.
		a.complain(strings.TrimSuffix(cmdline.SaveUsage, "\n"))
		a.complainHint(err)
		return &statusError{errAlreadyPrinted, exitList}
	}
	a.namesCapability = o.All || o.Output != "" || o.NetNS != ""
	if err := a.enter(o.NetNS); err != nil {
		return err
	}
	if err := a.dial(); err != nil {
		return err
	}
	if err := a.saveAs(rules.SaveOptions{Numeric: o.Numeric, All: o.All, Sysctls: o.Sysctls, Output: o.Output}); err != nil {
		return &statusError{a.saveError(o.Output, err), exitList}
	}
	return nil
}

// saveError adds the path of the rules file to an error of writing it.
func (a *app) saveError(file string, err error) error {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case file == "":
		return err
	case errors.As(err, &path):
		err = path.Err
	case errors.As(err, &link):
		err = link.Err
	default:
		return err
	}
	reason := err.Error()
	if errors.Is(err, fs.ErrNotExist) {
		if missing := missingDirectory(file); missing != "" {
			reason = "no directory " + missing
		}
	}
	return cmdline.Usagef("%s: cannot write %s: %s", a.name, file, reason)
}

// missingDirectory returns the topmost directory of path that does not exist, or "".
func missingDirectory(path string) (missing string) {
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) || dir == missing {
			return missing
		}
		missing = dir
	}
}

// saveAs writes the table as rules to a file or to standard output. It writes nothing
// until the rules are complete.
func (a *app) saveAs(o rules.SaveOptions) error {
	text, warnings, err := rules.Save(a.client, o, a.host.resolver)
	if err != nil {
		return err
	}
	if o.Sysctls {
		lines, err := a.sysctlRules()
		if err != nil {
			return err
		}
		text = append(lines, text...)
	}
	for _, warning := range warnings {
		a.complain(fmt.Sprintf("%s: %s", a.name, warning))
	}
	if o.Output != "" {
		return sysconfig.Replace(o.Output, text)
	}
	_, err = a.sanitized(a.stdout).Write(text)
	return err
}
