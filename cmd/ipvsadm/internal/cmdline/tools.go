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

var restoreOptions = []string{"--check", "--dry-run", "--clear", "--netns", "--help"}

// RestoreOptions are the options of ipvsadm-restore. If Help is set, the others are zero.
type RestoreOptions struct {
	Help bool
	Mode RestoreMode
	File string // path of the rules file; - is standard input
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
		netns, rest, err := takeNetNS(word, words, &o.NetNS)
		if err != nil {
			return o, err
		}
		if netns {
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
	return o, nil
}
