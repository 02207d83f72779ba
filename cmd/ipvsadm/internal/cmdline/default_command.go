// SPDX-License-Identifier: Apache-2.0

package cmdline

import (
	"slices"
	"strings"
)

// newOptions are the options of -L that ipvsadm 1.31 lacks.
func newOptions() optionSet {
	return connectionOptions().with(netnsOption, outputOption, watchOption, sortByOption)
}

// WithCommand returns the arguments of ipvsadm with -L before them, if that goes without
// saying: there are none, or they have no command but an option that only -L has and that
// ipvsadm 1.31 lacks, such as --watch. Any other arguments without a command are an error.
func WithCommand(words []string) []string {
	if len(words) == 0 || impliesList(words) {
		return slices.Concat([]string{"-L"}, words)
	}
	return words
}

func impliesList(words []string) bool {
	s := scanner{flags: newUsedFlags(), words: words}
	found := false
	for {
		parsed, err := s.next()
		switch {
		case err != nil:
			name, _, _ := strings.Cut(strings.TrimPrefix(s.word, "--"), "=")
			o := lookUp(name) // which lacks its value, or has one
			return found || strings.HasPrefix(s.word, "--") && o != nil && newOptions().has(o.element)
		case parsed.flag == nil:
			return found
		case optionOf(parsed).action != 0 || !found && len(s.leftovers) > 0:
			return false
		case newOptions().has(optionOf(parsed).element):
			found = true
		}
	}
}
