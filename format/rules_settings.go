// SPDX-License-Identifier: Apache-2.0

package format

import (
	"io"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// Settings writes the rules that restore the timeouts and the sync daemons. As in
// Rules, comments and warnings name what no rule can express.
func Settings(w io.Writer, timeouts ipvs.Timeouts, daemons []ipvs.Daemon) (warnings []string, err error) {
	var r rules
	expressible, inexpressible := expressibleTimeouts(timeouts)
	r.warn("timeouts", inexpressible)
	r.buf = append(append(r.buf, Rule(ipvs.SetTimeouts(expressible))...), '\n')
	for i := range daemons {
		d := &daemons[i]
		inexpressible := inexpressibleDaemon(d)
		r.warn(d.State.String()+" sync daemon", inexpressible)
		start := len(r.buf)
		r.buf = append(appendDaemonRule(r.buf, d), '\n')
		r.commentUnless(len(inexpressible) == 0, start)
	}
	_, err = w.Write(r.buf)
	return r.warnings, err
}
