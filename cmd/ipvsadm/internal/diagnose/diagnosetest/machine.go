// SPDX-License-Identifier: Apache-2.0

// Package diagnosetest has machines for tests of diagnoses.
package diagnosetest

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/diagnose"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/resolve"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/rules"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// Machine has facts that a test has written down, a line each:
//
//	-A -t 10.0.0.1:80                       rules, as ipvsadm-restore takes them
//	traffic 10.0.0.1:80 10.0.0.11:80 conns=3 in=9 out=0 active=3
//	direct 10.0.0.1:80 10.0.0.11:8080       a server of -m gets -g, as other programs can do it
//	link eth0 [down] [nocarrier] [noarp] [enslaved] [loopback] [kind=dummy] [mtu=1500] [nomulticast]
//	address 10.0.0.254/24 eth0 [tentative|duplicate|host]
//	route 10.9.0.0/16 [via 10.0.0.7] eth0   also "route default via ..."
//	route local|unreachable 10.0.0.1/32     without an interface
//	route local 10.0.0.0/24 mark=7          for packets with a mark
//	route default via 10.0.0.9 eth0 from=10.0.0.11 advmss=1440 mtu=1500
//	neighbour 10.0.0.11 eth0 02:00:00:00:00:01|incomplete|failed
//	answer 10.0.0.1 eth0 02:00:00:00:00:01  of another machine that has the address
//	policy mark=7 table=100
//	policy selective                        a rule that goes by an interface, for example
//	sysctl net/ipv4/ip_forward=1            those that are missing have the kernel's defaults
//	no sysctl net/ipv4/vs/conntrack         the kernel lacks it
//	listener tcp 0.0.0.0:80
//	daemon master|backup eth0 7
//	timeouts 900 120 300
//	module|manager|release NAME
//	configured conntrack=1 /etc/sysctl.d/lvs.conf
//	iptables filter INPUT DROP              a chain with its policy, and after that its rules:
//	iptables -A INPUT -p tcp -j ACCEPT
//	firewall partial                        there may be other rules
//	counter IPReversePathFilter 7
//	conntable buckets=4096 entries=7 nodes=7 crowded=0
//	connections 10.0.0.1:80 10.0.0.11:80 192.0.2.7 50 [SYN_RECV]    so many of a client
//	lro eth0
//	lacks ip_vs_mh
//	vendor Amazon EC2
//	boot -A -t 10.0.0.1:80                  or "boot elsewhere"; without, the file has the table
//	unreadable addresses                    or table, routes and so on; answers6: those with IPv6
//	without CAP_NET_ADMIN
//
// The interfaces lo and eth0 are always there. Routes follow from addresses, as in the kernel.
type Machine struct {
	// Used is what was read.
	Used diagnose.Source

	table      ipvs.Table
	daemons    []ipvs.Daemon
	timeouts   ipvs.Timeouts
	links      []diagnose.Link
	addresses  []diagnose.Address
	neighbours []diagnose.Neighbour
	answers    []diagnose.Neighbour
	rules      []diagnose.PolicyRule
	routes     []route
	listeners  map[string][]netip.AddrPort
	modules    []string
	managers   []string
	release    string
	configured []diagnose.Configured
	sysctls    map[string]string
	iptables   string // as iptables-save writes it
	partial    bool
	counters   map[string]uint64
	connTable  diagnose.ConnTable
	conns      []ipvs.ConnEntry
	lro        []string
	lacking    []string
	vendor     string
	boot       []string
	elsewhere  bool
	incomplete error
	unreadable map[string]bool
}

// New returns a machine with facts.
func New(t *testing.T, facts string) *Machine {
	t.Helper()
	m := &Machine{
		release: "6.1.0-56-amd64", timeouts: ipvs.Timeouts{TCP: 900, TCPFin: 120, UDP: 300},
		listeners: map[string][]netip.AddrPort{}, sysctls: map[string]string{}, unreadable: map[string]bool{},
		counters: map[string]uint64{}, connTable: diagnose.ConnTable{Buckets: 4096},
	}
	m.link([]string{"lo", "loopback"})
	m.link([]string{"eth0"})
	var ruleLines, traffic []string
	for line := range strings.Lines(facts) {
		line = strings.TrimSpace(line)
		switch {
		case line == "":
		case strings.HasPrefix(line, "-"):
			ruleLines = append(ruleLines, line)
		case strings.HasPrefix(line, "traffic "), strings.HasPrefix(line, "direct "):
			traffic = append(traffic, line)
		default:
			m.fact(line)
		}
	}
	m.table = tableOf(ruleLines, func(text string) { t.Error(text) })
	for _, line := range traffic {
		m.editServer(strings.Fields(line))
	}
	return m
}

// tableOf returns the services of rules.
func tableOf(lines []string, complain func(string)) ipvs.Table {
	desired := rules.NewDesired()
	report := &rules.Report{Print: complain, Describe: func(err error) string { return err.Error() }, Hint: func(error) string { return "" }}
	desired.Read(strings.NewReader(strings.Join(lines, "\n")), NoNames(), report)
	desired.ReportDiagnostics(report)
	report.Close()
	return desired.Table()
}

// NoNames returns a resolver without a network.
func NoNames() *resolve.Resolver {
	return resolve.New(func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("no network") })
}

