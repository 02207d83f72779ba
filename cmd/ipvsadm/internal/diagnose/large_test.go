// SPDX-License-Identifier: Apache-2.0

package diagnose_test

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"net/netip"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/diagnose"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/firewall"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// large is a director with 1,000 services of 10 servers each, 10,000 interfaces with names
// that no shell takes, and 10,000 addresses and neighbours. Half of the services have their
// address, on lo.
type large struct {
	table      ipvs.Table
	links      []diagnose.Link
	addresses  []diagnose.Address
	neighbours []diagnose.Neighbour
	firewall   firewall.Ruleset
	routes     int // that were asked for
	programs   int // how often all running programs were looked at
}

func newLarge() *large {
	const method = 3
	l := &large{}
	for i := range 1000 {
		service := ipvs.ServiceID{Protocol: ipvs.TCP, AddrPort: netip.AddrPortFrom(numbered("198.18.0.0", i), 80)}
		entry := ipvs.TableEntry{Service: ipvs.Service{ServiceID: service, Scheduler: ipvs.RoundRobin, Flags: ipvs.Persistent}}
		for j := range 10 {
			entry.Destinations = append(entry.Destinations, ipvs.Destination{
				DestinationID: ipvs.DestinationID{AddrPort: netip.AddrPortFrom(numbered("10.0.0.0", 10*i+j), 80)},
				Forward:       []ipvs.ForwardingMethod{ipvs.DirectRoute, ipvs.Tunnel, ipvs.Masquerade}[j%method],
			})
		}
		l.table = append(l.table, entry)
	}
	l.links = append(l.links, diagnose.Link{Name: "lo", Up: true, Loopback: true})
	for i := range 500 {
		l.addresses = append(l.addresses, diagnose.Address{Prefix: netip.PrefixFrom(numbered("198.18.0.0", i), 32), Link: "lo"})
	}
	for i := range 10_000 {
		name := fmt.Sprintf("$(id)'%d", i)
		l.links = append(l.links, diagnose.Link{Name: name, MTU: 1400, Up: true, ARP: true})
		l.addresses = append(l.addresses, diagnose.Address{Prefix: netip.PrefixFrom(numbered("172.16.0.0", i), 30), Link: name})
		l.neighbours = append(l.neighbours, diagnose.Neighbour{Addr: numbered("10.0.0.0", i), Link: name, State: diagnose.NeighbourFailed})
	}
	return l
}

// numbered returns an address that is so many after the first.
func numbered(first string, n int) netip.Addr {
	b := netip.MustParseAddr(first).As4()
	b[2], b[3] = byte(n>>8), byte(n)
	return netip.AddrFrom4(b)
}

func (l *large) Table() (ipvs.Table, error)                            { return l.table, nil }
func (l *large) Complete() error                                       { return nil }
func (l *large) Daemons() ([]ipvs.Daemon, error)                       { return nil, nil }
func (l *large) Timeouts() (ipvs.Timeouts, error)                      { return ipvs.Timeouts{}, nil }
func (l *large) Links() ([]diagnose.Link, error)                       { return l.links, nil }
func (l *large) Addresses() ([]diagnose.Address, error)                { return l.addresses, nil }
func (l *large) Neighbours() ([]diagnose.Neighbour, error)             { return l.neighbours, nil }
func (l *large) WhoHas([]diagnose.Place) ([]diagnose.Neighbour, error) { return nil, nil }
func (l *large) PolicyRules() ([]diagnose.PolicyRule, error)           { return nil, nil }
func (l *large) Listeners(ipvs.Protocol) ([]netip.AddrPort, error)     { return nil, nil }
func (l *large) Release() (string, error)                              { return "", errors.New("a file that ends early") }
func (l *large) Modules() ([]string, error)                            { return nil, fs.ErrNotExist }
func (l *large) Managers() ([]string, error)                           { l.programs++; return nil, nil }
func (l *large) Configured() ([]diagnose.Configured, error)            { return nil, nil }
func (l *large) Setting(...string) (string, error)                     { return "1", nil }
func (l *large) Firewall() (firewall.Ruleset, error)                   { return l.firewall, nil }
func (l *large) Counter(string) (uint64, error)                        { return 0, nil }
func (l *large) ConnTable() (diagnose.ConnTable, error)                { return diagnose.ConnTable{}, nil }
func (l *large) Connections() iter.Seq2[ipvs.ConnEntry, error] {
	return func(func(ipvs.ConnEntry, error) bool) {}
}
func (l *large) LRO(string) (bool, error)               { return true, nil }
func (l *large) Lacks(string) (bool, error)             { return false, nil }
func (l *large) Vendor() (string, error)                { return "", nil }
func (l *large) BootRules() (diagnose.BootRules, error) { return diagnose.BootRules{}, nil }
func (l *large) Route(q diagnose.Query) (diagnose.Route, error) {
	l.routes++
	b := q.Dst.As4()
	link := l.links[int(b[2])<<8|int(b[3])].Name
	return diagnose.Route{Kind: diagnose.UnicastPath, Link: link}, nil
}

// The kernel is asked once for each address, however many checks need its route, and running
// programs are looked at once, however many addresses are missing.
func TestLargeDirector(t *testing.T) {
	l := newLarge()
	r, err := diagnose.Run(l, diagnose.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if n := r.Count(diagnose.Fault); n < 500 {
		t.Errorf("only %d faults", n)
	}
	if want := 10_000 + 1000 + 1; l.routes > want {
		t.Errorf("%d routes were asked for, want at most %d", l.routes, want)
	}
	if l.programs != 1 {
		t.Errorf("running programs were looked at %d times", l.programs)
	}
}

func BenchmarkLargeDirector(b *testing.B) {
	l := newLarge()
	for b.Loop() {
		if _, err := diagnose.Run(l, diagnose.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
