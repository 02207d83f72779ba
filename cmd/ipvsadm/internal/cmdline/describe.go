// SPDX-License-Identifier: Apache-2.0

package cmdline

import (
	"regexp"
	"slices"
	"strings"
)

// CommandDescription describes a command for completion and documentation.
type CommandDescription struct {
	OptionDescription
	// Options may follow the command. They have the order of the option table.
	Options []OptionDescription
}

// OptionDescription describes an option for completion and documentation.
type OptionDescription struct {
	Long     string // without the dashes
	Short    string // a letter, or "" if there is none
	Argument string // what the usage calls the value, such as NAME or [SECS]; "" if there is none
	Text     string // what the usage says, without details
	// Group is common to options of which a command line has at most one. Every option
	// that may be given only once has a group. It is "" for the others.
	Group string
	// Needs lists options of which one must come before this one. It is empty for most.
	Needs []string
	// Conflicts lists the options that cannot be combined with this one.
	Conflicts []string
	// ImpliesList tells that the option needs no command: without one it means --list.
	ImpliesList bool
}

var optionNeeds = map[string][]string{
	"ipv6":        {"fwmark-service"},
	"ops":         {"udp-service", "fwmark-service"},
	"tun-type":    {"ipip"},
	"tun-port":    {"tun-type"},
	"tun-nocsum":  {"tun-type"},
	"tun-csum":    {"tun-type"},
	"tun-remcsum": {"tun-type"},
	"sort-by":     {"watch"},
	"state":       {"connection"},
	"client":      {"connection"},
	"virtual":     {"connection"},
	"destination": {"connection"},
	"count-by":    {"connection"},

	"no-persistent": {"keep"},
	"no-ops":        {"keep"},
	"no-pe":         {"keep"},
}

// optionConflicts lists options of a listing, each with those that it excludes.
var optionConflicts = map[string][]string{
	"connection": {"stats", "rate", "thresholds", "sort-by"},
	"timeout":    {"stats", "rate", "thresholds", "sort-by", "persistent-conn"},
	"daemon":     {"stats", "rate", "thresholds", "sort-by", "persistent-conn"},
	"nosort":     {"sort-by"},

	"keep-server":   {"at-end"},
	"no-persistent": {"persistent", "netmask"},
	"no-ops":        {"ops"},
	"no-pe":         {"pe"},

	"rules": {"real-server", "masquerading", "ipip", "gatewaying", "director", "netns"},
	"probe": {"real-server", "masquerading", "ipip", "gatewaying", "director", "rules"},
}

// tunnelChecksums are the options of which a tunnel has one.
func tunnelChecksums() optionSet { return setOf(tunNoCsumOption, tunCsumOption, tunRemCsumOption) }

// pointless are options that a listing accepts, as ipvsadm 1.31 does, and ignores.
const pointless = syncIDOption

// Describe describes all commands in the order of the option table.
func Describe() (commands []CommandDescription) {
	texts := usageTexts()
	rows := tableRows()
	for _, o := range rows {
		if o.action == 0 {
			continue
		}
		c := CommandDescription{OptionDescription: o.describe(rows, texts, legality{})}
		l := o.action.legality()
		for _, other := range rows {
			if l.offers(other, o.action) {
				c.Options = append(c.Options, other.describe(rows, texts, l))
			}
		}
		commands = append(commands, c)
	}
	return commands
}

// tableRows returns the rows of the option table, except for -l, which is -L.
func tableRows() (rows []*option) {
	for i := range optionTable {
		if o := &optionTable[i]; !strings.HasPrefix(o.long, "=") {
			rows = append(rows, o)
		}
	}
	return rows
}

// offers tells whether an option can follow a command.
func (l legality) offers(o *option, a action) bool {
	allowed := l.takes()
	switch {
	case o.action != 0:
		return false
	case o.long == "ipv6":
		return allowed.has(serviceOption)
	case o.long == "sort":
		return a == list
	case a == list:
		allowed = allowed.without(pointless)
	}
	return allowed.has(o.element)
}

// describe describes an option after a command with these rules. rows are those of the
// option table.
func (o *option) describe(rows []*option, texts map[string]usageText, l legality) OptionDescription {
	text := texts[o.long]
	d := OptionDescription{Long: o.long, Short: o.short, Text: text.text, Needs: optionNeeds[o.long], ImpliesList: newOptions().has(o.element)}
	if o.kind != NoValue {
		d.Argument = text.argument
	}
	switch {
	case tunnelChecksums().has(o.element):
		d.Group = "tunnel-checksum"
	case o.element != noElement:
		d.Group = o.element.name()
	}
	for _, other := range rows {
		exclusive := other.element != o.element && l.exclusive.has(o.element) && l.exclusive.has(other.element)
		if exclusive || slices.Contains(optionConflicts[o.long], other.long) || slices.Contains(optionConflicts[other.long], o.long) {
			d.Conflicts = append(d.Conflicts, other.long)
		}
	}
	return d
}

// usageText is what the usage says of an option.
type usageText struct{ argument, text string }

// usageLine matches the explanation of an option in the usage: --long ARG  -s  text. Its
// text may continue on indented lines.
func usageLine() *regexp.Regexp {
	return regexp.MustCompile(`(?m)^  --([a-z][-a-z0-9]*)((?: \S+)*?)  +(?:-(\S)  )?(\S.*(?:\n {20,}\S.*)*)`)
}

// usageTexts parses the usage.
func usageTexts() map[string]usageText {
	texts := map[string]usageText{}
	for _, m := range usageLine().FindAllStringSubmatch(Usage, -1) {
		texts[m[1]] = usageText{strings.TrimSpace(m[2]), withoutDetails(strings.Join(strings.Fields(m[4]), " "))}
	}
	return texts
}

// withoutDetails returns the part of an explanation before details, such as a list of
// values or the default.
func withoutDetails(text string) string {
	if i := strings.IndexAny(text, ";:("); i > 0 {
		text = text[:i]
	}
	return strings.TrimSpace(text)
}

// ToolOption describes an option of ipvsadm-save or ipvsadm-restore for completion.
type ToolOption struct {
	Name     string // with its dashes
	Argument string // what the usage calls the value, such as FILE; "" if there is none
	Text     string
	// Excludes lists the options after which it cannot come, itself among them. It is empty
	// for those of ipvsadm-save.
	Excludes []string
}

// DescribeSave describes the options of ipvsadm-save.
func DescribeSave() []ToolOption { return toolOptions(SaveUsage) }

// DescribeRestore describes the options of ipvsadm-restore.
func DescribeRestore() []ToolOption {
	options := toolOptions(RestoreUsage)
	for i := range options {
		o := &options[i]
		switch o.Name {
		case "--netns":
			o.Excludes = []string{"--netns"}
		case "--dry-run":
			o.Excludes = []string{"--check", "--dry-run", "--clear"}
		case "--from":
			o.Excludes = []string{"--check", "--from", "--clear"}
		default:
			o.Excludes = []string{"--check", "--dry-run", "--from", "--clear"}
		}
	}
	return options
}

func toolOptions(usage string) (options []ToolOption) {
	line := regexp.MustCompile(`(?m)^  (-\S+)(?: (\S+))?  +(\S.*)$`)
	for _, m := range line.FindAllStringSubmatch(usage, -1) {
		options = append(options, ToolOption{Name: m[1], Argument: m[2], Text: withoutDetails(m[3])})
	}
	return options
}
