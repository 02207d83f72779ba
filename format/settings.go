package format

import (
	"fmt"
	"io"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// Settings writes the rules that set the timeouts and start the sync daemons
// again. As for Rules, what no rule can express is named in a comment and in a
// warning.
func Settings(w io.Writer, c ipvs.Config, daemons []ipvs.Daemon) (warnings []string, err error) {
	var r rules
	r.buf = fmt.Appendf(r.buf, "%s\n", Rule(ipvs.SetConfig(c)))
	for i := range daemons {
		d := &daemons[i]
		usable := isWord(d.Interface)
		if !usable {
			r.warn(d.State.String()+" sync daemon", []string{fmt.Sprintf("interface %q", d.Interface)})
		}
		start := len(r.buf)
		r.buf = append(appendDaemonRule(r.buf, d), '\n')
		r.comment(usable, start)
	}
	_, err = w.Write(r.buf)
	return r.warnings, err
}
