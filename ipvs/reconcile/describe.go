// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"fmt"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// describe returns a change in words. Unlike Change.String it has all settings of a service
// or destination, because an edit may concern any of them, and no timeouts that stay as they
// are.
func describe(ch ipvs.Change) string {
	switch ch.Command() {
	case ipvs.CommandNewService, ipvs.CommandSetService:
		s := ch.Service()
		return fmt.Sprintf("%s %s,%s", ch.Command(), s.ServiceID, strings.TrimPrefix(s.String(), s.ServiceID.String()))
	case ipvs.CommandNewDestination, ipvs.CommandSetDestination:
		d := ch.Destination()
		return fmt.Sprintf("%s %s of %s,%s",
			ch.Command(), d.DestinationID, ch.ServiceID(), strings.TrimPrefix(d.String(), d.DestinationID.String()))
	case ipvs.CommandSetConfig:
		return ch.Command().String() + " " + describeTimeouts(ch.Timeouts())
	}
	return ch.String()
}

// describeTimeouts returns those that are not zero, such as "TCP 900s, UDP 300s".
func describeTimeouts(t ipvs.Timeouts) string {
	var all []string
	add := func(name string, seconds uint32) {
		if seconds != 0 {
			all = append(all, fmt.Sprintf("%s %ds", name, seconds))
		}
	}
	add("TCP", t.TCP)
	add("TCP FIN", t.TCPFin)
	add("UDP", t.UDP)
	return strings.Join(all, ", ")
}
