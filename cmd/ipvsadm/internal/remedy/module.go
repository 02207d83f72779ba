// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/cmdline"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// missingModule explains a service whose scheduler or persistence engine the kernel does
// not find.
func missingModule(s ipvs.Service) string {
	scheduler, engine := "ip_vs_"+s.Scheduler, "ip_vs_pe_"+s.PersistenceEngine
	switch {
	case !slices.Contains(ipvs.Schedulers(), s.Scheduler):
		return unknownName(meantScheduler(s.Scheduler), s.Scheduler, scheduler)
	case s.PersistenceEngine != "" && !slices.Contains(ipvs.PersistenceEngines(), s.PersistenceEngine):
		return unknownName(onlyEngine, s.PersistenceEngine, engine)
	case s.PersistenceEngine != "":
		return fmt.Sprintf("the kernel lacks the module %s or %s; modprobe says why", scheduler, engine)
	}
	return fmt.Sprintf(`the kernel lacks the module; "modprobe %s" says why`, scheduler)
}

const onlyEngine = "the persistence engine is sip"

// unknownName says what is meant by a name that no kernel has, and which module it would
// need if it can be the name of one.
func unknownName(meant, name, module string) string {
	if strings.Trim(name, ofModules) != "" {
		return meant
	}
	if !strings.HasSuffix(meant, "?") {
		meant += ";"
	}
	return fmt.Sprintf("%s %s needs the module %s, which the kernel lacks", meant, name, module)
}

// ofModules are the characters that names of modules have.
const ofModules = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"

// meantScheduler suggests the schedulers nearest to name in any case, or all of them.
func meantScheduler(name string) string {
	if nearest := cmdline.Nearest(strings.ToLower(name), ipvs.Schedulers()); len(nearest) > 0 {
		return cmdline.DidYouMean(nearest)
	}
	return "the schedulers are " + strings.Join(ipvs.Schedulers(), " ")
}
