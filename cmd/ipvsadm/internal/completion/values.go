// SPDX-License-Identifier: Apache-2.0

package completion

import (
	"regexp"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/cmdline"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/diagnose"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/drain"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/listing"
	"github.com/ipvsadm-go/ipvsadm/format"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// values tells how a shell completes the value of an option.
type values struct {
	// Kind is "none" for an option without a value, "free" for a value that nothing can
	// complete, "words" for one of Words, or the name of what the shell looks up.
	Kind     string
	Optional bool
	Words    []string
}

// lookups are the values that a shell looks up.
var lookups = map[string]string{
	"tcp-service": "services", "udp-service": "services", "sctp-service": "services", "fwmark-service": "services",
	"real-server": "servers", "virtual": "addresses", "destination": "destinations", "mcast-interface": "interfaces",
	"sched-flags": "flags", "netns": "namespaces",
}

func valuesOf(o cmdline.OptionDescription) values {
	v := values{Kind: "free", Optional: strings.HasPrefix(o.Argument, "["), Words: words(o.Long)}
	switch {
	case o.Argument == "":
		v.Kind = "none"
	case lookups[o.Long] != "":
		v.Kind = lookups[o.Long]
	case len(v.Words) > 0:
		v.Kind = "words"
	}
	return v
}

// words returns the values of an option that takes certain words.
func words(long string) (words []string) {
	switch long {
	case "start-daemon", "stop-daemon":
		return []string{ipvs.Master.String(), ipvs.Backup.String()}
	case "diagnose":
		return diagnose.Roles()
	case "skip":
		return diagnose.IDs()
	case "scheduler":
		return ipvs.Schedulers()
	case "sched-flags":
		for _, f := range format.SchedulerFlags {
			words = append(words, f.Word)
		}
	case "pe":
		return ipvs.PersistenceEngines()
	case "tun-type":
		return []string{ipvs.IPIP.String(), ipvs.GUE.String(), ipvs.GRE.String()}
	case "at-end":
		return drain.AtLimitWords()
	case "output":
		return format.FormNames()
	case "sort-by":
		return listing.SortKeys()
	case "count-by":
		for g := ipvs.ByState; g <= ipvs.ByDestination; g++ {
			words = append(words, g.String())
		}
	case "state":
		for _, s := range cmdline.States() {
			if plainWord.MatchString(s) && s != misspelt {
				words = append(words, s)
			}
		}
	}
	return words
}

// misspelt is a state of SCTP in old kernels, beside ESTABLISHED.
const misspelt = "ESTABISHED"

// plainWord matches words that no shell changes.
var plainWord = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)
