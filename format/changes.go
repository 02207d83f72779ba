package format

import (
	"fmt"
	"io"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// Changes writes changes as rules, one a line: + before what is added, ~ before
// what is edited, - before what goes.
func Changes(w io.Writer, changes []ipvs.Change) error {
	var b []byte
	for i := range changes {
		b = append(appendChange(b[:0], &changes[i]), '\n')
		if _, err := w.Write(b); err != nil {
			return err
		}
	}
	return nil
}

// Rule is the rule that makes a change, as "-D -t 10.0.0.1:80".
func Rule(ch ipvs.Change) string { return string(appendChange(nil, &ch)[2:]) }

// appendChange writes a mark, a blank and the rule.
func appendChange(b []byte, ch *ipvs.Change) []byte {
	s, d := &ch.Service, &ch.Destination
	switch ch.Command {
	case ipvs.CommandNewService:
		return appendServiceSettings(append(b, "+ -A "...), nil, s)
	case ipvs.CommandSetService:
		return appendServiceSettings(append(b, "~ -E "...), nil, s)
	case ipvs.CommandDelService:
		return appendServiceOption(append(b, "- -D "...), nil, s)
	case ipvs.CommandNewDestination:
		return appendDestinationSettings(append(b, "+ -a "...), nil, s, d)
	case ipvs.CommandSetDestination:
		return appendDestinationSettings(append(b, "~ -e "...), nil, s, d)
	case ipvs.CommandDelDestination:
		return appendServer(append(b, "- -d "...), nil, s, d)
	case ipvs.CommandSetConfig:
		return fmt.Appendf(b, "~ --set %d %d %d", ch.Config.TCP, ch.Config.TCPFin, ch.Config.UDP)
	case ipvs.CommandNewDaemon:
		return appendDaemonRule(append(b, "+ "...), &ch.Daemon)
	case ipvs.CommandDelDaemon:
		return fmt.Appendf(b, "- --stop-daemon %s", ch.Daemon.State)
	case ipvs.CommandZero:
		b = append(b, "~ -Z"...)
		if s.ServiceID != (ipvs.ServiceID{}) {
			b = appendServiceOption(append(b, ' '), nil, s)
		}
		return b
	case ipvs.CommandFlush:
		return append(b, "- -C"...)
	}
	return fmt.Appendf(b, "~ %s", ch.Command)
}

func appendDaemonRule(b []byte, d *ipvs.Daemon) []byte {
	b = fmt.Appendf(b, "--start-daemon %s --mcast-interface %s --syncid %d", d.State, d.Interface, d.SyncID)
	if d.MaxLen != 0 {
		b = fmt.Appendf(b, " --sync-maxlen %d", d.MaxLen)
	}
	if d.Group.IsValid() {
		b = fmt.Appendf(b, " --mcast-group %s", d.Group)
	}
	if d.Port != 0 {
		b = fmt.Appendf(b, " --mcast-port %d", d.Port)
	}
	if d.TTL != 0 {
		b = fmt.Appendf(b, " --mcast-ttl %d", d.TTL)
	}
	return b
}
