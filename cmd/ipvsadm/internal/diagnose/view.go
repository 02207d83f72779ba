// SPDX-License-Identifier: Apache-2.0

package diagnose

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/firewall"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// view is what a check sees: facts of which each is read once, the services that are
// diagnosed, and, in other files, what follows from more than one fact.
type view struct {
	facts   Facts
	options Options
	lacks   func(module string) (bool, error)
	// otherPorts has the ports that were written for servers of a rules file.
	otherPorts map[Server]uint16
	read       struct {
		table      answer[ipvs.Table]
		daemons    answer[[]ipvs.Daemon]
		timeouts   answer[ipvs.Timeouts]
		links      answer[[]Link]
		addresses  answer[[]Address]
		neighbours answer[[]Neighbour]
		rules      answer[[]PolicyRule]
		modules    answer[[]string]
		managers   answer[[]string]
		clients    answer[map[connsTo]map[netip.Prefix]int]
		settings   map[string]answer[string]
		routes     map[Query]answer[Route]
		virtuals   answer[[]virtual]
		isVirtual  answer[map[netip.Addr]bool]
		backends   answer[[]backend]
		byAddr     answer[map[netip.Addr][]Address]
		linkOf     answer[map[string]*Link]
		seenAt     answer[map[location]*Neighbour]
		silent     answer[[]string]
		networks   answer[map[string][]netip.Prefix]
		firewall   answer[firewall.Ruleset]
		connTable  answer[ConnTable]
		answering  answer[map[netip.Addr]bool]
		listeners  map[ipvs.Protocol]answer[[]netip.AddrPort]
		whoHas     map[ipvs.Family]answer[map[netip.Addr][]Neighbour]
	}
}

func newView(facts Facts, o Options) *view {
	v := &view{facts: facts, options: o}
	if facts != nil {
		v.lacks = facts.Lacks
	}
	v.read.settings, v.read.routes = map[string]answer[string]{}, map[Query]answer[Route]{}
	v.read.listeners = map[ipvs.Protocol]answer[[]netip.AddrPort]{}
	v.read.whoHas = map[ipvs.Family]answer[map[netip.Addr][]Neighbour]{}
	return v
}

// answer keeps what was read.
type answer[T any] struct {
	value T
	err   error
	known bool
}

func (a *answer[T]) get(read func() (T, error)) (T, error) {
	if !a.known {
		a.value, a.err = read()
		a.known = true
	}
	return a.value, a.err
}

// table returns the services that are diagnosed.
func (v *view) table() (ipvs.Table, error) {
	return v.read.table.get(func() (ipvs.Table, error) {
		table, err := v.facts.Table()
		return selected(table, v.options.Service), err
	})
}

// selected returns the services of a table that are diagnosed: one, or all of them.
func selected(table ipvs.Table, id ipvs.ServiceID) ipvs.Table {
	if id == (ipvs.ServiceID{}) {
		return table
	}
	i := slices.IndexFunc(table, func(e ipvs.TableEntry) bool { return e.Service.ServiceID == id })
	if i < 0 {
		return nil
	}
	return table[i : i+1]
}

// daemons returns the sync daemons. For a rules file they are known, and there are no facts.
func (v *view) daemons() ([]ipvs.Daemon, error) {
	return v.read.daemons.get(func() ([]ipvs.Daemon, error) { return v.facts.Daemons() })
}

func (v *view) timeouts() (ipvs.Timeouts, error)   { return v.read.timeouts.get(v.facts.Timeouts) }
func (v *view) links() ([]Link, error)             { return v.read.links.get(v.facts.Links) }
func (v *view) addresses() ([]Address, error)      { return v.read.addresses.get(v.facts.Addresses) }
func (v *view) neighbours() ([]Neighbour, error)   { return v.read.neighbours.get(v.facts.Neighbours) }
func (v *view) policyRules() ([]PolicyRule, error) { return v.read.rules.get(v.facts.PolicyRules) }
func (v *view) modules() ([]string, error)         { return v.read.modules.get(v.facts.Modules) }
func (v *view) managers() ([]string, error)        { return v.read.managers.get(v.facts.Managers) }

func (v *view) connTable() (ConnTable, error) { return v.read.connTable.get(v.facts.ConnTable) }

func (v *view) listeners(p ipvs.Protocol) ([]netip.AddrPort, error) {
	a := v.read.listeners[p]
	all, err := a.get(func() ([]netip.AddrPort, error) { return v.facts.Listeners(p) })
	v.read.listeners[p] = a
	return all, err
}

func (v *view) route(q Query) (Route, error) {
	a := v.read.routes[q]
	route, err := a.get(func() (Route, error) { return v.facts.Route(q) })
	v.read.routes[q] = a
	return route, err
}

// virtuals returns the addresses of services, in the order of the table. A service of all
// addresses has none.
func (v *view) virtuals() []virtual {
	all, _ := v.read.virtuals.get(func() (all []virtual, err error) {
		table, err := v.table()
		places := map[netip.Addr]int{}
		for i := range table {
			id := table[i].Service.ServiceID
			addr := id.AddrPort.Addr()
			if !addr.IsValid() || addr.IsUnspecified() || addr.Is4In6() {
				continue
			}
			place, seen := places[addr]
			if !seen {
				place = len(all)
				places[addr] = place
				all = append(all, virtual{addr: addr})
			}
			all[place].services = append(all[place].services, id)
		}
		return all, err
	})
	return all
}

// backends returns the addresses of servers, each with a forwarding method, in the order
// of the table.
func (v *view) backends() []backend {
	all, _ := v.read.backends.get(func() (all []backend, err error) {
		type key struct {
			addr    netip.Addr
			forward ipvs.ForwardingMethod
		}
		table, err := v.table()
		places := map[key]int{}
		for i := range table {
			for j := range table[i].Destinations {
				d := &table[i].Destinations[j]
				k := key{d.AddrPort.Addr(), d.Forward}
				place, seen := places[k]
				if !seen {
					place = len(all)
					places[k] = place
					all = append(all, backend{addr: k.addr, forward: k.forward})
				}
				b := &all[place]
				b.services = append(b.services, table[i].Service.ServiceID)
				b.ids = append(b.ids, d.DestinationID)
				b.weight = max(b.weight, d.Weight)
				b.overhead = max(b.overhead, tunnelOverhead(d))
			}
		}
		return all, err
	})
	return all
}

// counted tells of a counter of packets that shows the same as a finding, or returns "" if it
// is 0 or cannot be read.
func (v *view) counted(name, what string) string {
	n, err := v.facts.Counter(name)
	if err != nil || n == 0 {
		return ""
	}
	return fmt.Sprintf(" So far the kernel has dropped %d %s (%s).", n, what, name)
}

// Counters of dropped packets, with what they count.
const (
	filtered   = "IPReversePathFilter"
	badAddress = "InAddrErrors"
)
