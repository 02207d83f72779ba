package format

import (
	"fmt"
	"io"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// Timeouts writes the line of --timeout.
func Timeouts(w io.Writer, c ipvs.Config) error {
	_, err := fmt.Fprintf(w, "Timeout (tcp tcpfin udp): %d %d %d\n", c.TCP, c.TCPFin, c.UDP)
	return err
}

// Daemons writes a line for each sync daemon, with the values that the kernel
// reports.
func Daemons(w io.Writer, daemons []ipvs.Daemon) error {
	for _, d := range daemons {
		b := fmt.Appendf(nil, "%s sync daemon (mcast=%s, syncid=%d", d.State, d.Interface, d.SyncID)
		if d.MaxLen != 0 {
			b = fmt.Appendf(b, ", maxlen=%d", d.MaxLen)
		}
		if d.Group.IsValid() {
			b = fmt.Appendf(b, ", group=%s", d.Group)
		}
		if d.Port != 0 {
			b = fmt.Appendf(b, ", port=%d", d.Port)
		}
		if d.TTL != 0 {
			b = fmt.Appendf(b, ", ttl=%d", d.TTL)
		}
		b = append(b, ")\n"...)
		if _, err := w.Write(b); err != nil {
			return err
		}
	}
	return nil
}
