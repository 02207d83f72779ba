// SPDX-License-Identifier: Apache-2.0

package ipvs

import (
	"fmt"
	"strconv"
	"strings"
)

// String returns the service and its settings on one line, such as
// "TCP 10.0.0.1:80 wlc persistent 300s". It leaves out defaults, the flag Hashed and the
// counters.
func (s Service) String() string {
	var b strings.Builder
	b.WriteString(s.ServiceID.String())
	writeSetting(&b, s.Scheduler != "", "%s", quoteName(s.Scheduler))
	writeSetting(&b, s.Flags&Persistent != 0, "persistent %ds", s.Timeout)
	writeSetting(&b, s.Flags&Persistent == 0 && s.Timeout != 0, "timeout %ds", s.Timeout)
	writeSetting(&b, !s.Netmask.IsHost(), "netmask %s", s.Netmask)
	writeSetting(&b, s.PersistenceEngine != "", "pe %s", quoteName(s.PersistenceEngine))
	flags := s.Flags &^ (Persistent | Hashed)
	writeSetting(&b, flags != 0, "%s", flags)
	writeSetting(&b, s.FlagsMask != 0, "flags-mask %s", s.FlagsMask)
	return b.String()
}

// String returns the destination and its settings on one line, such as
// "10.0.0.2:80 Masq weight 1". It leaves out thresholds of 0, and the tunnel options
// without the forwarding method Tunnel, connections and counters.
func (d Destination) String() string {
	var b strings.Builder
	b.WriteString(d.DestinationID.String())
	fmt.Fprintf(&b, " %s weight %d", d.Forward, d.Weight)
	writeSetting(&b, d.UpperThreshold != 0, "upper %d", d.UpperThreshold)
	writeSetting(&b, d.LowerThreshold != 0, "lower %d", d.LowerThreshold)
	if d.Forward&forwardMask == Tunnel {
		writeSetting(&b, true, "%s", d.TunnelType)
		writeSetting(&b, d.TunnelPort != 0, "port %d", d.TunnelPort)
		writeSetting(&b, d.TunnelFlags != 0, "%s", d.TunnelFlags)
	}
	return b.String()
}

// writeSetting writes a setting after a blank, if it is to be shown.
func writeSetting(b *strings.Builder, shown bool, form string, value any) {
	if shown {
		b.WriteByte(' ')
		fmt.Fprintf(b, form, value)
	}
}

// quoteName quotes a name that is not one printable word.
func quoteName(name string) string {
	quoted := strconv.Quote(name)
	if quoted != `"`+name+`"` || strings.Contains(name, " ") {
		return quoted
	}
	return name
}
