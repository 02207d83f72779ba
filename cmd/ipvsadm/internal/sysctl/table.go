// SPDX-License-Identifier: Apache-2.0

// Package sysctl knows the settings of IPVS in /proc/sys/net/ipv4/vs, and reads and writes
// them.
package sysctl

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Setting is a setting that this program knows.
type Setting struct {
	Name    string
	Default string // in the initial network namespace; empty if it depends on the machine
	Since   string // the first version of Linux with the setting; empty before 5.15
	Help    string // in one line
	values  values
}

// values are those that a setting takes.
type values struct {
	kind     kind
	min, max int64 // of a number, or of each of a pair
}

type kind int

const (
	number kind = iota
	pair        // of numbers; the first is less than the second, unless that is 0
	power       // a power of two
	cpus        // a list of CPUs
)

const maxInt = math.MaxInt32

// maxSeconds is what the kernel can count in ticks, of which a second has up to a thousand.
const maxSeconds = maxInt / 1000

// maxConns is the kernel's limit, and the default. On a machine of 32 bits it is 1<<24.
const maxConns = 1 << 30

var (
	onOff   = values{number, 0, 1}
	count   = values{number, 0, maxInt}
	seconds = values{number, 0, maxSeconds}
	defence = values{number, 0, 3}
	lfactor = values{number, -8, 8}
)

// Settings has the known settings by name, as in vs_vars of ip_vs_ctl.c.
var Settings = []Setting{
	{"am_droprate", "10", "", "in mode 3 of drop_packet one of so many packets is dropped", count},
	{"amemthresh", "1024", "", "memory is short below so many free pages", count},
	{"backup_only", "0", "", "1: do not balance while the backup daemon runs", onOff},
	{"cache_bypass", "0", "", "1: if no server is left, send a packet to its original destination", onOff},
	{"conn_lfactor", "-4", "7.1", "connections per bucket before their table grows, as an exponent of 2", lfactor},
	{"conn_max", "1073741824", "7.2", "the highest number of connections", values{number, 0, maxConns}},
	{"conn_reuse_mode", "1", "", "a port of a client is used again: 0: same server, 1: pick one again, 2: in FIN_WAIT too", values{number, 0, 3}},
	{"conntrack", "0", "", "1: the firewall's connection tracking knows the connections of IPVS too", onOff},
	{"debug_level", "0", "", "what the kernel logs, from 0, errors, to 12, every packet", values{number, 0, 12}},
	{"drop_entry", "0", "", "drop idle connections: 0: never, 1, 2: if memory is short, 3: always", defence},
	{"drop_packet", "0", "", "drop packets: 0: never, 1, 2: if memory is short, 3: always", defence},
	{"est_cpulist", "", "6.2", "CPUs on which rates are computed, such as 0-3,8", values{kind: cpus}},
	{"est_nice", "0", "6.2", "nice value of the threads that compute rates", values{number, -20, 19}},
	{"expire_nodest_conn", "0", "", "1: end a connection at once when its server was deleted", onOff},
	{"expire_quiescent_template", "0", "", "1: a server with weight 0 loses its persistent clients too", onOff},
	{"ignore_tunneled", "0", "", "1: leave packets of protocols alone that IPVS does not know", onOff},
	{"lblc_expiration", "86400", "", "seconds until the scheduler lblc forgets an unused address", seconds},
	{"lblcr_expiration", "86400", "", "seconds until the scheduler lblcr forgets an unused address", seconds},
	{"nat_icmp_send", "0", "", "1: with -m tell a server by ICMP that its packet belongs to no connection", onOff},
	{"pmtu_disc", "1", "", "1: refuse packets that are too long and must not be fragmented, 0: fragment them", onOff},
	{"run_estimation", "1", "5.15", "0: sum up no counters, compute no rates", onOff},
	{"schedule_icmp", "0", "", "1: ICMP packets may begin a connection", onOff},
	{"secure_tcp", "0", "", "stricter TCP states: 0: never, 1, 2: if memory is short, 3: always", defence},
	{"sloppy_sctp", "0", "", "1: any SCTP packet may begin a connection", onOff},
	{"sloppy_tcp", "0", "", "1: any TCP packet may begin a connection", onOff},
	{"snat_reroute", "1", "", "1: route answers of masqueraded servers anew", onOff},
	{"svc_lfactor", "-3", "7.1", "services per bucket before their table grows, as an exponent of 2", lfactor},
	{"sync_persist_mode", "0", "", "1: send only the templates of persistent services to backups", onOff},
	{"sync_ports", "1", "", "threads and UDP ports of a sync daemon, a power of 2", values{power, 1, 64}},
	{"sync_qlen_max", "", "", "messages that may wait to be sent to backups", values{number, 0, math.MaxInt64}},
	{"sync_refresh_period", "0", "", "seconds until a connection is sent to backups again; 0: by sync_threshold", seconds},
	{"sync_retries", "0", "", "how often a connection is sent once more in the refresh period", values{number, 0, 3}},
	{"sync_sock_size", "0", "", "socket buffer of a sync daemon in bytes; 0: the system's default", count},
	{"sync_threshold", "3 50", "", "send a connection to backups at this packet, and then once in so many; 0: once", values{pair, 0, maxInt}},
	{"sync_version", "1", "", "0: messages in the form of kernels before 2.6.39", onOff},
}

// Find returns the setting with a name, or nil if it is unknown.
func Find(name string) *Setting {
	for i := range Settings {
		if Settings[i].Name == name {
			return &Settings[i]
		}
	}
	return nil
}

// Range says which values the setting takes.
func (s *Setting) Range() string {
	v := s.values
	switch v.kind {
	case pair:
		return "two numbers, such as 3,50, the first less than the second, or the second 0"
	case power:
		return fmt.Sprintf("a power of 2 from %d to %d", v.min, v.max)
	case cpus:
		return "a list of CPUs, such as 0-3,8"
	}
	return fmt.Sprintf("%d to %d", v.min, v.max)
}

// Parse returns a value as the kernel takes it. A comma may stand for the blank of a pair,
// because rules have no quotes.
func (s *Setting) Parse(text string) (value string, ok bool) {
	v := s.values
	switch v.kind {
	case cpus:
		return parseCPUs(text)
	case pair:
		words := strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == '\t' || r == ',' })
		if len(words) != 2 {
			return "", false
		}
		first, ok1 := v.number(words[0])
		second, ok2 := v.number(words[1])
		return fmt.Sprintf("%d %d", first, second), ok1 && ok2 && (first < second || second == 0)
	}
	n, ok := v.number(text)
	if v.kind == power {
		ok = ok && n&(n-1) == 0
	}
	return strconv.FormatInt(n, 10), ok
}

func (v values) number(text string) (n int64, ok bool) {
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil && text[0] != '+' && v.min <= n && n <= v.max
}
