// SPDX-License-Identifier: Apache-2.0

package listings

import (
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
	"github.com/ipvsadm-go/ipvsadm/testdata/lab/netns"
)

// A plain listing and a save take their servers from /proc/net/ip_vs where that tells of them. They print the same as if
// all came by netlink, and as the original: of random tables, while tables of other namespaces change.
//
//	LISTINGS_SEED  the seed of the tables (default: another one each time)
func TestPlainListingsOfRandomTables(t *testing.T) {
	random := newRandom(t)
	h, others := newHost(t), newHost(t)
	for n := range 25 {
		table := randomTable(random)
		h.fill(t, table)
		what := fmt.Sprintf("table %d", n)
		h.printsAlike(t, what)
		h.printsAsOriginal(t, what)
		if n%4 == 0 {
			stop := others.churn(t, random.Uint64())
			for range 3 {
				h.printsAlike(t, what+" beside a writer")
			}
			stop()
		}
		must(t, h.client.Flush())
	}
}

// newRandom prints the seed.
func newRandom(t *testing.T) *rand.Rand {
	t.Helper()
	seed := uint64(time.Now().UnixNano()) % 1_000_000
	if text := os.Getenv("LISTINGS_SEED"); text != "" {
		var err error
		seed, err = strconv.ParseUint(text, 10, 64)
		must(t, err)
	}
	fmt.Printf("LISTINGS_SEED=%d\n", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// fill adds a table. A third of the servers is deleted and added again, which the kernel then takes from its trash.
func (h *host) fill(t *testing.T, table ipvs.Table) {
	t.Helper()
	changes := ipvs.Diff(nil, table)
	for _, entry := range table {
		for k := 0; k < len(entry.Destinations); k += 3 {
			d := entry.Destinations[k]
			changes = append(changes, ipvs.DelDestination(entry.Service.ServiceID, d.DestinationID), ipvs.NewDestination(entry.Service.ServiceID, d))
		}
	}
	for i, err := range h.client.Apply(changes) {
		if err != nil {
			t.Fatalf("%+v: %v", changes[i], err)
		}
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
	listing := func(table ipvs.Table) string {
		var text strings.Builder
		must(t, format.Classic{}.Table(&text, format.Snapshot{Info: &info, Table: table}))
		return text.String()
	}
	var rules strings.Builder
	_, err = format.Rules(&rules, sorted, nil)
	must(t, err)
	for words, want := range map[string]string{"-L -n --nosort": listing(table), "-L -n": listing(sorted), "-S -n": rules.String()} {
		result, err := h.Run(netns.Command{Path: ours, Args: append([]string{"ipvsadm"}, strings.Fields(words)...)})
		must(t, err)
		if got := string(result.Stdout); result.Status != 0 || got != want {
			t.Errorf("%s, %s: status %d, %s, line %s", what, words, result.Status, result.Stderr, firstDifference(strings.Split(got, "\n"), strings.Split(want, "\n")))
		}
	}
}

// printsAsOriginal compares what the two programs print, byte for byte. The original has no word for a forwarding method
// that no command line sets, and another order for servers of both families.
func (h *host) printsAsOriginal(t *testing.T, what string) {
	t.Helper()
	table, err := h.client.Table()
	must(t, err)
	mixed := false
	for _, entry := range table {
		for _, d := range entry.Destinations {
			if d.Forward > ipvs.DirectRoute {
				return
			}
			mixed = mixed || ipvs.FamilyOf(d.AddrPort.Addr()) != entry.Service.AddressFamily()
		}
	}
	for _, words := range []string{"--nosort", ""} {
		got, want := h.list(t, ours, strings.Fields(words)...), h.list(t, oracle, strings.Fields(words)...)
		if mixed && words == "" {
			got, want = sortedLines(got), sortedLines(want)
		}
		if got != want {
			t.Errorf("%s, %q: line %s", what, words, firstDifference(strings.Split(got, "\n"), strings.Split(want, "\n")))
		}
	}
}

// A plain listing beside a writer in the same namespace shows each service and server that stays as it is, once.
func TestPlainListingsBesideAWriter(t *testing.T) {
	random := newRandom(t)
	h := newHost(t)
	for n := range 4 {
		table := randomTable(random)
		for len(table) < 100 {
			table = randomTable(random)
		}
		h.fill(t, table)
		lines := strings.Split(h.list(t, ours), "\n")
		stop := h.comeAndGo(t, random.Uint64(), table)
		for range 8 {
			for _, words := range []string{"", "--nosort"} {
				h.keepsLines(t, fmt.Sprintf("table %d, %q", n, words), lines, strings.Split(h.list(t, ours, strings.Fields(words)...), "\n"))
			}
		}
		stop()
		must(t, h.client.Flush())
	}
}

// keepsLines checks that a listing has each line of an earlier one as often as that has it, below the same service.
// Others may be between them.
func (h *host) keepsLines(t *testing.T, what string, before, now []string) {
	t.Helper()
	count := func(lines []string) map[string]int {
		counts, service := map[string]int{}, ""
		for _, line := range lines {
			if !strings.HasPrefix(line, "  -> ") {
				service = line
			}
			counts[service+"\n"+line]++
		}
		return counts
	}
	counts := count(now)
	for line, n := range count(before) {
		if counts[line] != n {
			t.Errorf("%s: %d times %q, before the writer %d times", what, counts[line], line, n)
		}
	}
}

// comeAndGo adds services, and servers to those of a table, and deletes them again, until stop is called.
func (h *host) comeAndGo(t *testing.T, seed uint64, table ipvs.Table) (stop func()) {
	t.Helper()
	random := rand.New(rand.NewPCG(seed, 2))
	var client *ipvs.Client
	var err error
	h.Do(func() { client, err = ipvs.Dial() })
	must(t, err)
	done := make(chan struct{})
	var wait sync.WaitGroup
	wait.Go(func() {
		defer func() { _ = client.Close() }()
		for {
			var add, remove []ipvs.Change
			for range 30 {
				id := ipvs.ServiceID{Protocol: ipvs.TCP, AddrPort: netip.AddrPortFrom(netip.AddrFrom4([4]byte{11, 0, 0, byte(random.IntN(250))}), uint16(1+random.IntN(60000)))}
				add, remove = append(add, ipvs.NewService(ipvs.Service{ServiceID: id, Scheduler: "rr"})), append(remove, ipvs.DelService(id))
				id = table[random.IntN(len(table))].Service.ServiceID
				d := ipvs.Destination{Forward: ipvs.Tunnel, DestinationID: ipvs.DestinationID{AddrPort: netip.AddrPortFrom(netip.AddrFrom4([4]byte{172, 16, 0, byte(1 + random.IntN(250))}), 80)}}
				add, remove = append(add, ipvs.NewDestination(id, d)), append(remove, ipvs.DelDestination(id, d.DestinationID))
			}
			client.Apply(add)
			client.Apply(remove)
			select {
			case <-done:
				return
			default:
			}
		}
	})
	return func() {
		close(done)
		wait.Wait()
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

var schedulers = []string{"rr", "wrr", "lc", "wlc", "lblc", "lblcr", "dh", "sh", "mh", "sed", "nq", "fo", "ovf", "none"}

// randomTable returns a table of all kinds of services and servers, from none to some hundred services, or a few services
// with thousands of servers.
func randomTable(random *rand.Rand) (table ipvs.Table) {
	services := []int{0, 1, 3, 30, 150, 600}[random.IntN(6)]
	servers := []int{0, 1, 5, 30, 200, 3000}[random.IntN(6)]
	switch {
	case services > 100:
		servers = min(servers, 5)
	case services > 3:
		servers = min(servers, 200)
	}
	masquerade := random.IntN(2) == 0
	for n := range services {
		entry := ipvs.TableEntry{Service: randomService(random, n)}
		if servers > 200 && entry.Service.Scheduler == "mh" {
			entry.Service.Scheduler = "sh" // mh computes its whole table anew for each server that is added
		}
		for k := range random.IntN(servers + 1) {
			entry.Destinations = append(entry.Destinations, randomServer(random, entry.Service.AddressFamily(), k, masquerade))
		}
		table = append(table, entry)
		if id := entry.Service.ServiceID; id.FWMark != 0 && random.IntN(2) == 0 {
			id.IPv6 = !id.IPv6
			twin := ipvs.TableEntry{Service: ipvs.Service{ServiceID: id, Scheduler: "wrr"}}
			twin.Destinations = append(twin.Destinations, randomServer(random, id.AddressFamily(), n, masquerade))
			table = append(table, twin)
		}
	}
	return table
}

// randomAddr returns address n of a network.
func randomAddr(family ipvs.Family, network, n int) netip.Addr {
	if family == ipvs.IPv6 {
		return netip.MustParseAddr(fmt.Sprintf("fd00:%x::%x", network, n+1))
	}
	return netip.AddrFrom4([4]byte{10, byte(network), byte(n >> 8), byte(n)})
}

// randomService returns service n of a table.
func randomService(random *rand.Rand, n int) ipvs.Service {
	family := []ipvs.Family{ipvs.IPv4, ipvs.IPv4, ipvs.IPv4, ipvs.IPv6}[random.IntN(4)]
	s := ipvs.Service{Scheduler: schedulers[random.IntN(len(schedulers))]}
	if random.IntN(10) == 0 {
		s.ServiceID = ipvs.ServiceID{FWMark: uint32(n + 1), IPv6: family == ipvs.IPv6}
	} else {
		s.Protocol = []ipvs.Protocol{ipvs.TCP, ipvs.UDP, ipvs.SCTP}[random.IntN(3)]
		s.AddrPort = netip.AddrPortFrom(randomAddr(family, 1, n), uint16([]int{0, 80, random.IntN(65536)}[random.IntN(3)]))
	}
	if s.FWMark == 0 && s.AddrPort.Port() == 0 || random.IntN(4) == 0 {
		s.Flags, s.Timeout = ipvs.Persistent, uint32(1+random.IntN(100_000))
		s.Netmask = ipvs.IPv4Mask(255, 255, byte(random.IntN(256)), 0)
		if family == ipvs.IPv6 {
			s.Netmask = ipvs.IPv6Prefix(1 + random.IntN(128))
		}
		s.PersistenceEngine = []string{"", "sip"}[random.IntN(2)]
	}
	if random.IntN(4) == 0 {
		s.Flags |= ipvs.OnePacket
	}
	if random.IntN(4) == 0 {
		s.Flags |= []ipvs.ServiceFlags{ipvs.SchedulerFlag1, ipvs.SchedulerFlag2, ipvs.SchedulerFlag1 | ipvs.SchedulerFlag2}[random.IntN(3)]
	}
	return s
}

// randomServer returns server k of a service.
func randomServer(random *rand.Rand, family ipvs.Family, k int, masquerade bool) ipvs.Destination {
	d := ipvs.Destination{
		Forward: []ipvs.ForwardingMethod{ipvs.DirectRoute, ipvs.Tunnel, ipvs.Local, ipvs.DirectRoute}[random.IntN(4)],
		Weight:  []uint32{0, 1, 77, 65535, 65536, 1<<31 - 1}[random.IntN(6)],
	}
	if masquerade && random.IntN(3) == 0 {
		d.Forward = ipvs.ForwardingMethod([]uint32{0, 0, 0, 4, 5, 7}[random.IntN(6)])
	}
	if random.IntN(4) == 0 {
		d.UpperThreshold = uint32(random.IntN(60_000))
		d.LowerThreshold = uint32(random.IntN(int(d.UpperThreshold) + 1))
	}
	if d.Forward == ipvs.Tunnel {
		if random.IntN(4) == 0 {
			family = map[ipvs.Family]ipvs.Family{ipvs.IPv4: ipvs.IPv6, ipvs.IPv6: ipvs.IPv4}[family]
		}
		switch d.TunnelType = ipvs.TunnelType(random.IntN(3)); d.TunnelType {
		case ipvs.GUE:
			d.TunnelPort = uint16(1 + random.IntN(65535))
			d.TunnelFlags = []ipvs.TunnelFlags{0, ipvs.TunnelChecksum, ipvs.TunnelRemoteChecksum}[random.IntN(3)]
		case ipvs.GRE:
			d.TunnelFlags = []ipvs.TunnelFlags{0, ipvs.TunnelChecksum}[random.IntN(2)]
		}
	}
	port := []int{0, 80, 1 + random.IntN(65535)}[random.IntN(3)]
	d.AddrPort = netip.AddrPortFrom(randomAddr(family, 2, k), uint16(port))
	return d
}
