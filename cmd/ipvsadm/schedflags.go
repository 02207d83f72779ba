package main

import (
	"strings"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// schedFlagNames are the words of -b. A word with a scheduler belongs to it alone.
var schedFlagNames = [...]struct {
	word, scheduler string
	flag            ipvs.ServiceFlags
}{
	{"flag-1", "", ipvs.SchedulerFlag1},
	{"flag-2", "", ipvs.SchedulerFlag2},
	{"flag-3", "", ipvs.SchedulerFlag3},
	{"sh-fallback", "sh", ipvs.SchedulerFlag1},
	{"sh-port", "sh", ipvs.SchedulerFlag2},
	{"mh-fallback", "mh", ipvs.SchedulerFlag1},
	{"mh-port", "mh", ipvs.SchedulerFlag2},
}

// parseSchedFlags reads a list such as sh-fallback,sh-port. Empty words between
// commas do not count, but a list of nothing else is wrong.
func parseSchedFlags(scheduler, list string) (ipvs.ServiceFlags, error) {
	if list == "" {
		return 0, nil
	}
	var flags ipvs.ServiceFlags
	words := strings.FieldsFunc(list, func(r rune) bool { return r == ',' })
	if len(words) == 0 {
		return 0, usagef("invalid scheduler flag `%s'", list)
	}
next:
	for _, word := range words {
		for _, name := range schedFlagNames {
			if name.word != word {
				continue
			}
			if name.scheduler != "" && name.scheduler != scheduler {
				return 0, usagef("incompatible scheduler flag `%s'", word)
			}
			flags |= name.flag
			continue next
		}
		return 0, usagef("invalid scheduler flag `%s'", word)
	}
	return flags, nil
}
