// SPDX-License-Identifier: Apache-2.0

package cmdline

import (
	"strings"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/sysctl"
)

// readSysctls parses the words of --sysctl and returns the remaining ones.
func (b *builder) readSysctls(words []string) ([]string, error) {
	if b.has(changedOption) {
		return words, nil
	}
	for _, word := range words {
		a, err := parseSysctl(word)
		if err != nil {
			return nil, err
		}
		b.sysctls = append(b.sysctls, a)
	}
	return nil, nil
}

// parseSysctl parses NAME or NAME=VALUE. The value of a setting that this program does not
// know is left to the kernel.
func parseSysctl(word string) (sysctl.Assignment, error) {
	name, value, set := strings.Cut(word, "=")
	name, value = strings.TrimPrefix(strings.TrimSpace(name), sysctl.Prefix), strings.TrimSpace(value)
	a := sysctl.Assignment{Name: name, Value: value, Set: set}
	known := sysctl.Find(name)
	switch {
	case name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != "": // it could be a path
		return a, Usagef("`%s' cannot be the name of a setting", name)
	case strings.ContainsAny(value, "\n\x00"):
		return a, Usagef("invalid value `%s' for %s", value, name)
	case known == nil || !set:
		return a, nil
	}
	value, ok := known.Parse(value)
	if !ok {
		return a, Usagef("invalid value `%s' for %s; it must be %s", a.Value, name, known.Range())
	}
	a.Value = value
	return a, nil
}
