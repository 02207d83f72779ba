// SPDX-License-Identifier: Apache-2.0

package listings

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ipvsadm-go/ipvsadm/format"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// A plain listing takes its servers from /proc/net/ip_vs where that tells of them. It prints the same as if all came by
// netlink: of random tables, while tables of other namespaces change.
//
//	LISTINGS_SEED  the seed of the tables (default: another one each time)
func TestPlainListingsOfRandomTables(t *testing.T) {
	seed := uint64(time.Now().UnixNano()) % 1_000_000
	if text := os.Getenv("LISTINGS_SEED"); text != "" {
		var err error
		seed, err = strconv.ParseUint(text, 10, 64)
		must(t, err)
	}
	fmt.Printf("LISTINGS_SEED=%d\n", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	h, others := newHost(t), newHost(t)
	for n := range 40 {
		table := randomTable(random)
		must(t, errors.Join(h.client.Apply(ipvs.Diff(nil, table))...))
		h.printsAlike(t, fmt.Sprintf("table %d", n))
		if n%4 == 0 {
			stop := others.churn(t, random.Uint64())
			for range 3 {
				h.printsAlike(t, fmt.Sprintf("table %d beside a writer", n))
			}
			stop()
		}
		must(t, h.client.Flush())
	}
}

// printsAlike compares what the program prints with what the form makes of a table that was read by netlink.
func (h *host) printsAlike(t *testing.T, what string) {
	t.Helper()
	table, err := h.client.Table()
	must(t, err)
	info, err := h.client.Info()
	must(t, err)
	sorted := slices.Clone(table)
	for i := range sorted {
		sorted[i].Destinations = slices.Clone(sorted[i].Destinations)
	}
	sorted.Sort()
	for _, c := range []struct {
		words []string
		table ipvs.Table
	}{{[]string{"--nosort"}, table}, {nil, sorted}} {
		printed := h.list(t, ours, c.words...)
		var want strings.Builder
		must(t, format.Classic{}.Table(&want, format.Snapshot{Info: &info, Table: c.table}))
		if printed != want.String() {
			t.Errorf("%s, %q: line %s", what, c.words, firstDifference(strings.Split(printed, "\n"), strings.Split(want.String(), "\n")))
		}
	}
}

// churn makes another namespace gain and lose services until stop is called.
func (h *host) churn(t *testing.T, seed uint64) (stop func()) {
	t.Helper()
	random := rand.New(rand.NewPCG(seed, 1))
	done := make(chan struct{})
	var wait sync.WaitGroup
	wait.Go(func() {
		for {
			table := randomTable(random)
			for _, changes := range [][]ipvs.Change{ipvs.Diff(nil, table), {ipvs.Flush()}} {
				for i := 0; i < len(changes); i += 50 {
					select {
					case <-done:
						h.client.Apply([]ipvs.Change{ipvs.Flush()})
						return
					default:
						h.client.Apply(changes[i:min(i+50, len(changes))])
					}
				}
			}
		}
	})
	return func() {
		close(done)
		wait.Wait()
	}
}

// randomTable returns a table of all kinds of services and servers, from none to some hundred services.
func randomTable(random *rand.Rand) (table ipvs.Table) {
	services := []int{0, 1, 3, 30, 150, 600}[random.IntN(6)]
	servers := []int{0, 1, 5, 30, 200}[random.IntN(5)]
	if services > 100 {
		servers = min(servers, 5)
	}
	masquerade := random.IntN(2) == 0
	addr := func(v6 bool, net, n int) netip.Addr {
		if v6 {
			return netip.MustParseAddr(fmt.Sprintf("fd00:%x::%x", net, n+1))
		}
		return netip.AddrFrom4([4]byte{10, byte(net), byte(n >> 8), byte(n)})
	}
	for n := range services {
		v6, mark := random.IntN(4) == 0, random.IntN(20) == 0
		id := ipvs.ServiceID{Protocol: []ipvs.Protocol{ipvs.TCP, ipvs.UDP, ipvs.SCTP}[random.IntN(3)], AddrPort: netip.AddrPortFrom(addr(v6, 1, n), uint16(random.IntN(65536)))}
		if mark {
			id = ipvs.ServiceID{FWMark: uint32(n/2 + 1), IPv6: n%2 == 0}
			v6 = id.IPv6
		}
		s := ipvs.Service{ServiceID: id, Scheduler: []string{"rr", "wlc", "none"}[random.IntN(3)]}
		if random.IntN(4) == 0 {
			s.Flags, s.Timeout = ipvs.Persistent, 300
		}
		if random.IntN(4) == 0 {
			s.Flags |= ipvs.OnePacket
		}
		entry := ipvs.TableEntry{Service: s}
		for k := range random.IntN(servers + 1) {
			d := ipvs.Destination{
				Forward: []ipvs.ForwardingMethod{ipvs.DirectRoute, ipvs.Tunnel, ipvs.Local, ipvs.DirectRoute}[random.IntN(4)],
				Weight:  []uint32{0, 1, 77, 1<<31 - 1}[random.IntN(4)],
			}
			if masquerade && random.IntN(3) == 0 {
				d.Forward = ipvs.ForwardingMethod([]uint32{0, 0, 0, 4, 5, 7}[random.IntN(6)])
			}
			family := v6
			if d.Forward == ipvs.Tunnel && random.IntN(4) == 0 {
				family = !v6
			}
			d.AddrPort = netip.AddrPortFrom(addr(family, 2, k), uint16(1+random.IntN(65535)))
			entry.Destinations = append(entry.Destinations, d)
		}
		table = append(table, entry)
	}
	return table
}
