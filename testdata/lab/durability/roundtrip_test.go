// SPDX-License-Identifier: Apache-2.0

package durability

import (
	"cmp"
	"flag"
	"fmt"
	"net/netip"
	"regexp"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"pgregory.net/rapid"
)

// TestRoundTrips fills tables on the kernel that nobody thought of, saves and restores them with both programs.
func TestRoundTrips(t *testing.T) {
	const tables = 200
	h := newHostWithUplink(t)
	must(t, flag.Set("rapid.seed", fmt.Sprint(seed+1))) // 0 would be another seed each time
	must(t, flag.Set("rapid.checks", fmt.Sprint(tables)))
	must(t, flag.Set("rapid.nofailfile", "true"))
	done, services, servers := 0, 0, 0
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawTable(t, "A"), drawTable(t, "B")
		h.fill(t, a)
		state := h.state(t)

		rules := h.run(t, ourSave, "", "-n")
		must(t, h.client.Flush())
		h.run(t, ourRestore, rules)
		wantSame(t, "our restore of our save: the table", h.state(t), state)
		wantSame(t, "our restore of our save: the rules", h.run(t, ourSave, "", "-n"), rules)

		theirRules := h.run(t, oracleIpvsadm, "", "-Sn")
		must(t, h.client.Flush())
		h.run(t, ourRestore, theirRules)
		wantSame(t, "our restore of the original's save", h.state(t), withoutThresholds(state))

		must(t, h.client.Flush())
		h.run(t, oracleIpvsadm, rules, "-R")
		wantSame(t, "the original's restore of our save", h.state(t), state)

		h.fill(t, b)
		wanted := h.run(t, ourSave, "", "-n")
		h.fill(t, a)
		h.run(t, ourRestore, cmp.Or(wanted, "-C\n")) // X18: no rules are refused where there are services
		wantSame(t, "our restore of B over A", h.run(t, ourSave, "", "-n"), wanted)
		wantSame(t, "a dry run of what is there", h.run(t, ourRestore, wanted, "--dry-run"), "")

		done++
		services += len(a)
		for _, entry := range a {
			servers += len(entry.Destinations)
		}
	})
	fmt.Printf("%d tables with %d services and %d servers went round, and as many were made into another one\n", done, services, servers)
}

// TestRoundTripsOfSettings saves timeouts and daemons, too.
func TestRoundTripsOfSettings(t *testing.T) {
	random := newRand()
	for n := range 10 {
		h := newHostWithUplink(t)
		h.run(t, ourRestore, manyServices(2, n%2))
		changes := []ipvs.Change{
			ipvs.SetTimeouts(ipvs.Timeouts{TCP: random.Uint32N(1000), TCPFin: 1 + random.Uint32N(1000), UDP: 1 + random.Uint32N(1000)}),
		}
		for _, state := range []ipvs.DaemonState{ipvs.Master, ipvs.Backup} {
			d := ipvs.Daemon{State: state, Interface: "eth0", SyncID: random.Uint32N(256)}
			if n%2 == 1 {
				d.Group = netip.MustParseAddr([]string{"224.0.0.99", "ff02::99"}[random.IntN(2)])
				d.Port, d.TTL, d.MaxLen = uint16(1+random.IntN(65535)), uint8(1+random.IntN(255)), uint16(1024+random.IntN(60000))
			}
			changes = append(changes, ipvs.StartDaemon(d))
		}
		h.Do(func() {
			for i, err := range h.client.Apply(changes) {
				if err != nil {
					t.Errorf("%+v: %v", changes[i], err)
				}
			}
		})
		state, rules := h.state(t), h.run(t, ourSave, "", "-n", "--all")
		for what, restore := range map[string]tool{"ours": ourRestore, "the original": oracleRestore} {
			fresh := newHostWithUplink(t)
			fresh.run(t, restore, rules)
			wantSame(t, what+" restores\n"+rules, fresh.state(t), state)
			wantSame(t, what+" restores\n"+rules, fresh.run(t, ourSave, "", "-n", "--all"), rules)
		}
		h.run(t, ourRestore, rules)
		wantSame(t, "a restore of what is there", h.state(t), state)
		wantSame(t, "a dry run of what is there", h.run(t, ourRestore, rules, "--dry-run"), "")
	}
	fmt.Println("10 tables with timeouts and daemons went round")
}

// fill makes the table this one, by the library.
func (h *host) fill(t rapid.TB, table ipvs.Table) {
	t.Helper()
	changes := append([]ipvs.Change{ipvs.Flush()}, ipvs.Diff(nil, table)...)
	for i, err := range h.client.Apply(changes) {
		if err != nil {
			t.Fatalf("%+v: %v", changes[i], err)
		}
	}
}

var stateThresholds = regexp.MustCompile(`upper \d+ lower \d+`)

// withoutThresholds is what is left when the original has saved a table (X4).
func withoutThresholds(state string) string {
	return stateThresholds.ReplaceAllString(state, "upper 0 lower 0")
}

func wantSame(t rapid.TB, what, got, want string) {
	t.Helper()
	if got != want {
		t.Fatalf("%s: got\n%s\nwant\n%s", what, got, want)
	}
}
