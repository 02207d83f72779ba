// SPDX-License-Identifier: Apache-2.0

package format

import (
	"fmt"
	"io"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// Marks of changes.
const (
	addedMark   = '+'
	editedMark  = '~'
	deletedMark = '-'
	presentMark = '=' // of what is there at the start
)

// Changes writes changes as rules, one per line. A mark comes before each rule: + for
// what is added, ~ for what is edited, - for what is deleted. As in Rules, a rule that would
// be refused, or would change something else, is a comment.
func Changes(w io.Writer, changes []ipvs.Change) error {
	var b []byte
	for i := range changes {
		b = append(appendChange(append(b[:0], markOf(changes[i]), ' '), changes[i]), '\n')
		if _, err := w.Write(b); err != nil {
			return err
		}
	}
	return nil
}

// Rule is the rule that makes a change, such as -D -t 10.0.0.1:80.
func Rule(ch ipvs.Change) string { return string(appendRule(nil, ch)) }

func markOf(ch ipvs.Change) byte {
	switch ch.Command() {
	case ipvs.CommandNewService, ipvs.CommandNewDestination, ipvs.CommandNewDaemon:
		return addedMark
	case ipvs.CommandDelService, ipvs.CommandDelDestination, ipvs.CommandDelDaemon, ipvs.CommandFlush:
		return deletedMark
	}
	return editedMark
}

// appendChange writes the rule that makes a change, as a comment if no rule does.
func appendChange(b []byte, ch ipvs.Change) []byte {
	if !expressible(ch) {
		b = append(b, "# "...)
	}
	return appendRule(b, ch)
}

// expressible tells whether a rule makes the change, apart from single settings.
func expressible(ch ipvs.Change) bool {
	service, destination := ch.Service(), ch.Destination()
	ok := true
	switch ch.Command() {
	case ipvs.CommandNewService, ipvs.CommandSetService:
		_, ok = inexpressibleService(&service)
	case ipvs.CommandNewDestination, ipvs.CommandSetDestination:
		_, ok = inexpressibleDestination(&service, &destination)
		ok = ok && nameable(service.ServiceID)
	case ipvs.CommandDelService, ipvs.CommandDelDestination:
		ok = nameable(service.ServiceID)
	case ipvs.CommandSetConfig:
		_, settings := expressibleTimeouts(ch.Timeouts())
		ok = len(settings) == 0
	case ipvs.CommandNewDaemon:
		daemon := ch.Daemon()
		ok = len(inexpressibleDaemon(&daemon)) == 0
	}
	return ok
}

func appendRule(b []byte, ch ipvs.Change) []byte {
	service, destination := ch.Service(), ch.Destination()
	s, d := &service, &destination
	switch ch.Command() {
	case ipvs.CommandNewService:
		return appendServiceSettings(append(b, "-A "...), nil, s)
	case ipvs.CommandSetService:
		return appendServiceSettings(append(b, "-E "...), nil, s)
	case ipvs.CommandDelService:
		return appendServiceOption(append(b, "-D "...), nil, s)
	case ipvs.CommandNewDestination:
		return appendDestinationSettings(append(b, "-a "...), nil, s, d)
	case ipvs.CommandSetDestination:
		return appendDestinationSettings(append(b, "-e "...), nil, s, d)
	case ipvs.CommandDelDestination:
		return appendServer(append(b, "-d "...), nil, s, d)
	case ipvs.CommandSetConfig:
		t := ch.Timeouts()
		return fmt.Appendf(b, "--set %d %d %d", t.TCP, t.TCPFin, t.UDP)
	case ipvs.CommandNewDaemon:
		daemon := ch.Daemon()
		return appendDaemonRule(b, &daemon)
	case ipvs.CommandDelDaemon:
		return fmt.Appendf(b, "--stop-daemon %s", ch.Daemon().State)
	case ipvs.CommandZero:
		b = append(b, "-Z"...)
		if s.ServiceID != (ipvs.ServiceID{}) {
			b = appendServiceOption(append(b, ' '), nil, s)
		}
		return b
	case ipvs.CommandFlush:
		return append(b, "-C"...)
	}
	return fmt.Append(b, ch.Command())
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
