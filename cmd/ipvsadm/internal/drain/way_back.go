// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"strings"

	"github.com/ipvsadm-go/ipvsadm/format"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// wayBack returns the rules that put everything back at the end. Where that adds a server
// again, a comment has the rule for the time until it is removed.
func (d *Drain) wayBack() string {
	var b strings.Builder
	for _, t := range d.targets {
		if !d.KeepServers {
			if t.before.Weight > 0 {
				b.WriteString("# until it is removed: " + t.weightRule() + "\n")
			}
			b.WriteString(t.addRules())
		} else if t.before.Weight > 0 {
			b.WriteString(t.weightRule() + "\n")
		}
	}
	return b.String()
}

// weightRule is the rule that puts the weight back.
func (t *target) weightRule() string { return format.WeightRule(t.id(), t.before) }

// addRules are the lines that add the server again.
func (t *target) addRules() string {
	return format.DestinationRules(&t.service, []ipvs.Destination{t.before})
}

// undone returns the rules for what a drain that stopped has left: weights of 0 and servers
// that are gone.
func (d *Drain) undone() (rules []string) {
	for _, t := range d.targets {
		switch {
		case t.foreign: // it is that program's
		case t.removed:
			rules = append(rules, strings.Split(strings.TrimSuffix(t.addRules(), "\n"), "\n")...)
		case t.quiesced:
			rules = append(rules, t.weightRule())
		}
	}
	return rules
}
