// SPDX-License-Identifier: Apache-2.0

package cmdline

import (
	"fmt"
	"strings"

	"github.com/spf13/pflag"
)

// scanner splits arguments into options as popt does. It returns one option at a time,
// so that errors are reported in the order of the arguments. The NoOptDefVal of a flag
// is NoValue, optionalValue, or "" if a value is required.
type scanner struct {
	flags usedFlags
	words []string

	// leftovers are the words that are neither options nor values of options. They
	// include a single - and all words after --.
	leftovers []string
	// word is the last word that was read: an option, with any value in the same word, or
	// the value after it.
	word string
	// cluster is the unread rest of a word such as -lnc.
	cluster string
}

// Special values of pflag's NoOptDefVal in the option table.
const (
	NoValue       = "no value" // the option takes no value
	optionalValue = "optional value"
)

// parsedOption is an option and, if hasValue is set, its value. flag is nil after the
// last option.
type parsedOption struct {
	flag     *pflag.Flag
	value    string
	hasValue bool
}

// next returns the next option, or a nil flag at the end.
func (s *scanner) next() (parsedOption, error) {
	if s.cluster != "" {
		return s.short()
	}
	for len(s.words) > 0 {
		word := s.words[0]
		s.words = s.words[1:]
		switch {
		case word == "--":
			s.leftovers = append(s.leftovers, s.words...)
			s.words = nil
		case len(word) < 2 || word[0] != '-':
			s.leftovers = append(s.leftovers, word)
		case strings.HasPrefix(word, "--"):
			s.word = word
			return s.long()
		default:
			s.word, s.cluster = word, word[1:]
			return s.short()
		}
	}
	return parsedOption{}, nil
}

// long parses --name, --name value and --name=value.
func (s *scanner) long() (parsedOption, error) {
	name, value, hasValue := strings.Cut(s.word[2:], "=")
	return s.take(s.flags.lookUp(name), value, hasValue)
}

// short parses the first option of a cluster: -n, -p 300, -p300 or -p=300.
func (s *scanner) short() (parsedOption, error) {
	letter, rest := s.cluster[:1], s.cluster[1:]
	s.cluster = ""
	flag := s.flags.lookUpLetter(letter)
	value, hasValue := strings.CutPrefix(rest, "=")
	switch {
	case flag == nil || hasValue:
	case flag.NoOptDefVal == NoValue:
		s.cluster = rest
		value = ""
	default:
		hasValue = rest != ""
	}
	return s.take(flag, value, hasValue)
}

// take completes an option with its value, which may be the next word. An optional value
// in the next word cannot begin with a dash.
func (s *scanner) take(flag *pflag.Flag, value string, hasValue bool) (parsedOption, error) {
	switch {
	case flag == nil:
		return parsedOption{}, &WordError{s.word, unknownOption}
	case flag.NoOptDefVal == NoValue && hasValue:
		return parsedOption{}, &WordError{s.word, "option does not take an argument"}
	case hasValue || flag.NoOptDefVal == NoValue:
		return parsedOption{flag, value, hasValue}, nil
	case len(s.words) == 0 && flag.NoOptDefVal != optionalValue:
		return parsedOption{}, &WordError{s.word, missingArgument}
	case len(s.words) == 0 || flag.NoOptDefVal == optionalValue && strings.HasPrefix(s.words[0], "-"):
		return parsedOption{flag: flag}, nil
	}
	value = s.words[0]
	s.word, s.words = value, s.words[1:]
	return parsedOption{flag, value, true}, nil
}

// invalidOption returns the error text for a second command. Like popt, it names the
// value of the option if that is a word of its own.
func (s *scanner) invalidOption() string { return fmt.Sprintf("invalid option `%s'", s.word) }
