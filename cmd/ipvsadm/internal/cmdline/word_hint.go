// SPDX-License-Identifier: Apache-2.0

package cmdline

import (
	"errors"
	"slices"
	"strings"
	"unicode"
)

// explain adds a hint to the error of parsing words.
func explain(err error, words []string, noCommand func([]string) string) error {
	return &hintedError{err, func() string { return parseHint(err, words, noCommand) }}
}

// parseHint returns the hint that words suggest or else the one that the error of parsing
// them has. noCommand explains words that do not begin with a command.
func parseHint(err error, words []string, noCommand func([]string) string) string {
	var word *WordError
	var without NoCommandError
	meant := singleDash(words)
	switch {
	case meant != "":
		return DidYouMean([]string{meant})
	case errors.As(err, &word) && word.Reason == unknownOption:
		return DidYouMean(similarOptions(word.Word))
	case errors.As(err, &word) && word.Reason == missingArgument:
		return valueHint(firstCommand(words), lastOption(word.Word))
	case errors.As(err, &without):
		return noCommand(words)
	}
	return Hint(err)
}

// valueHint explains an option without its value.
func valueHint(command, o *option) string {
	if !command.action.legality().takes().has(o.element) {
		return command.display() + " takes no " + o.display()
	}
	return missingHint(o.element)
}

// lastOption returns the option at the end of a word, which must have one: -t of -nt.
func lastOption(word string) *option {
	if long, ok := strings.CutPrefix(word, "--"); ok {
		return lookUp(long)
	}
	return letterOption(word[len(word)-1])
}

// similarOptions returns the options that a word after the command may stand for: a long
// one with a few other letters, or one letter in the other case.
func similarOptions(word string) []string {
	nearest := slices.DeleteFunc(nearestOptions(word), func(name string) bool { return lookUp(name[2:]).action != 0 })
	if len(nearest) > 0 {
		return nearest
	}
	return otherCase(word, func(o *option) bool { return o.action == 0 })
}

// otherCase returns the option whose letter is that of word in the other case, if it is
// one that the caller accepts.
func otherCase(word string, accepts func(*option) bool) []string {
	if len(word) != 2 || word[0] != '-' || word[1] >= 0x80 {
		return nil
	}
	letter := rune(word[1])
	other := unicode.ToLower(letter)
	if other == letter {
		other = unicode.ToUpper(letter)
	}
	if o := letterOption(byte(other)); o != nil && accepts(o) {
		return []string{"-" + string(other)}
	}
	return nil
}

// singleDash returns the first word that is the name of a long option after only one
// dash, such as -stats, which stands for -s with the value tats. It returns "" if there is
// none.
func singleDash(words []string) string {
	i := slices.IndexFunc(words, func(word string) bool {
		name, ok := strings.CutPrefix(word, "-")
		return ok && len(name) > 1 && lookUp(name) != nil
	})
	if i < 0 {
		return ""
	}
	return "-" + words[i]
}

// goesWithCommand names the commands that take an option, or returns "" if none does.
func goesWithCommand(o element) string {
	names := commandsWith(o)
	if len(names) == 0 {
		return ""
	}
	return "it goes with " + alternatives(names)
}

// goesWithTunnel names the types of tunnels that take an option.
func goesWithTunnel(o element) string {
	var types []string
	for _, t := range tunnelTypes {
		if tunnelLegality(t).takes().has(o) {
			types = append(types, t.String())
		}
	}
	return "it goes with --tun-type " + alternatives(types)
}

// DidYouMean asks whether one of the suggestions is meant, or returns "" without any.
func DidYouMean(suggestions []string) string {
	if len(suggestions) == 0 {
		return ""
	}
	return "did you mean " + alternatives(suggestions) + "?"
}

// alternatives joins words as in "a, b or c".
func alternatives(words []string) string {
	last := len(words) - 1
	if last == 0 {
		return words[0]
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
