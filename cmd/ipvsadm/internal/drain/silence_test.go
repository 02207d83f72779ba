// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"fmt"
	"iter"
	"net/netip"
	"testing"
	"time"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// client is a connection whose packets come at certain seconds. Each restarts its timer.
type client struct {
	entry   ipvs.ConnEntry
	timeout int
	packets []int
}

func connTo(id ipvs.ServiceID, server string, port uint16, state string, timeout int, packets ...int) client {
	return client{ipvs.ConnEntry{
		Protocol: id.Protocol.String(), Client: netip.AddrPortFrom(netip.MustParseAddr("192.0.2.9"), port),
		Virtual: id.AddrPort, Destination: addrPort(server), State: state,
	}, timeout, packets}
}

// at returns the entry at a second, if it has not expired.
func (c client) at(second int) (ipvs.ConnEntry, bool) {
	last := 0
	for _, packet := range c.packets {
		if packet <= second {
			last = packet
		}
	}
	e := c.entry
	e.Expires = time.Duration(last+c.timeout-second) * time.Second
	return e, e.Expires > 0
}

// With expire_nodest_conn a server is removed ten seconds after the last packet on its
// inactive connections, and without it when their entries have expired.
func TestDrainOfInactiveConnections(t *testing.T) {
	mine := func(timeout int, packets ...int) client {
		return connTo(web, "10.0.0.2:80", 1000, "FIN_WAIT", timeout, packets...)
	}
	for _, test := range []struct {
		name    string
		nodest  bool
		idle    time.Duration
		active  bool
		clients []client
		want    int // seconds
	}{
		{"silent from the beginning", true, 0, false, []client{mine(120)}, 10},
		{"expires, no sysctl", false, 0, false, []client{mine(120)}, 120},
		{"packets until 17", true, 0, false, []client{mine(120, 3, 6, 9, 12, 15, 16, 17)}, 27},
		{"packets each second until 50", true, 0, false, []client{mine(300, seconds(1, 50)...)}, 60},
		{"one of two has packets", true, 0, false, []client{mine(120), connTo(web, "10.0.0.2:80", 1001, "TIME_WAIT", 120, 8, 16)}, 26},
		{"another client comes at 5", true, 0, false, []client{mine(120), {connTo(web, "10.0.0.2:80", 1001, "CLOSE", 10).entry, 60, []int{5}}}, 15},
		{"packets of another server", true, 0, false, []client{mine(120), connTo(web, "10.0.0.3:80", 1001, "CLOSE", 900, seconds(1, 90)...)}, 10},
		{"packets of another service", true, 0, false, []client{mine(120), connTo(tls, "10.0.0.2:80", 1001, "CLOSE", 900, seconds(1, 90)...)}, 10},
		{"templates are renewed", true, 0, false, []client{mine(120), connTo(web, "10.0.0.2:80", 0, "NONE", 300, seconds(1, 90)...)}, 10},
		{"idle, open", false, 30 * time.Second, true, []client{mine(900)}, 30},
		{"idle after packets, open", true, 30 * time.Second, true, []client{mine(900, 4, 8)}, 38},
		{"idle, inactive, no sysctl", false, 30 * time.Second, false, []client{mine(900)}, 30},
		{"open without --idle", true, 0, true, []client{mine(100)}, 100},
	} {
		table := ipvs.Table{entry(web, server("10.0.0.2:80", 1), server("10.0.0.3:80", 1))}
		w := newWorld(table)
		w.sysctls["expire_nodest_conn"] = map[bool]string{false: "0", true: "1"}[test.nodest]
		w.at = func(second int) {
			var entries []ipvs.ConnEntry
			own := uint32(0)
			for _, c := range test.clients {
				if e, ok := c.at(second); ok {
					entries = append(entries, e)
					if e.Destination == addrPort("10.0.0.2:80") && e.Client.Port() != 0 && e.Virtual == web.AddrPort {
						own++
					}
				}
			}
			w.k.SetConnEntries(entries...)
			if test.active {
				w.connections(web, "10.0.0.2:80", own, 0, 0)
			} else {
				w.connections(web, "10.0.0.2:80", 0, own, 0)
			}
		}
		w.at(0)
		if err := w.drain(t, Options{Servers: hosts, Idle: test.idle}).Run(); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		if got := int(w.clock.Sub(epoch) / time.Second); got != test.want {
			t.Errorf("%s: removed after %d seconds, want %d", test.name, got, test.want)
		}
	}
}

// seconds returns the numbers from first to last.
func seconds(first, last int) (all []int) {
	for n := first; n <= last; n++ {
		all = append(all, n)
	}
	return all
}

