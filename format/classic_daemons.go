// SPDX-License-Identifier: Apache-2.0

package format

import (
	"fmt"
	"io"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// Timeouts prints the timeouts in one line.
func (c Classic) Timeouts(w io.Writer, timeouts ipvs.Timeouts) error {
	return c.timeouts(c.to(w), timeouts)
}

// PageTimeouts is Timeouts for a screen.
func (c Classic) PageTimeouts(timeouts ipvs.Timeouts) Page {
	return c.page(func(out sections) error { return c.timeouts(out, timeouts) })
}

func (c Classic) timeouts(out sections, timeouts ipvs.Timeouts) error {
	_, err := fmt.Fprintf(out.rows, "Timeout (tcp tcpfin udp): %d %d %d\n", timeouts.TCP, timeouts.TCPFin, timeouts.UDP)
	return err
}

// Daemons prints a line for each sync daemon, with the values that the kernel
// reports.
func (c Classic) Daemons(w io.Writer, daemons []ipvs.Daemon) error {
	return c.daemons(c.to(w), daemons)
}

// PageDaemons is Daemons for a screen.
func (c Classic) PageDaemons(daemons []ipvs.Daemon) Page {
	return c.page(func(out sections) error { return c.daemons(out, daemons) })
}

func (c Classic) daemons(out sections, daemons []ipvs.Daemon) error {
	for i := range daemons {
		d := &daemons[i]
		b := fmt.Appendf(nil, "%s sync daemon (mcast=%s, syncid=%d", d.State, d.Interface, d.SyncID)
		o := daemonOptionsOf(d)
		for _, option := range [...]struct{ name, value string }{
			{"maxlen", o.maxLen}, {"group", o.group}, {"port", o.port}, {"ttl", o.ttl},
		} {
			if option.value != "" {
				b = fmt.Appendf(b, ", %s=%s", option.name, option.value)
			}
		}
		b = append(b, ")\n"...)
		if _, err := out.rows.Write(b); err != nil {
			return err
		}
	}
	return nil
}
