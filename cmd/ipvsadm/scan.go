package main

import (
	"fmt"
	"strings"

	"github.com/spf13/pflag"
)

// scanner reads command line words as popt does: options in order, one at a
// time, so that the caller can stop at the first one it does not like. flags
// declares the options; a flag with a NoOptDefVal needs no value.
type scanner struct {
	flags *pflag.FlagSet
	words []string

	// leftovers are the words that are neither options nor their values. A word
	// - is one; all words after -- are.
	leftovers []string
	// word is the word that was read last, whole: that of an option, or of its
	// value.
	word string
	// cluster is the unread rest of a word such as -lnc.
	cluster string
}

// noValue and optionalValue are the two kinds of NoOptDefVal.
const (
	noValue       = "no value"
	optionalValue = "optional value"
)

// scanError is popt's complaint about a word.
type scanError struct{ word, reason string }

const unknownOption = "unknown option"

func (e *scanError) Error() string { return e.word + ": " + e.reason }

// given is an option as it was found. value is of meaning if hasValue.
type given struct {
	flag     *pflag.Flag
	value    string
	hasValue bool
}

// next returns the next option, a nil flag at the end.
func (s *scanner) next() (given, error) {
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
	return given{}, nil
}

// long reads --name, --name value and --name=value.
func (s *scanner) long() (given, error) {
	name, value, hasValue := strings.Cut(s.word[2:], "=")
	return s.take(s.flags.Lookup(name), value, hasValue)
}

// short reads the first letter of a cluster: -n, -p 300, -p300 or -p=300.
func (s *scanner) short() (given, error) {
	letter, rest := s.cluster[:1], s.cluster[1:]
	s.cluster = ""
	flag := s.flags.ShorthandLookup(letter)
	value, hasValue := strings.CutPrefix(rest, "=")
	switch {
	case flag == nil || hasValue:
	case flag.NoOptDefVal == noValue:
		s.cluster = rest
		value = ""
	default:
		hasValue = rest != ""
	}
	return s.take(flag, value, hasValue)
}

// take completes an option with its value, which may be the next word. The
// value of an option that need not have one never begins with a dash.
func (s *scanner) take(flag *pflag.Flag, value string, hasValue bool) (given, error) {
	switch {
	case flag == nil:
		return given{}, &scanError{s.word, unknownOption}
	case flag.NoOptDefVal == noValue && hasValue:
		return given{}, &scanError{s.word, "option does not take an argument"}
	case hasValue || flag.NoOptDefVal == noValue:
		return given{flag, value, hasValue}, nil
	case len(s.words) == 0 && flag.NoOptDefVal != optionalValue:
		return given{}, &scanError{s.word, "missing argument"}
	case len(s.words) == 0 || flag.NoOptDefVal == optionalValue && strings.HasPrefix(s.words[0], "-"):
		return given{flag: flag}, nil
	}
	value = s.words[0]
	s.word, s.words = value, s.words[1:]
	return given{flag, value, true}, nil
}

// invalidOption is the complaint about a second command. Like popt's, it names
// the value if that is a word of its own.
func (s *scanner) invalidOption() string { return fmt.Sprintf("invalid option `%s'", s.word) }
