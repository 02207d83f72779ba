// SPDX-License-Identifier: Apache-2.0

package cmdline

import "github.com/ipvsadm-go/ipvsadm/format"

// setNetNS keeps the value of --netns. Only the machine can tell whether it is a network
// namespace.
func (b *builder) setNetNS(value string) error {
	if value == "" {
		return noNamespace()
	}
	b.netns = value
	return nil
}

func noNamespace() error {
	return Usagef("invalid network namespace `' specified; it must be NAME, PID, PATH, name:NAME or pid:PID")
}

// checkTableForm checks the form of a listing that ipvsadm 1.31 does not have: it is a
// table or JSON.
func (b *builder) checkTableForm() error {
	form := b.list.Options.Form
	if b.has(outputOption) && form != format.TableForm && form != format.JSONForm {
		return Usagef("invalid output format `%s' specified for '%s'; it must be one of table, json", form, b.action.legality().name)
	}
	return nil
}

// leadingNetNS reads a --netns before the command, if there is one, and the option after
// it. No other option may precede the command.
func leadingNetNS(s *scanner) (netns *string, first parsedOption, err error) {
	leading, err := s.next()
	if err != nil || leading.flag == nil || optionOf(leading).element != netnsOption {
		return nil, leading, err
	}
	first, err = s.next()
	return &leading.value, first, err
}

// takeNetNS reads the option --netns of ipvsadm-save and ipvsadm-restore, if word is that,
// into namespace. rest are the words after its value.
func takeNetNS(word string, words []string, namespace *string) (found bool, rest []string, err error) {
	found, rest, err = takeValue("--netns", word, words, namespace)
	if found && err == nil && *namespace == "" {
		err = noNamespace()
	}
	return found, rest, err
}
