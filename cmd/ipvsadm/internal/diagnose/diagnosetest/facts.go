// SPDX-License-Identifier: Apache-2.0

package diagnosetest

import (
	"fmt"
	"io/fs"
	"iter"
	"net/netip"
	"slices"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/diagnose"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/firewall"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/sysctl"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// reads notes what is read, and returns the error for what is unreadable.
func (m *Machine) reads(s diagnose.Source, name string) error {
	m.Used |= s
	if m.unreadable[name] {
		return fmt.Errorf("%s: permission denied", name)
	}
	return nil
}

// Table returns the services of the rules.
func (m *Machine) Table() (ipvs.Table, error) {
	return m.table, m.reads(diagnose.TheTable, "table")
}

// Complete returns the error that counters have been given.
func (m *Machine) Complete() error {
	m.Used |= diagnose.TheCounters
	return m.incomplete
}

// Daemons returns the sync daemons.
func (m *Machine) Daemons() ([]ipvs.Daemon, error) {
	return m.daemons, m.reads(diagnose.TheDaemons, "daemons")
}

// Timeouts returns the timeouts.
func (m *Machine) Timeouts() (ipvs.Timeouts, error) {
	return m.timeouts, m.reads(diagnose.TheTimeouts, "timeouts")
}

// Links returns the interfaces.
func (m *Machine) Links() ([]diagnose.Link, error) {
	return m.links, m.reads(diagnose.TheLinks, "links")
}

// Addresses returns the addresses.
func (m *Machine) Addresses() ([]diagnose.Address, error) {
	return m.addresses, m.reads(diagnose.TheAddresses, "addresses")
}

// Neighbours returns the neighbours.
func (m *Machine) Neighbours() ([]diagnose.Neighbour, error) {
	return m.neighbours, m.reads(diagnose.TheNeighbours, "neighbours")
}

// WhoHas returns the answers to questions for addresses.
func (m *Machine) WhoHas(places []diagnose.Place) (answers []diagnose.Neighbour, err error) {
	for _, a := range m.answers {
		if slices.Contains(places, diagnose.Place{Addr: a.Addr, Link: a.Link}) {
			answers = append(answers, a)
		}
	}
	if len(places) > 0 && places[0].Addr.Is6() && m.unreadable["answers6"] {
		return nil, m.reads(diagnose.TheAnswers, "answers6")
	}
	return answers, m.reads(diagnose.TheAnswers, "answers")
}

// PolicyRules returns the policy rules.
func (m *Machine) PolicyRules() ([]diagnose.PolicyRule, error) {
	return m.rules, m.reads(diagnose.ThePolicyRules, "policy")
}

// Listeners returns the listening sockets.
func (m *Machine) Listeners(p ipvs.Protocol) ([]netip.AddrPort, error) {
	return m.listeners[p.String()], m.reads(diagnose.TheListeners, "listeners")
}

// Release returns the release of the kernel.
func (m *Machine) Release() (string, error) {
	return m.release, m.reads(diagnose.TheRelease, "release")
}

// Modules returns the loaded modules.
func (m *Machine) Modules() ([]string, error) {
	return m.modules, m.reads(diagnose.TheModules, "modules")
}

// Managers returns the programs that change the table.
func (m *Machine) Managers() ([]string, error) {
	return m.managers, m.reads(diagnose.TheManagers, "managers")
}

// Configured returns what files of sysctl.d set.
func (m *Machine) Configured() ([]diagnose.Configured, error) {
	return m.configured, m.reads(diagnose.TheSysctlFiles, "configured")
}

// Firewall returns the rules of iptables.
func (m *Machine) Firewall() (firewall.Ruleset, error) {
	if err := m.reads(diagnose.TheFirewall, "firewall"); err != nil {
		return firewall.Ruleset{}, err
	}
	text := m.iptables
	if text != "" {
		text += "COMMIT\n"
	}
	rules, err := firewall.ParseIPTables(text, false)
	if m.partial {
		rules.Partial = "nft is not installed"
	}
	return rules, err
}

// Counter returns a counter, or 0.
func (m *Machine) Counter(name string) (uint64, error) {
	return m.counters[name], m.reads(diagnose.ThePackets, "counters")
}

// ConnTable returns the size of the table of connections.
func (m *Machine) ConnTable() (diagnose.ConnTable, error) {
	return m.connTable, m.reads(diagnose.TheConnTable, "conntable")
}

// Connections yields the connections.
func (m *Machine) Connections() iter.Seq2[ipvs.ConnEntry, error] {
	return func(yield func(ipvs.ConnEntry, error) bool) {
		if err := m.reads(diagnose.TheConnections, "connections"); err != nil {
			yield(ipvs.ConnEntry{}, err)
			return
		}
		for _, c := range m.conns {
			if !yield(c, nil) {
				return
			}
		}
	}
}

// LRO tells whether an interface has it.
func (m *Machine) LRO(link string) (bool, error) {
	return slices.Contains(m.lro, link), m.reads(diagnose.TheHardware, "lro")
}

// Lacks tells whether there is no such module.
func (m *Machine) Lacks(module string) (bool, error) {
	return slices.Contains(m.lacking, module), m.reads(diagnose.TheInstalled, "installed")
}

// Vendor returns who has made the machine.
func (m *Machine) Vendor() (string, error) {
	return m.vendor, m.reads(diagnose.TheVendor, "vendor")
}

// BootRules returns the rules of the boot file, which has the table unless the facts say
// otherwise.
func (m *Machine) BootRules() (diagnose.BootRules, error) {
	b := diagnose.BootRules{Path: "/etc/ipvsadm.rules", Elsewhere: m.elsewhere, Table: m.table}
	if len(m.boot) > 0 {
		b.Table = tableOf(m.boot, func(string) {}) // a file may have errors
	}
	return b, m.reads(diagnose.TheBootRules, "boot")
}

// Setting returns a sysctl, or the kernel's default.
func (m *Machine) Setting(path ...string) (string, error) {
	if err := m.reads(diagnose.TheSettings, "sysctls"); err != nil {
		return "", err
	}
	name := strings.Join(path, "/")
	value, found := m.sysctls[name]
	known := sysctl.Find(path[len(path)-1])
	switch {
	case value == "none":
	case found:
		return value, nil
	case strings.HasPrefix(name, "net/ipv4/vs/") && known != nil && known.Since == "":
		return known.Default, nil
	case strings.HasPrefix(name, "net/ipv4/conf/"), strings.HasPrefix(name, "net/ipv6/conf/"), name == "net/ipv4/ip_forward":
		return "0", nil
	case name == "net/ipv4/tcp_keepalive_time":
		return "7200", nil
	}
	return "", fmt.Errorf("/proc/sys/%s: %w", name, fs.ErrNotExist)
}