// A fwmark service has the connections of its servers, whatever address clients asked for.
func TestDrainOfFirewallMark(t *testing.T) {
	id := ipvs.ServiceID{FWMark: 7}
	w := newWorld(ipvs.Table{entry(id, server("10.0.0.2:0", 1), server("10.0.0.3:0", 1))})
	w.sysctls["expire_nodest_conn"] = "1"
	w.connections(id, "10.0.0.2:0", 0, 1, 0)
	c := connTo(tcp("203.0.113.5:8443"), "10.0.0.2:8443", 1000, "FIN_WAIT", 120, 5, 10)
	w.at = func(second int) {
		e, _ := c.at(second)
		w.k.SetConnEntries(e)
	}
	w.at(0)
	if err := w.drain(t, Options{Servers: hosts}).Run(); err != nil || w.clock.Sub(epoch) != 20*time.Second {
		t.Errorf("%v after %s", err, w.clock.Sub(epoch))
	}
}

// Entries that the connection table lacks count as ones with packets.
func TestDrainWaitsForConnectionsItCannotSee(t *testing.T) {
	w := newWorld(ipvs.Table{entry(web, server("10.0.0.2:80", 1), server("10.0.0.3:80", 1))})
	w.sysctls["expire_nodest_conn"] = "1"
	w.connections(web, "10.0.0.2:80", 0, 1, 0)
	if err := w.drain(t, Options{Servers: hosts, Wait: time.Minute}).Run(); err != ErrNotDrained {
		t.Errorf("got %v", err)
	}
	w.want(t, "0")
}

// manyEntries yields n entries, of which each has the same time left as in the kernel without
// a packet.
func manyEntries(n int, second int) iter.Seq2[ipvs.ConnEntry, error] {
	return func(yield func(ipvs.ConnEntry, error) bool) {
		e := connTo(web, "10.0.0.2:80", 1, "TIME_WAIT", 900).entry
		e.Expires = time.Duration(900-second) * time.Second
		for i := range n {
			e.Client = netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), 1000)
			if !yield(e, nil) {
				return
			}
		}
	}
}

func BenchmarkSilence(b *testing.B) {
	for _, n := range []int{1000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			t := &target{service: ipvs.Service{ServiceID: web}, before: server("10.0.0.2:80", 1)}
			for i := 0; b.Loop(); i++ {
				now := func() time.Time { return epoch.Add(time.Duration(i) * time.Second) }
				if err := newConnTable([]*target{t}).read(manyEntries(n, i), now, epoch, []*target{t}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// While the connection table is large, the counters tell when the last packet came, two
// seconds late at most. Where the kernel does not count, the table tells.
func TestDrainOfLargeTable(t *testing.T) {
	for _, test := range []struct {
		name, run, cpus string
		want            int
	}{
		{"counters", "1", "0-3", 42}, {"no estimation", "0", "0-3", 10}, {"estimation on no processor", "1", "", 10},
	} {
		w := newWorld(ipvs.Table{entry(web, server("10.0.0.2:80", 1), server("10.0.0.3:80", 1))})
		w.sysctls["expire_nodest_conn"], w.sysctls["run_estimation"], w.sysctls["est_cpulist"] = "1", test.run, test.cpus
		w.connections(web, "10.0.0.2:80", 0, 1, 0)
		w.connections(web, "10.0.0.3:80", 0, largeTable, 0)
		w.k.SetConnEntries(connTo(web, "10.0.0.2:80", 1000, "FIN_WAIT", 900).entry)
		w.at = func(second int) {
			e, _ := connTo(web, "10.0.0.2:80", 1000, "FIN_WAIT", 900).at(second)
			w.k.SetConnEntries(e)
			if second%10 == 0 && second <= 30 {
				w.k.UpdateDestination(web, server("10.0.0.2:80", 1).DestinationID, func(d *ipvs.Destination) { d.Stats.OutPkts++ })
			}
		}
		w.at(0)
		if err := w.drain(t, Options{Servers: hosts}).Run(); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		if got := int(w.clock.Sub(epoch) / time.Second); got != test.want {
			t.Errorf("%s: removed after %d seconds, want %d", test.name, got, test.want)
		}
	}
}

// A reading that a busy machine has delayed is no packet, and one that it has interrupted for
// long does not count at all. A packet shows nevertheless.
func TestDelayedReadings(t *testing.T) {
	one := &target{service: ipvs.Service{ServiceID: web}, before: server("10.0.0.2:80", 1)}
	read := func(second int, pause time.Duration, expires int) {
		at := epoch.Add(time.Duration(second) * time.Second)
		calls := 0
		now := func() time.Time {
			if calls++; calls == 2 { // after the entry was written
				at = at.Add(pause)
			}
			return at
		}
		if err := newConnTable([]*target{one}).read(manyEntries(1, expires), now, epoch, []*target{one}); err != nil {
			t.Fatal(err)
		}
	}
	read(0, 0, 0)
	read(5, maxGap+time.Second, 5)
	if one.silence.duration() != 0 || !one.silence.read.Equal(epoch) {
		t.Errorf("after an interrupted reading: silent for %s at %s", one.silence.duration(), one.silence.read)
	}
	read(8, maxGap, 8)
	if one.silence.duration() < 8*time.Second {
		t.Errorf("after a delayed reading: silent for %s", one.silence.duration())
	}
	read(12, maxGap/2, 9) // a packet restarted the timer three seconds ago
	if one.silence.duration() != 0 {
		t.Errorf("after a packet: silent for %s", one.silence.duration())
	}
}
