// SPDX-License-Identifier: Apache-2.0

package completion

import (
	"slices"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/boot"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/cmdline"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/sysctl"
	"github.com/spf13/pflag"
)

// model is what the templates print.
type model struct {
	Commands []command
	Options  []option // of all commands, including the commands themselves
	Letters  []letter
	Implying []string // the long names of the options that need no command
	Settings []string // that --sysctl takes
	Save     []cmdline.ToolOption
	Restore  []cmdline.ToolOption
	Verbs    []string // of ipvsadm-boot
}

type command struct {
	Long   string
	Follow []string // the long names of the options that may follow
}

type option struct {
	cmdline.OptionDescription
	Excludes []string // the long names of the options that exclude it, and its own
	Values   values
}

// letter is the short form of an option.
type letter struct{ Letter, Long string }

func newModel() *model {
	m := &model{Settings: sysctl.Names(), Verbs: boot.Verbs(), Save: cmdline.DescribeSave(), Restore: cmdline.DescribeRestore()}
	cmdline.Options().VisitAll(func(f *pflag.Flag) {
		if f.Shorthand != "" {
			m.Letters = append(m.Letters, letter{f.Shorthand, strings.TrimPrefix(f.Name, "=")})
		}
	})
	for _, c := range cmdline.Describe() {
		m.add(c.OptionDescription)
		added := command{Long: c.Long}
		for _, o := range c.Options {
			m.add(o)
			added.Follow = append(added.Follow, o.Long)
		}
		m.Commands = append(m.Commands, added)
	}
	for i := range m.Options {
		o := &m.Options[i]
		o.Excludes = m.excludes(o)
		if o.ImpliesList {
			m.Implying = append(m.Implying, o.Long)
		}
	}
	return m
}

// add adds what one command says of an option. Conflicts are the same for all commands.
func (m *model) add(d cmdline.OptionDescription) {
	i := slices.IndexFunc(m.Options, func(o option) bool { return o.Long == d.Long })
	if i < 0 {
		i = len(m.Options)
		m.Options = append(m.Options, option{OptionDescription: d, Values: valuesOf(d)})
	}
	o := &m.Options[i]
	for _, other := range d.Conflicts {
		if !slices.Contains(o.Conflicts, other) {
			o.Conflicts = append(o.Conflicts, other)
		}
	}
}

// excludes returns the options of which none may be used before an option.
func (m *model) excludes(o *option) (excludes []string) {
	for _, other := range m.Options {
		if o.Group != "" && other.Group == o.Group || slices.Contains(o.Conflicts, other.Long) {
			excludes = append(excludes, other.Long)
		}
	}
	return excludes
}
