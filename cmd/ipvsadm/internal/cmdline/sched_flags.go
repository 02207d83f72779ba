// SPDX-License-Identifier: Apache-2.0

package cmdline

import (
	"fmt"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/format"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// parseSchedFlags parses a list such as sh-fallback,sh-port. Empty words between commas
// are ignored, but a list of nothing else is an error.
func parseSchedFlags(scheduler, list string) (ipvs.ServiceFlags, error) {
	if list == "" {
		return 0, nil
	}
	var flags ipvs.ServiceFlags
	words := strings.FieldsFunc(list, func(r rune) bool { return r == ',' })
	if len(words) == 0 {
		return 0, WithHint(Usagef("invalid scheduler flag `%s'", list), schedFlagsHint(scheduler))
	}
next:
	for _, word := range words {
		for _, name := range format.SchedulerFlags {
			if name.Word != word {
				continue
			}
			if name.Scheduler != "" && name.Scheduler != scheduler {
				return 0, WithHint(Usagef("incompatible scheduler flag `%s'", word), fmt.Sprintf("%s goes with -s %s", word, name.Scheduler))
			}
			flags |= name.Flag
			continue next
		}
		return 0, WithHint(Usagef("invalid scheduler flag `%s'", word), schedFlagsHint(scheduler))
	}
	return flags, nil
}

// schedFlagsHint lists the flags that go with a scheduler.
func schedFlagsHint(scheduler string) string {
	var words []string
	for _, flag := range format.SchedulerFlags {
		if flag.Scheduler == "" || flag.Scheduler == scheduler {
			words = append(words, flag.Word)
		}
	}
	return fmt.Sprintf("the flags of %s are %s", scheduler, strings.Join(words, ", "))
}
