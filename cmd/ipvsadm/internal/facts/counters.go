// SPDX-License-Identifier: Apache-2.0

package facts

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Counter returns a counter of the network namespace, such as IPReversePathFilter. Of several
// with the name it returns the first, which is that of IPv4.
func (m *Machine) Counter(name string) (uint64, error) {
	for _, file := range [...]string{"snmp", "netstat"} {
		text, err := m.read("proc/thread-self/net/" + file)
		if err != nil {
			return 0, err
		}
		if value, found := counterIn(text, name); found {
			n, err := strconv.ParseUint(value, 10, 64)
			if err != nil {
				err = fmt.Errorf("/proc/net/%s: %s is %q, which is no number", file, name, value)
			}
			return n, err
		}
	}
	return 0, fmt.Errorf("the kernel has no counter %s", name)
}

// counterIn looks for a counter among pairs of lines, one of names and one of values.
func counterIn(text, name string) (value string, found bool) {
	var names []string
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		if names == nil || names[0] != words[0] {
			names = words
			continue
		}
		if i := slices.Index(names, name); i > 0 && i < len(words) {
			return words[i], true
		}
		names = nil
	}
	return "", false
}
