// SPDX-License-Identifier: Apache-2.0

package cmdline

import (
	"fmt"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/shell"
	"github.com/spf13/pflag"
)

// commandHint says how to correct a command line that does not begin with a command.
func commandHint(words []string) string {
	if len(words) == 0 {
		return ""
	}
	if command := firstCommand(words); command != nil {
		return fmt.Sprintf("the command comes first: ipvsadm %s ...", command.display())
	}
	if listing := withList(words); listing != "" {
		return "options come after a command: ipvsadm " + listing
	}
	if hint := ruleHint(words); hint != "" {
		return hint
	}
	return shell.Quote(shorten(words[0])) + " is not a command; the command comes first, such as -L, -A or -a"
}

// ruleHint says how to correct a line of rules that does not begin with a command, or
// returns "" if the message says enough.
func ruleHint(words []string) string {
	if len(words) == 0 {
		return ""
	}
	if command := firstCommand(words); command != nil {
		return fmt.Sprintf("the command comes first: %s ...", command.display())
	}
	switch name, o := leadingOption(words[0]); {
	case o == nil:
		return DidYouMean(meantCommands(words[0]))
	case o.action != 0 && o.kind == NoValue:
		return name + " takes no value"
	case o.action != 0:
		return fmt.Sprintf("give a value: %s master or %s backup", name, name)
	default:
		return comesAfter(name, o)
	}
}

// comesAfter names the commands that take the option called name, if they are few.
func comesAfter(name string, o *option) string {
	switch commands := commandsWith(o.element); len(commands) {
	case 1:
		return fmt.Sprintf("%s goes with %s, which comes first", name, commands[0])
	case 2, 3:
		return fmt.Sprintf("%s goes with %s, which come first", name, alternatives(commands))
	}
	return ""
}

// withList returns words with -L before them if they begin with an option that selects
// what -L prints, and "" otherwise.
func withList(words []string) string {
	selects := listOptions().union(listViews()).without(serviceOption, syncIDOption)
	name, o := leadingOption(words[0])
	if o == nil || !selects.has(o.element) {
		return ""
	}
	line := "-L " + name
	if !strings.HasPrefix(name, "--") {
		line = "-L" + listLetters(words[0][1:], selects)
	}
	if len(words) > 1 {
		line += " ..."
	}
	return line
}

// listLetters returns the letters up to the first that is not one of the options.
func listLetters(letters string, options optionSet) string {
	for i := range len(letters) {
		if o := letterOption(letters[i]); o == nil || !options.has(o.element) {
			return letters[:i]
		}
	}
	return letters
}

// leadingOption returns the first option in a word and what it is called there: -n in -nc,
// and --output in --output=json. The option is nil if there is none.
func leadingOption(word string) (name string, o *option) {
	if long, ok := strings.CutPrefix(word, "--"); ok {
		long, _, _ = strings.Cut(long, "=")
		return "--" + long, lookUp(long)
	}
	if len(word) < 2 || word[0] != '-' {
		return word, nil
	}
	return word[:2], letterOption(word[1])
}

// letterOption returns the option with a letter, or nil.
func letterOption(letter byte) *option {
	flag := options().ShorthandLookup(string([]byte{letter}))
	if flag == nil {
		return nil
	}
	return flag.Value.(*option)
}

// meantCommands returns what a first word that is no option may stand for: a command
// without its dashes, a long option with a few other letters, a command that similar tools
// call by that name, or one whose letter has the other case.
func meantCommands(word string) []string {
	if o := lookUp(word); o != nil && o.action != 0 {
		return []string{"--" + word}
	}
	if nearest := nearestOptions(word); len(nearest) > 0 {
		return nearest
	}
	if names := otherNames(strings.TrimPrefix(word, "--")); len(names) > 0 {
		return names
	}
	return otherCase(word, func(o *option) bool { return o.action != 0 && !o.action.destroys() })
}

// destroys tells whether a command deletes services, servers or counters. No hint takes
// another letter for one of these.
func (a action) destroys() bool {
	switch a {
	case flush, deleteService, deleteServer, zero:
		return true
	}
	return false
}

// otherNames returns the commands that similar tools call by another name.
func otherNames(name string) []string {
	switch name {
	case "show", "ls", "status":
		return []string{"--list"}
	case "flush":
		return []string{"--clear"}
	case "add":
		return []string{"--add-service", "--add-server"}
	case "edit", "change":
		return []string{"--edit-service", "--edit-server"}
	case "delete", "del":
		return []string{"--delete-service", "--delete-server"}
	}
	return nil
}

// firstCommand returns the first command in words, or nil.
func firstCommand(words []string) *option {
	s := scanner{flags: newUsedFlags(), words: words}
	for {
		parsed, err := s.next()
		if err != nil || parsed.flag == nil {
			return nil
		}
		if o := optionOf(parsed); o.action != 0 {
			return o
		}
	}
}

// commandsWith returns the commands that take an option: the simple ones, if there are any.
func commandsWith(o element) (names []string) {
	var borrowing []string
	options().VisitAll(func(f *pflag.Flag) {
		command := f.Value.(*option)
		switch {
		case command.action == 0 || command.short == "l" || !command.action.legality().takes().has(o):
		case command.action.borrows():
			borrowing = append(borrowing, command.display())
		default:
			names = append(names, command.display())
		}
	})
	if len(names) == 0 {
		return borrowing
	}
	return names
}

// borrows tells whether a command takes options of others: of those that it does in a
// series, or of what it inspects.
func (a action) borrows() bool {
	return a == drainServers || a == rampServer || a == listNetNS || a == monitorTable || a == diagnosis
}
