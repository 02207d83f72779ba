// SPDX-License-Identifier: Apache-2.0

package format

import (
	"fmt"
	"io"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// Changes writes changes as rules, one per line. A mark comes before each rule: + for
// what is added, ~ for what is edited, - for what is deleted.
func Changes(w io.Writer, changes []ipvs.Change) error {
	var b []byte
	for i := range changes {
		b = append(appendChange(b[:0], changes[i]), '\n')
		if _, err := w.Write(b); err != nil {
			return err
		}
	}
	return nil
}

// Rule is the rule that makes a change, such as -D -t 10.0.0.1:80.
func Rule(ch ipvs.Change) string { return string(appendChange(nil, ch)[2:]) }

// appendChange writes the mark, a blank and the rule.
func appendChange(b []byte, ch ipvs.Change) []byte {
	service, destination := ch.Service(), ch.Destination()
	s, d := &service, &destination
	switch ch.Command() {
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
		t := ch.Timeouts()
		return fmt.Appendf(b, "~ --set %d %d %d", t.TCP, t.TCPFin, t.UDP)
	case ipvs.CommandNewDaemon:
		daemon := ch.Daemon()
		return appendDaemonRule(append(b, "+ "...), &daemon)
	case ipvs.CommandDelDaemon:
		return fmt.Appendf(b, "- --stop-daemon %s", ch.Daemon().State)
	case ipvs.CommandZero:
		b = append(b, "~ -Z"...)
		if s.ServiceID != (ipvs.ServiceID{}) {
			b = appendServiceOption(append(b, ' '), nil, s)
		}
		return b
	case ipvs.CommandFlush:
		return append(b, "- -C"...)
	}
	return fmt.Appendf(b, "~ %s", ch.Command())
}

func appendDaemonRule(b []byte, d *ipvs.Daemon) []byte {
	b = fmt.Appendf(b, "--start-daemon %s --mcast-interface %s --syncid %d", d.State, d.Interface, d.SyncID)
	o := daemonOptionsOf(d)
	for _, option := range [...]struct{ name, value string }{
		{"--sync-maxlen", o.maxLen}, {"--mcast-group", o.group}, {"--mcast-port", o.port}, {"--mcast-ttl", o.ttl},
	} {
		if option.value != "" {
			b = fmt.Appendf(b, " %s %s", option.name, option.value)
		}
	}
	return b
}