// fact adds a fact other than rules.
func (m *Machine) fact(line string) {
	word, rest, _ := strings.Cut(line, " ")
	words := strings.Fields(rest)
	switch word {
	case "link":
		m.link(words)
	case "address":
		m.addresses = append(m.addresses, diagnose.Address{
			Prefix: netip.MustParsePrefix(words[0]), Link: words[1],
			HostScope: slices.Contains(words, "host"),
			Tentative: slices.Contains(words, "tentative"), Duplicate: slices.Contains(words, "duplicate"),
		})
	case "route":
		m.route(words)
	case "neighbour":
		n := diagnose.Neighbour{Addr: netip.MustParseAddr(words[0]), Link: words[1]}
		switch words[2] {
		case "incomplete":
			n.State = diagnose.NeighbourIncomplete
		case "failed":
			n.State = diagnose.NeighbourFailed
		default:
			n.MAC = words[2]
		}
		m.neighbours = append(m.neighbours, n)
	case "answer":
		m.answers = append(m.answers, diagnose.Neighbour{Addr: netip.MustParseAddr(words[0]), Link: words[1], MAC: words[2]})
	case "policy":
		m.rules = append(m.rules, diagnose.PolicyRule{Mark: uint32(number(words, "mark")), Mask: ^uint32(0), Table: number(words, "table"), Selective: slices.Contains(words, "selective")})
	case "sysctl":
		name, value, _ := strings.Cut(rest, "=")
		m.sysctls[name] = value
	case "no":
		m.sysctls[words[1]] = "none"
	case "listener":
		m.listeners[strings.ToUpper(words[0])] = append(m.listeners[strings.ToUpper(words[0])], netip.MustParseAddrPort(words[1]))
	case "daemon":
		state := ipvs.Master
		if words[0] == "backup" {
			state = ipvs.Backup
		}
		id, _ := strconv.Atoi(words[2])
		m.daemons = append(m.daemons, ipvs.Daemon{State: state, Interface: words[1], SyncID: uint32(id)})
	case "timeouts":
		m.timeouts = ipvs.Timeouts{TCP: atoi(words[0]), TCPFin: atoi(words[1]), UDP: atoi(words[2])}
	case "module":
		m.modules = append(m.modules, words[0])
	case "manager":
		m.managers = append(m.managers, words[0])
	case "configured":
		file := words[len(words)-1]
		name, value, _ := strings.Cut(strings.TrimSuffix(rest, " "+file), "=")
		m.configured = append(m.configured, diagnose.Configured{Name: name, Value: value, File: file})
	case "release":
		m.release = rest
	case "unreadable":
		m.unreadable[words[0]] = true
	case "iptables":
		if words[0] == "-A" {
			m.iptables += rest + "\n"
			break
		}
		if m.iptables != "" {
			m.iptables += "COMMIT\n"
		}
		m.iptables += "*" + words[0] + "\n:" + words[1] + " " + words[2] + " [0:0]\n"
	case "firewall":
		m.partial = true
	case "counter":
		m.counters[words[0]] = uint64(atoi(words[1]))
	case "conntable":
		m.connTable = diagnose.ConnTable{
			Buckets: uint64(number(words, "buckets")), Entries: uint64(number(words, "entries")),
			Nodes: uint64(number(words, "nodes")), Crowded: uint64(number(words, "crowded")),
		}
	case "connections":
		c := ipvs.ConnEntry{Protocol: "TCP", State: "ESTABLISHED", Virtual: netip.MustParseAddrPort(words[0]), Destination: netip.MustParseAddrPort(words[1])}
		if len(words) > 4 {
			c.State = words[4]
		}
		for i := range atoi(words[3]) {
			c.Client = netip.AddrPortFrom(netip.MustParseAddr(words[2]), uint16(1024+i))
			m.conns = append(m.conns, c)
		}
	case "lro":
		m.lro = append(m.lro, words...)
	case "lacks":
		m.lacking = append(m.lacking, words...)
	case "vendor":
		m.vendor = rest
	case "boot":
		if m.elsewhere = rest == "elsewhere"; !m.elsewhere {
			m.boot = append(m.boot, rest)
		}
	case "without":
		m.incomplete = errors.New("that needs the capability " + words[0])
	default:
		panic("what is " + line + "?")
	}
}

func (m *Machine) link(words []string) {
	l := diagnose.Link{Name: words[0], MTU: 1500, Up: true, Carrier: true, ARP: true, Multicast: true}
	for _, word := range words[1:] {
		switch key, value, _ := strings.Cut(word, "="); key {
		case "down":
			l.Up, l.Carrier = false, false
		case "nocarrier":
			l.Carrier = false
		case "noarp":
			l.ARP = false
		case "enslaved":
			l.Enslaved = true
		case "loopback":
			l.Loopback = true
		case "nomulticast":
			l.Multicast = false
		case "kind":
			l.Kind = value
		case "mtu":
			l.MTU = int(atoi(value))
		}
	}
	m.links = slices.DeleteFunc(m.links, func(other diagnose.Link) bool { return other.Name == l.Name })
	m.links = append(m.links, l)
}

// editServer sets the counters of a server, or its forwarding method.
func (m *Machine) editServer(words []string) {
	word, words := words[0], words[1:]
	for i := range m.table {
		for j := range m.table[i].Destinations {
			d := &m.table[i].Destinations[j]
			if !strings.HasSuffix(m.table[i].Service.ServiceID.String(), words[0]) || d.DestinationID.String() != words[1] {
				continue
			}
			if word == "direct" {
				d.Forward = ipvs.DirectRoute
				continue
			}
			d.Stats.Conns, d.Stats.InPkts, d.Stats.OutPkts = uint64(number(words, "conns")), uint64(number(words, "in")), uint64(number(words, "out"))
			d.ActiveConns, d.InactiveConns = uint32(number(words, "active")), uint32(number(words, "inactive"))
		}
	}
}

func atoi(text string) uint32 {
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		panic(err)
	}
	return uint32(n)
}

// number returns the value of a word such as mark=7, or 0.
func number(words []string, key string) int {
	for _, word := range words {
		if value, ok := strings.CutPrefix(word, key+"="); ok {
			return int(atoi(value))
		}
	}
	return 0
}
