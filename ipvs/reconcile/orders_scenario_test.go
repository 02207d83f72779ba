// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// scenario is a table and the processes that change it: managers, which reconcile, and after
// them at most one writer, which makes changes without looking.
type scenario struct {
	name     string
	before   ipvs.Table
	managers []manager
	writer   []ipvs.Change
}

type manager struct {
	desired ipvs.Table
	scope   func(ipvs.ServiceID) bool
	locked  bool
}

func (m *manager) state() State { return State{Services: slices.Values(m.desired), Scope: m.scope} }

func (m *manager) owns(service int) bool { return m.scope == nil || m.scope(serviceID(service)) }

// The tables of the named scenarios, and what becomes of them. Of the destinations, service 1
// keeps one and service 2 none. Service 3 is deleted, service 4 added.
var (
	keptBefore  = ipvs.Table{service(1, 1, 2), service(2, 1)}
	kept        = ipvs.Table{service(1, 2, 3), service(2, 2)}
	keptOther   = ipvs.Table{service(1, 1, 3), service(2, 3)}
	movedBefore = ipvs.Table{service(2, 1), service(3, 1)}
	moved       = ipvs.Table{service(2, 2), service(4, 1)}
	movedOther  = ipvs.Table{service(2, 3), service(3, 2)}
)

// scenarios returns the named scenarios.
func scenarios() []scenario {
	one := func(id ipvs.ServiceID) bool { return id == serviceID(1) }
	notOne := func(id ipvs.ServiceID) bool { return id != serviceID(1) }
	all := []scenario{
		{"same", keptBefore, []manager{{desired: kept}, {desired: kept}}, nil},
		{"same, locked", keptBefore, []manager{{desired: kept, locked: true}, {desired: kept}}, nil},
		{"same, moved", movedBefore, []manager{{desired: moved}, {desired: moved}}, nil},
		{"same, from nothing", nil, []manager{{desired: moved}, {desired: moved}}, nil},
		{"same, and a flush", movedBefore, []manager{{desired: moved}, {desired: moved}}, []ipvs.Change{ipvs.Flush()}},
		{"other", keptBefore, []manager{{desired: kept}, {desired: keptOther}}, nil},
		{"other, locked", keptBefore, []manager{{desired: kept, locked: true}, {desired: keptOther}}, nil},
		{"other, moved", movedBefore, []manager{{desired: moved}, {desired: movedOther}}, nil},
		{"nothing", movedBefore, []manager{{desired: moved}, {}}, nil},
		{"back", keptBefore, []manager{{desired: kept}, {desired: keptBefore}}, nil},
		{"scopes", keptBefore, []manager{{desired: kept[:1], scope: one}, {desired: kept[1:], scope: notOne, locked: true}}, nil},
	}
	for _, w := range writers() {
		before, desired := keptBefore, kept
		if w.moves {
			before, desired = movedBefore, moved
		}
		all = append(all,
			scenario{w.name, before, []manager{{desired: desired}}, w.changes},
			scenario{w.name + ", locked", before, []manager{{desired: desired, locked: true}}, w.changes})
	}
	return all
}

// writer is a process that makes changes as ldirectord, keepalived and administrators do.
type writer struct {
	name    string
	changes []ipvs.Change
	moves   bool // the desired table is moved, not kept
}

