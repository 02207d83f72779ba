// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/cmdline"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/sysctl"
	"github.com/ipvsadm-go/ipvsadm/format"
)

// sysctl sets and prints settings in /proc/sys of the network namespace.
func (a *app) sysctl(c *cmdline.Command) error {
	var shown []sysctl.Value
	var err error
	if len(c.Sysctls) == 0 {
		shown, err = a.listSysctls()
	} else {
		shown, err = a.applySysctls(c.Sysctls)
	}
	missing, denied := (*sysctl.MissingError)(nil), (*sysctl.DeniedError)(nil)
	switch {
	case errors.As(err, &denied):
		return cmdline.Usagef("%s: %v", a.name, err)
	case errors.As(err, &missing) && sysctl.Find(missing.Name) == nil:
		hint := cmdline.DidYouMean(cmdline.Nearest(missing.Name, sysctl.Names()))
		return cmdline.WithHint(cmdline.Usagef("%s: %v", a.name, err), hint)
	case err != nil:
		return fmt.Errorf("%s: %w", a.name, err)
	case len(c.Sysctls) > 0 && len(shown) == 0:
		return nil
	}
	if err := a.printSysctls(c, shown); err != nil {
		return &statusError{err, exitList}
	}
	return nil
}

func (a *app) sysctls() sysctl.Directory {
	return sysctl.Directory(filepath.Join(a.host.root, sysctl.Path))
}

// sysctlValue returns the value of a setting. It is not ok if that cannot be read.
func (a *app) sysctlValue(name string) (value string, ok bool) {
	_ = a.doInNetNS(func() error {
		value, ok = a.sysctls().Get(name)
		return nil
	})
	return value, ok
}

// sysctlValues returns the values of those settings that can be read. It enters the network
// namespace once.
func (a *app) sysctlValues(names ...string) map[string]string {
	values := map[string]string{}
	_ = a.doInNetNS(func() error {
		for _, name := range names {
			if value, ok := a.sysctls().Get(name); ok {
				values[name] = value
			}
		}
		return nil
	})
	return values
}

func (a *app) listSysctls() (values []sysctl.Value, err error) {
	err = a.doInNetNS(func() error {
		values, err = a.sysctls().List()
		return err
	})
	return values, err
}

func (a *app) applySysctls(assignments []sysctl.Assignment) (shown []sysctl.Value, err error) {
	err = a.doInNetNS(func() error {
		shown, err = a.setSysctls(a.sysctls(), assignments)
		return err
	})
	return shown, err
}

// sysctlRules returns the rules that set what is not the default.
func (a *app) sysctlRules() (text []byte, err error) {
	values, err := a.listSysctls()
	for _, v := range values {
		if v.Changed() {
			text = append(text, v.Assignment().Rule()+"\n"...)
		}
	}
	return text, err
}

// sysctlChanges returns what lines of rules set to other values than those of now, as rules
// with marks. now is not ok for a setting whose value is not known.
func (a *app) sysctlChanges(lines [][]string, now func(name string) (value string, ok bool)) (text []byte, err error) {
	assignments, err := a.sysctlAssignments(lines)
	last := map[string]int{} // a later rule for a setting undoes an earlier one
	for i, assignment := range assignments {
		last[assignment.Name] = i
	}
	for i, assignment := range assignments {
		if value, ok := now(assignment.Name); last[assignment.Name] == i && (!ok || value != assignment.Value) {
			text = append(text, "~ "+assignment.Rule()+"\n"...)
		}
	}
	return text, err
}

// sysctlAssignments returns what lines of rules set.
func (a *app) sysctlAssignments(lines [][]string) (assignments []sysctl.Assignment, err error) {
	parser := cmdline.NewParser(a.host.resolver)
	for _, words := range lines {
		c, err := parser.Parse(words)
		if err != nil {
			return nil, err
		}
		assignments = append(assignments, c.Sysctls...)
	}
	return assignments, nil
}

// setSysctls sets what has a value, and returns the settings that have none. It writes
// nothing unless all can be read or written. If the kernel does not take a value, those that
// were set before it get their old ones.
func (a *app) setSysctls(d sysctl.Directory, assignments []sysctl.Assignment) (shown []sysctl.Value, err error) {
	if err := d.Check(assignments); err != nil {
		return nil, err
	}
	var before []sysctl.Value
	for _, assignment := range assignments {
		if !assignment.Set {
			continue
		}
		old := d.Read(assignment.Name)
		now, err := d.Write(assignment)
		if err != nil {
			a.undoSysctls(d, before)
			return nil, err
		}
		before = append(before, old)
		if now.Text != assignment.Value && now.Known != nil {
			a.complain(fmt.Sprintf("%s: warning: %s: the kernel has made %s of %s", a.name, now.Name, now.Text, assignment.Value))
		}
	}
	for _, assignment := range assignments {
		if !assignment.Set {
			shown = append(shown, d.Read(assignment.Name))
		}
	}
	return shown, nil
}

// undoSysctls sets settings to the values that they had before, the last one first.
func (a *app) undoSysctls(d sysctl.Directory, before []sysctl.Value) {
	for _, old := range slices.Backward(before) {
		err := old.Err
		if err == nil {
			_, err = d.Write(old.Assignment())
		}
		if err != nil {
			a.complain(fmt.Sprintf("%s: warning: %s keeps its new value: %v", a.name, old.Name, err))
		}
	}
}

func (a *app) printSysctls(c *cmdline.Command, values []sysctl.Value) error {
	settings := []format.Setting{}
	for _, v := range values {
		if c.Changed && !v.Changed() {
			continue
		}
		settings = append(settings, settingOf(v))
	}
	switch {
	case c.JSON:
		return format.JSON{}.Settings(a.stdout, settings)
	case c.Changed && !c.Table:
		for _, s := range settings {
			if _, err := fmt.Fprintf(a.stdout, "%s%s = %s\n", sysctl.Prefix, s.Name, s.Value); err != nil {
				return err
			}
		}
		return nil
	}
	style := a.style()
	return format.Table{Width: style.Width, Colour: style.Colour}.Settings(a.stdout, settings)
}

func settingOf(v sysctl.Value) format.Setting {
	s := format.Setting{Name: v.Name, Value: v.Text, Changed: v.Changed(), Default: v.Default}
	if v.Known != nil {
		s.Since, s.Help = v.Known.Since, v.Known.Help
	}
	if v.Err != nil {
		s.Error = v.Err.Error()
	}
	return s
}
