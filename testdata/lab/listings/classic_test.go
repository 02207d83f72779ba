// SPDX-License-Identifier: Apache-2.0

package listings

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// readClassic reads what the original prints, too.
func readClassic(t *testing.T, m mode, output string) *reading {
	t.Helper()
	r := newReading()
	lines := strings.Split(strings.TrimSuffix(output, "\n"), "\n")
	switch m.subject {
	case timeouts:
		values := strings.Fields(strings.TrimPrefix(output, "Timeout (tcp tcpfin udp):"))
		r.say("", "", "timeouts.tcp", values[0], "timeouts.tcp_fin", values[1], "timeouts.udp", values[2])
	case daemons:
		for _, line := range lines[:strings.Count(output, "\n")] {
			r.sayDaemonLine(line)
		}
	case connections:
		for _, line := range lines[2:] {
			r.sayConnectionLine(t, line)
		}
	default:
		titles := slices.IndexFunc(lines, func(line string) bool { return strings.HasPrefix(line, "  -> RemoteAddress:Port") })
		service := ""
		if version := classicVersion.FindStringSubmatch(lines[0]); version != nil {
			r.say("", "", "version", version[1], "connection_table_size", version[2])
		}
		for _, line := range lines[titles+1:] {
			if to, ok := strings.CutPrefix(line, "  -> "); ok {
				words := strings.Fields(to)
				r.begin(service, words[0])
				r.say(service, words[0], columns(m, words[1:])...)
				continue
			}
			service = r.sayServiceLine(m, line)
		}
	}
	return r
}

var classicVersion = regexp.MustCompile(`^IP Virtual Server version (\S+) \(size=(\d+)\)$`)

var daemonLine = regexp.MustCompile(`^(master|backup) sync daemon \(mcast=(\S+), syncid=(\d+), maxlen=(\d+), group=(\S+), port=(\d+), ttl=(\d+)\)$`)

func (r *reading) sayDaemonLine(line string) {
	v := daemonLine.FindStringSubmatch(line)
	if v == nil {
		v = []string{7: line}
	}
	r.begin(v[1], "")
	r.say(v[1], "", "state", v[1], "interface", v[2], "syncid", v[3], "maxlen", v[4], "group", v[5], "port", v[6], "ttl", v[7])
}

func (r *reading) sayConnectionLine(t *testing.T, line string) {
	t.Helper()
	words := strings.Fields(line)
	id := words[0] + " " + strings.Join(words[3:6], " ")
	minutes, seconds, _ := strings.Cut(words[1], ":")
	expires, err := time.ParseDuration(minutes + "m" + seconds + "s")
	must(t, err)
	r.begin(id, "")
	r.say(id, "", "protocol", words[0], "expires", int(expires.Seconds()), "state", words[2])
	for i, name := range []string{"client", "virtual", "destination"} {
		end, err := netip.ParseAddrPort(words[3+i])
		must(t, err)
		r.say(id, "", name+".address", end.Addr(), name+".port", end.Port())
	}
}

// sayServiceLine reads a line such as "TCP  10.0.0.1:80 sh (sh-port) persistent 300 mask 255.255.255.0 pe sip ops".
func (r *reading) sayServiceLine(m mode, line string) (id string) {
	words := strings.Fields(line)
	id, rest := words[0]+" "+words[1], words[2:]
	if len(rest) > 0 && rest[0] == "IPv6" {
		id, rest = id+" IPv6", rest[1:]
	}
	r.begin(id, "")
	if m.words == "--stats" || m.words == "--rate" {
		r.say(id, "", columns(m, rest)...)
		return id
	}
	r.say(id, "", "scheduler", rest[0])
	for i := 1; i < len(rest); i++ {
		switch word := rest[i]; word {
		case "persistent":
			i++
			r.say(id, "", "persistence_timeout", rest[i])
		case "mask":
			i++
			r.say(id, "", "netmask", rest[i])
		case "pe":
			i++
			r.say(id, "", "persistence_engine", rest[i])
		case "ops":
		default:
			r.say(id, "", "scheduler_flags", strings.Trim(word, "()"))
		}
	}
	return id
}

// columnNames are the facts of the columns behind the address.
var columnNames = map[string][]string{
	"":                  {"forward", "weight", "active_connections", "inactive_connections"},
	"--stats":           {"stats.connections", "stats.incoming_packets", "stats.outgoing_packets", "stats.incoming_bytes", "stats.outgoing_bytes"},
	"--rate":            {"rates.connections", "rates.incoming_packets", "rates.outgoing_packets", "rates.incoming_bytes", "rates.outgoing_bytes"},
	"--thresholds":      {"upper_threshold", "lower_threshold", "active_connections", "inactive_connections"},
	"--persistent-conn": {"weight", "persistent_connections", "active_connections", "inactive_connections"},
	"--tun-info":        {"forward", "tunnel", "weight", "active_connections", "inactive_connections"},
}

func columns(m mode, words []string) (pairs []any) {
	for i, name := range columnNames[m.words] {
		switch {
		case i >= len(words):
		case name == "tunnel":
			pairs = append(pairs, tunnel(words[i])...)
		default:
			pairs = append(pairs, name, words[i])
		}
	}
	return pairs
}

// tunnel reads a word such as gue:6080:+c.
func tunnel(word string) []any {
	kind, rest, _ := strings.Cut(word, ":")
	if kind == "n/a" {
		return nil
	}
	port, check, found := strings.Cut(rest, ":")
	if !found {
		port, check = "", rest
	}
	return []any{"tunnel.type", kind, "tunnel.port", port, "tunnel.flags", map[string]string{"+c": "csum", "r+c": "remcsum"}[check]}
}

// showsClassic tells what has a column.
func showsClassic(m mode, a about, _ string) bool {
	switch {
	case m.subject == connections:
		return !strings.HasPrefix(a.name, "persistence_") && !strings.HasSuffix(a.name, ".family") && a.name != "entries"
	case m.subject != services:
		return true
	case a.name == "version", a.name == "connection_table_size":
		return true
	case a.destination == "" && m.words != "--stats" && m.words != "--rate":
		return a.name == "scheduler" || a.name == "scheduler_flags" || strings.HasPrefix(a.name, "persistence_")
	case strings.HasPrefix(a.name, "tunnel."):
		return m.words == "--tun-info"
	}
	return slices.Contains(columnNames[m.words], a.name)
}
