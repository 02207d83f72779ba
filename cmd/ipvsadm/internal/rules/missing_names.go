// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/kernel"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// WarnMissingNames warns of schedulers and persistence engines that the kernel lacks or
// may lack. Services deleted by a later line do not count.
func (d *Desired) WarnMissingNames(report *Report, modules kernel.Modules) {
	warn := func(line int, what, name, module string, known bool, all string) {
		switch {
		case modules.Has(module):
		case !known:
			report.Line(line, fmt.Errorf("warning: unknown %s %q; %s", what, name, all))
		case modules.Lacks(module):
			report.Line(line, fmt.Errorf("warning: this kernel lacks the %s %s: there is no module %s", what, name, module))
		}
	}
	schedulers := ipvs.Schedulers()
	for _, s := range d.servicesInOrder() {
		warn(s.line, "scheduler", s.Scheduler, "ip_vs_"+s.Scheduler,
			slices.Contains(schedulers, s.Scheduler), "there are "+strings.Join(schedulers, " "))
		if s.PersistenceEngine != "" {
			warn(s.line, "persistence engine", s.PersistenceEngine, "ip_vs_pe_"+s.PersistenceEngine,
				slices.Contains(ipvs.PersistenceEngines(), s.PersistenceEngine), "there is sip")
		}
	}
}
