package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/format"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/sysconfig"
)

// saveOptions are those of ipvsadm-save.
type saveOptions struct {
	numeric bool
	all     bool          // timeouts and sync daemons too
	output  string        // a file instead of standard output
	without []ipvs.Daemon // daemons that need no rule, if they run so
}

// saveTool is ipvsadm-save: it prints the table as rules, or saves them in a file.
func (p *program) saveTool(words []string) error {
	options, ok := parseSaveOptions(words)
	if !ok {
		// On stderr, since stdout may be the rules file.
		p.complain(strings.TrimSuffix(saveUsage, "\n"))
		return &statusError{errReported, exitList}
	}
	if err := p.open(); err != nil {
		return err
	}
	if err := p.saveAs(options); err != nil {
		return &statusError{p.saveError(options.output, err), exitList}
	}
	return nil
}

// saveError says which file could not be written, and why.
func (p *program) saveError(file string, err error) error {
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
	return usagef("%s: cannot write %s: %s", p.name, file, reason)
}

// missingDirectory is the uppermost directory of a path that is not there.
func missingDirectory(path string) (missing string) {
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) || dir == missing {
			return missing
		}
		missing = dir
	}
}

// parseSaveOptions reads the options of ipvsadm-save. Words that are no options
// are ignored, as the original does.
func parseSaveOptions(words []string) (o saveOptions, ok bool) {
	for len(words) > 0 {
		word := words[0]
		words = words[1:]
		value, hasValue := strings.CutPrefix(word, "--output=")
		switch {
		case word == "-n":
			o.numeric = true
		case word == "--all":
			o.all = true
		case word == "--output" && len(words) > 0:
			value, hasValue, words = words[0], true, words[1:]
		case strings.HasPrefix(word, "-") && !hasValue:
			return o, false
		}
		if hasValue {
			if o.output = value; value == "" {
				return o, false
			}
		}
	}
	return o, true
}

// saveAs gathers the rules before the first byte is written.
func (p *program) saveAs(o saveOptions) error {
	keepGarbage()
	table, err := p.client.Table()
	if err != nil {
		return err
	}
	table.Sort()
	var names format.Names
	if !o.numeric {
		found := newNames()
		found.lookUp(addrsOf(table))
		names = found
	}
	var rules bytes.Buffer
	warnings, err := format.Rules(&rules, table, names)
	if err != nil {
		return err
	}
	if o.all {
		more, err := p.saveSettings(&rules, o.without)
		if err != nil {
			return err
		}
		warnings = append(warnings, more...)
	}
	for _, warning := range warnings {
		p.complain(fmt.Sprintf("%s: %s", p.name, warning))
	}
	if o.output != "" {
		return sysconfig.Replace(o.output, rules.Bytes())
	}
	_, err = rules.WriteTo(p.safe(p.stdout))
	return err
}

// saveSettings adds what the table does not hold.
func (p *program) saveSettings(rules *bytes.Buffer, without []ipvs.Daemon) (warnings []string, err error) {
	config, err := p.client.Config()
	if err != nil {
		return nil, err
	}
	daemons, err := p.client.Daemons()
	if err != nil {
		return nil, err
	}
	daemons = slices.DeleteFunc(daemons, func(d ipvs.Daemon) bool {
		return slices.ContainsFunc(without, func(w ipvs.Daemon) bool { return runsAs(d, w) })
	})
	return format.Settings(rules, config, daemons)
}
