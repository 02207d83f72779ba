// SPDX-License-Identifier: Apache-2.0

package cmdline

import (
	"strings"
)

// SaveOptions are the options of ipvsadm-save.
type SaveOptions struct {
	Numeric bool   // print addresses and ports as numbers
	All     bool   // save timeouts and sync daemons too
	Sysctls bool   // save the settings in /proc/sys that are not the default; only with All
	Output  string // path of the file; empty for standard output
	NetNS   string // the network namespace, empty for that of the process
}

// ParseSave parses the arguments of ipvsadm-save. Like the original, it ignores arguments
// that are not options. Errors are *UsageErrors, for which Hint may have a hint.
func ParseSave(words []string) (o SaveOptions, err error) {
	for len(words) > 0 {
		word := words[0]
		words = words[1:]
		value, hasValue := strings.CutPrefix(word, "--output=")
		netns, rest, err := takeNetNS(word, words, &o.NetNS)
		switch {
		case err != nil:
			return o, err
		case netns:
			words = rest
			continue
		case word == "-n":
			o.Numeric = true
		case word == "--all":
			o.All = true
		case word == "--sysctls":
			o.Sysctls = true
		case word == "--output" && len(words) > 0:
			value, hasValue, words = words[0], true, words[1:]
		case word == "--output":
			return o, noFile()
		case strings.HasPrefix(word, "-") && !hasValue:
			return o, WithHint(Usagef("unknown option %s", word), DidYouMean(Nearest(word, saveOptions)))
		}
		switch {
		case !hasValue:
		case value == "":
			return o, noFile()
		case o.Output != "":
			return o, ErrOutputTwice
		default:
			o.Output = value
		}
	}
	if o.Sysctls && !o.All {
		return o, WithHint(Usagef("--sysctls needs --all"), "--all --sysctls: what older versions cannot restore is only saved on request")
	}
	return o, nil
}

// saveOptions are the options that hints propose.
var saveOptions = []string{"--all", "--sysctls", "--output", "--netns"}

// ErrOutputTwice means that --output would leave all files but the last unwritten.
var ErrOutputTwice error = &UsageError{"--output: given twice"}

func noFile() error {
	return WithHint(Usagef("--output: missing argument"), "name the file: --output FILE")
}

// RestoreMode is what ipvsadm-restore does with the rules.
type RestoreMode int

// The modes.
const (
	ByDifference RestoreMode = iota // reconcile the table, with the fewest changes
	CheckOnly                       // only check the rules
	DryRun                          // print the changes that ByDifference would make
	ClearFirst                      // empty the table, then execute the rules in order
)

// restoreMode returns the mode that an option selects, or ByDifference if it selects none.
func restoreMode(word string) RestoreMode {
	switch word {
	case "--check":
		return CheckOnly
	case "--dry-run":
		return DryRun
	case "--clear":
		return ClearFirst
	}
	return ByDifference
}

var restoreOptions = []string{"--check", "--dry-run", "--from", "--clear", "--netns", "--help"}

// RestoreOptions are the options of ipvsadm-restore. If Help is set, the others are zero.
type RestoreOptions struct {
	Help bool
	Mode RestoreMode
	File string // path of the rules file; - is standard input
	// From is the path of the rules that a DryRun compares with, - for standard input, or
	// empty for the kernel.
	From string
	// NetNS is the network namespace, empty for that of the process.
	NetNS string
}

// ParseRestore parses the arguments of ipvsadm-restore. Errors are *UsageErrors,
// for which Hint may have a hint.
func ParseRestore(words []string) (o RestoreOptions, err error) {
	var files []string
	for len(words) > 0 {
		word := words[0]
		words = words[1:]
		if word == "--" {
			files = append(files, words...)
			break
		}
		taken, rest, err := o.takeValue(word, words)
		if err != nil {
			return o, err
		}
		if taken {
			words = rest
			continue
		}
		mode := restoreMode(word)
		switch known := mode != ByDifference; {
		case word == "-h" || word == "--help":
			return RestoreOptions{Help: true}, nil
		case known && o.Mode != ByDifference && o.Mode != mode:
			return o, Usagef("%s cannot be combined with other options", word)
		case known:
			o.Mode = mode
		case word == "-n": // an option of ipvsadm-save that scripts pass here too
		case strings.HasPrefix(word, "-") && word != "-":
			return o, WithHint(Usagef("unknown option %s", word), DidYouMean(Nearest(word, restoreOptions)))
		default:
			files = append(files, word)
		}
	}
	switch len(files) {
	case 0:
		o.File = "-"
	case 1:
		o.File = files[0]
	default:
		return o, Usagef("unexpected argument %s", files[1])
	}
	switch {
	case o.From != "" && o.Mode != DryRun:
		return o, WithHint(Usagef("--from needs --dry-run"), "--dry-run --from OLD NEW: only differences are printed")
	case o.From == "-" && o.File == "-":
		return o, WithHint(Usagef("--from: the old and the new rules cannot both be standard input"), "name one of the files: --dry-run --from OLD NEW")
	}
	return o, nil
}

// takeValue reads an option that has a value, if word is one. rest are the words after the
// value.
func (o *RestoreOptions) takeValue(word string, words []string) (taken bool, rest []string, err error) {
	if taken, rest, err = takeNetNS(word, words, &o.NetNS); taken {
		return taken, rest, err
	}
	taken, rest, err = takeValue("--from", word, words, &o.From)
	if taken && err == nil && o.From == "" {
		err = WithHint(Usagef("--from: missing argument"), "name the file: --from OLD")
	}
	return taken, rest, err
}

// takeValue reads an option into value, if word is that option. rest are the words after the
// value.
func takeValue(option, word string, words []string, value *string) (found bool, rest []string, err error) {
	joined, hasValue := strings.CutPrefix(word, option+"=")
	switch {
	case word != option && !hasValue:
		return false, words, nil
	case *value != "":
		return true, nil, Usagef("%s: given twice", option)
	case hasValue:
		*value = joined
		return true, words, nil
	case len(words) == 0:
		return true, nil, Usagef("%s: missing argument", option)
	}
	*value = words[0]
	return true, words[1:], nil
}
