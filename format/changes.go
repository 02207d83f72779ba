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
		return append(append(b, "~ "...), TimeoutsRule(ch.Config)...)
	case ipvs.CommandNewDaemon:
		return append(append(b, "+ "...), DaemonRule(ch.Daemon)...)
	case ipvs.CommandDelDaemon:
		return fmt.Appendf(b, "- --stop-daemon %s", ch.Daemon.State)
	}
	return fmt.Appendf(b, "~ %s", ch.Command)
}

// TimeoutsRule is the rule that sets timeouts.
func TimeoutsRule(c ipvs.Config) string { return fmt.Sprintf("--set %d %d %d", c.TCP, c.TCPFin, c.UDP) }

// DaemonRule is the rule that starts a daemon as it runs.
func DaemonRule(d ipvs.Daemon) string {
	rule := fmt.Sprintf("--start-daemon %s --mcast-interface %s --syncid %d", d.State, d.Interface, d.SyncID)
	if d.MaxLen != 0 {
		rule += fmt.Sprintf(" --sync-maxlen %d", d.MaxLen)
	}
	if d.Group.IsValid() {
		rule += fmt.Sprintf(" --mcast-group %s", d.Group)
	}
	if d.Port != 0 {
		rule += fmt.Sprintf(" --mcast-port %d", d.Port)
	}
	if d.TTL != 0 {
		rule += fmt.Sprintf(" --mcast-ttl %d", d.TTL)
	}
	return rule
}