func writers() []writer {
	add := func(s, d int) ipvs.Change { return ipvs.NewDestination(serviceID(s), destination(d)) }
	remove := func(s, d int) ipvs.Change { return ipvs.DelDestination(serviceID(s), destinationID(d)) }
	drain := func(s, d int) []ipvs.Change {
		drained := destination(d)
		drained.Weight = 0
		return []ipvs.Change{ipvs.SetDestination(serviceID(s), drained), ipvs.SetDestination(serviceID(s), destination(d))}
	}
	newService := func(s int) ipvs.Change { return ipvs.NewService(service(s).Service) }
	delService := func(s int) ipvs.Change { return ipvs.DelService(serviceID(s)) }
	edited := service(1).Service
	edited.Scheduler = "rr"
	return []writer{
		{"flush", []ipvs.Change{ipvs.Flush()}, false},
		{"flush, moved", []ipvs.Change{ipvs.Flush()}, true},
		{"flush and add", []ipvs.Change{ipvs.Flush(), newService(2), add(2, 1)}, false},
		{"drain a kept destination", drain(1, 2), false},
		{"drain an old destination", drain(2, 1), false},
		{"drain a new destination", drain(2, 2), false},
		{"replace a kept destination", []ipvs.Change{remove(1, 2), add(1, 2)}, false},
		{"replace an old destination", []ipvs.Change{remove(2, 1), add(2, 1)}, false},
		{"replace a new destination", []ipvs.Change{remove(2, 2), add(2, 2)}, false},
		{"add a destination first", []ipvs.Change{add(2, 2)}, false},
		{"add strange destinations", []ipvs.Change{add(1, 5), add(2, 5)}, false},
		{"replace a kept service", []ipvs.Change{delService(1), newService(1), add(1, 1), add(1, 2)}, false},
		{"replace an old service", []ipvs.Change{delService(3), newService(3), add(3, 1)}, true},
		{"delete a kept service", []ipvs.Change{delService(2)}, false},
		{"add a service first", []ipvs.Change{newService(4), add(4, 2)}, true},
		{"add a strange service", []ipvs.Change{newService(5), add(5, 1)}, true},
		{"edit a service", []ipvs.Change{ipvs.SetService(edited), ipvs.SetService(service(1).Service)}, false},
	}
}

// randomScenario returns the scenario of a seed.
func randomScenario(seed int) scenario {
	r := rand.New(rand.NewPCG(uint64(seed), 0))
	s := scenario{name: fmt.Sprintf("seed %d", seed), before: randomTable(r)}
	m := manager{desired: randomTable(r), locked: r.IntN(3) == 0}
	s.managers = []manager{m}
	switch r.IntN(4) {
	case 0:
		s.managers = append(s.managers, m)
	case 1:
		s.managers = append(s.managers, manager{desired: randomTable(r), locked: r.IntN(3) == 0})
	default:
		for range 1 + r.IntN(4) {
			s.writer = append(s.writer, randomChange(r))
		}
	}
	return s
}

// randomTable returns up to three services with up to three destinations.
func randomTable(r *rand.Rand) (table ipvs.Table) {
	for i := range 3 {
		if r.IntN(4) == 0 {
			continue
		}
		entry := ipvs.TableEntry{Service: randomService(r, i+1)}
		for _, d := range r.Perm(3) {
			if r.IntN(2) == 0 {
				entry.Destinations = append(entry.Destinations, randomDestination(r, d+1))
			}
		}
		table = append(table, entry)
	}
	r.Shuffle(len(table), func(i, j int) { table[i], table[j] = table[j], table[i] })
	return table
}

func randomService(r *rand.Rand, n int) ipvs.Service {
	s := service(n).Service
	if r.IntN(4) == 0 {
		s.Scheduler = "rr"
	}
	return s
}

func randomDestination(r *rand.Rand, n int) ipvs.Destination {
	d := destination(n)
	if r.IntN(3) == 0 {
		d.Weight = uint32(r.IntN(3))
	}
	return d
}

func randomChange(r *rand.Rand) ipvs.Change {
	s, d := serviceID(1+r.IntN(3)), 1+r.IntN(3)
	switch r.IntN(12) {
	case 0:
		return ipvs.Flush()
	case 1, 2:
		return ipvs.DelService(s)
	case 3, 4:
		return ipvs.NewService(randomService(r, 1+r.IntN(4)))
	case 5:
		return ipvs.SetService(randomService(r, 1+r.IntN(3)))
	case 6, 7:
		return ipvs.DelDestination(s, destinationID(d))
	case 8, 9:
		return ipvs.SetDestination(s, randomDestination(r, d))
	}
	return ipvs.NewDestination(s, randomDestination(r, d))
}
