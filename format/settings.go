// SPDX-License-Identifier: Apache-2.0

package format

import "io"

// Setting is a setting of IPVS in /proc/sys, and what is known of it.
type Setting struct {
	Name    string
	Value   string
	Default string // empty if it is not known or depends on the machine
	Changed bool   // whether Value is certainly not the default
	Since   string // the first version of Linux that has it, if it is a late one
	Help    string // empty for an unknown setting
	Error   string // why it could not be read
}

// Settings prints settings, with a star at those that are not the default.
func (t Table) Settings(w io.Writer, settings []Setting) error {
	if len(settings) == 0 {
		return writeText(w, t.Width, "no settings")
	}
	var rows [][]cell
	for _, s := range settings {
		help, value := s.Help, s.Value
		if s.Since != "" {
			help += " (from Linux " + s.Since + ")"
		}
		if s.Error != "" {
			value, help = "?", s.Error
		}
		changed := ""
		if s.Changed {
			changed = "*"
		}
		rows = append(rows, []cell{{text: Sanitize(s.Name)}, {text: Sanitize(value)}, {text: s.Default, style: dim}, {text: changed}, {text: Sanitize(help), style: dim}})
	}
	return t.grid(
		column{title: "NAME"}, column{title: "VALUE", right: true}, column{title: "DEFAULT", right: true, dropOrder: 2},
		column{title: "", dropOrder: 1}, column{title: "MEANING", dropOrder: 3, minWidth: optionsWidth, comment: true},
	).printAll(allTo(w), rows)
}

// Settings prints settings as one document.
func (j JSON) Settings(w io.Writer, settings []Setting) error {
	document := SettingsDocument{Settings: []SettingDocument{}}
	for _, s := range settings {
		document.Settings = append(document.Settings, SettingDocument(s))
	}
	return j.write(w, document)
}
