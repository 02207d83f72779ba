// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"fmt"
	"iter"
	"net/netip"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

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

// A client that has closed its side may wait for data for longer than ten seconds. With NAT the
// director knows, and the server stays until its own side is closed, too, or the entry has
// expired.
func TestDrainWaitsForHalfClosedConnections(t *testing.T) {
	for _, test := range []struct {
		name   string
		method ipvs.ForwardingMethod
		state  string // until the last packet, and TIME_WAIT from then on
		last   int
		others uint32 // connections of the other server
		idle   time.Duration
		want   int
	}{
		{"download with a pause", ipvs.Masquerade, "CLOSE_WAIT", 25, 0, 0, 35},
		{"entry that expires", ipvs.Masquerade, "CLOSE_WAIT", 999, 0, 0, 61},
		{"pause longer than --idle", ipvs.Masquerade, "CLOSE_WAIT", 999, 0, 20 * time.Second, 21},
		{"closed by both sides", ipvs.Masquerade, "TIME_WAIT", 1, 0, 0, 11},
		{"director sees one side", ipvs.DirectRoute, "FIN_WAIT", 25, 0, 0, 11},
		{"download with a pause, large table", ipvs.Masquerade, "CLOSE_WAIT", 25, largeTable, 0, 37},
		{"director sees one side, large table", ipvs.DirectRoute, "FIN_WAIT", 25, largeTable, 0, 13},
	} {
		mine := server("10.0.0.2:80", 1)
		mine.Forward = test.method
		w := newWorld(ipvs.Table{entry(web, mine, server("10.0.0.3:80", 1))})
		w.sysctls["expire_nodest_conn"] = "1"
		w.connections(web, "10.0.0.2:80", 0, 1, 0)
		w.connections(web, "10.0.0.3:80", test.others, 0, 0)
		count := func() {
			w.k.UpdateDestination(web, mine.DestinationID, func(d *ipvs.Destination) { d.Stats.InPkts++ })
		}
		w.at = func(second int) {
			c := connTo(web, "10.0.0.2:80", 1000, test.state, 60, 1, test.last)
			if second >= test.last {
				c.entry.State = "TIME_WAIT"
			}
			if second == 1 || second == test.last {
				count()
			}
			e, ok := c.at(second)
			if !ok {
				w.connections(web, "10.0.0.2:80", 0, 0, 0)
			}
			w.k.SetConnEntries(e)
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

// The connection table is not read while connections are open, unless --idle asks for that,
// and not more often than ten times what a reading takes of the processor.
func TestDrainReadsConnectionsSeldom(t *testing.T) {
	const cost = 300 * time.Millisecond
	for _, test := range []struct {
		name   string
		active uint32
		idle   time.Duration
		want   bool
	}{{"open", 1, 0, false}, {"open, idle", 1, 20 * time.Second, true}, {"inactive", 0, 0, true}} {
		w := newWorld(ipvs.Table{entry(web, server("10.0.0.2:80", 1), server("10.0.0.3:80", 1))})
		w.sysctls["expire_nodest_conn"] = "1"
		w.connections(web, "10.0.0.2:80", test.active, 1-test.active, 0)
		d := w.drain(t, Options{Servers: hosts, Wait: time.Minute, Idle: test.idle})
		spent := time.Duration(0)
		d.Spent = func() time.Duration { spent += cost; return spent }
		var scans []time.Time
		w.at = func(second int) {
			w.k.SetConnEntries(connTo(web, "10.0.0.2:80", 1000, "ESTABLISHED", 900).entry) // a packet all the time
			if n := len(scans); !d.scanned.IsZero() && (n == 0 || scans[n-1] != d.scanned) {
				scans = append(scans, d.scanned)
			}
		}
		w.at(0)
		if err := d.Run(); err != ErrNotDrained {
			t.Errorf("%s: %v", test.name, err)
		}
		if (len(scans) > 0) != test.want {
			t.Errorf("%s: %d readings", test.name, len(scans))
		}
		for i := 1; i < len(scans); i++ {
			if pause := scans[i].Sub(scans[i-1]); pause < readingShare*cost {
				t.Errorf("%s: %s between readings", test.name, pause)
			}
		}
	}
}

// A server is removed within twelve seconds of the last packet, and not before nine, also if a
// busy machine interrupts readings of the connection table.
func TestDrainWithLateReadings(t *testing.T) {
	for _, test := range []struct {
		name    string
		packets []int
		late    map[int]float64 // seconds by the number of the reading
	}{
		{"none is late", seconds(1, 6), nil},
		{"the first one", nil, map[int]float64{0: 1.9}},
		{"the first one after the last packet", []int{5}, map[int]float64{5: 1.9}},
		{"one while it is silent", seconds(1, 6), map[int]float64{9: 1.9}},
		{"one while it is silent, by much", seconds(1, 6), map[int]float64{9: 5}},
		{"the first ones", nil, map[int]float64{0: 1.9, 1: 1.5, 2: 1.5, 3: 1.5}},
		{"all after the last packet", seconds(1, 6), map[int]float64{7: 1.5, 8: 1.5, 9: 1.5, 10: 1.5, 11: 1.5}},
		{"all, by little", seconds(1, 6), map[int]float64{
			0: 0.9, 1: 0.1, 2: 0.9, 3: 0.1, 4: 0.9, 5: 0.1, 6: 0.9, 7: 0.1, 8: 0.9, 9: 0.1, 10: 0.9, 11: 0.1, 12: 0.9, 13: 0.1, 14: 0.9, 15: 0.1,
		}},
	} {
		w := newWorld(ipvs.Table{entry(web, server("10.0.0.2:80", 1), server("10.0.0.3:80", 1))})
		w.sysctls["expire_nodest_conn"] = "1"
		w.connections(web, "10.0.0.2:80", 0, 1, 0)
		w.at = func(second int) {
			e, _ := connTo(web, "10.0.0.2:80", 1000, "FIN_WAIT", 120, test.packets...).at(second)
			w.k.SetConnEntries(e)
		}
		w.at(0)
		d := w.drain(t, Options{Servers: hosts, Wait: time.Minute})
		// Three times a reading looks at the time that was spent, at last before the table.
		spent, moments := 0, 0
		d.Spent = func() time.Duration { spent, moments = spent+1, 0; return 0 }
		d.Now = func() time.Time {
			if moments++; moments == 2 && spent%4 == 3 { // between its beginning and its entry
				w.clock = w.clock.Add(inSeconds(test.late[spent/4]))
			}
			return w.clock
		}
		if err := d.Run(); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		last := 0
		if len(test.packets) > 0 {
			last = test.packets[len(test.packets)-1]
		}
		if got := w.clock.Sub(epoch) - time.Duration(last)*time.Second; got < settled-rounding || got > 12*time.Second {
			t.Errorf("%s: removed %s after the last packet", test.name, got)
		}
	}
}

func inSeconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// interrupted is a reading of the connection table that a machine with much else to do has
// interrupted: it began, the kernel wrote the entry, and the reader got it. All times are in
// seconds.
type interrupted struct{ began, written, ended float64 }

// at returns readings that took no time.
func at(seconds ...float64) (readings []interrupted) {
	for _, s := range seconds {
		readings = append(readings, interrupted{s, s, s})
	}
	return readings
}

// lastBefore is the last packet before a time, or 0.
func lastBefore(packets []float64, seconds float64) (last float64) {
	for _, packet := range packets {
		if packet <= seconds {
			last = packet
		}
	}
	return last
}

// readSilence lets readings tell of an entry with packets.
func readSilence(t testing.TB, one *target, packets []float64, readings ...interrupted) {
	const timeout = 120
	for _, r := range readings {
		clock := r.began
		now := func() time.Time { return epoch.Add(inSeconds(clock)) }
		entries := func(yield func(ipvs.ConnEntry, error) bool) {
			e := connTo(web, "10.0.0.2:80", 1000, "FIN_WAIT", 0).entry
			e.Expires = inSeconds(lastBefore(packets, r.written) + timeout - r.written).Truncate(time.Second)
			clock = r.ended
			yield(e, nil)
		}
		if err := newConnTable([]*target{one}).read(entries, now, epoch, []*target{one}); err != nil {
			t.Fatal(err)
		}
	}
}

func oneTarget() *target {
	return &target{service: ipvs.Service{ServiceID: web}, before: server("10.0.0.2:80", 1)}
}

// A late reading is no packet, hides none, and does not date one later than it came.
func TestSilenceByLateReadings(t *testing.T) {
	for _, test := range []struct {
		name        string
		packets     []float64
		readings    [][]interrupted
		least, most float64 // silent for
	}{
		{"late from the beginning", nil, [][]interrupted{{{0, 0, 2.1}}, at(3, 4, 5, 12)}, 9.9, 12},
		{"written late", nil, [][]interrupted{{{0, 2, 2.1}}, at(3, 4, 5, 12)}, 9.9, 9.9},
		{"late in the middle", nil, [][]interrupted{at(0, 1), {{2, 2, 5}, {5, 8, 8}}, at(9, 10)}, 10, 10},
		{"late at the end, written early", nil, [][]interrupted{at(0, 1, 2), {{10, 10, 14}}}, 10, 14},
		{"late at the end, written late", nil, [][]interrupted{at(0, 1, 2), {{10, 14, 14}}}, 10, 14},
		{"all are late", nil, [][]interrupted{{{0, 1, 2}, {3, 5, 5}, {6, 6, 8}, {9, 10, 11}, {12, 12, 14}}}, 10, 12},
		{"a packet amid late readings", []float64{3.5}, [][]interrupted{at(0, 1, 2), {{3, 5, 6}, {6, 6, 9}, {9, 11, 12}}, at(13, 14)}, 9, 10.5},
		{"the first reading after a packet is late", []float64{5.1}, [][]interrupted{at(0, 1, 2, 3, 4, 5), {{6, 6, 9}}, at(10, 11, 15)}, 8.9, 9.9},
		{"a packet during a late reading", []float64{9.5}, [][]interrupted{at(0, 1, 2), {{9, 9.6, 13}}}, 0, 3.5},
		{"a packet during a late reading, after its entry", []float64{9.5}, [][]interrupted{at(0, 1, 2), {{9, 9.4, 13}}}, 0, 13},
		{"packets until the end", []float64{1, 2, 3, 4, 5, 6, 7}, [][]interrupted{at(0, 1, 2), {{3, 4, 5}, {5, 5, 6}}, at(7)}, 0, 1},
	} {
		one := oneTarget()
		readSilence(t, one, test.packets, slices.Concat(test.readings...)...)
		if got := one.silence.silent; got < inSeconds(test.least) || got > inSeconds(test.most) {
			t.Errorf("%s: silent for %s, want %g to %g s", test.name, got, test.least, test.most)
		}
	}
}

// Whatever the packets and delays are, silence is longer than in truth by no more than what
// /proc cuts off, and after two readings on time it is shorter by no more than two seconds
// and what the first reading took.
func TestSilenceByRandomReadings(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		share := rapid.Custom(func(r *rapid.T) float64 { return float64(rapid.IntRange(0, 1000).Draw(r, "thousandths")) / 1000 })
		var packets []float64
		last := 0.0
		for range rapid.IntRange(0, 8).Draw(r, "packets") {
			last += 4 * share.Draw(r, "pause")
			packets = append(packets, last)
		}
		one, clock, first := oneTarget(), 0.0, 0.0 // first is how long the first reading took
		for clock < last+4 {
			took := 3 * share.Draw(r, "took")
			reading := interrupted{clock, clock + took*share.Draw(r, "written"), clock + took}
			readSilence(t, one, packets, reading)
			if clock == 0 {
				first = took
			}
			clock += took + 1
			truth := inSeconds(reading.ended - lastBefore(packets, reading.written))
			if got := one.silence.silent; got > truth+rounding+tolerance {
				r.Fatalf("packets at %v, reading %v: silent for %s, in truth for %s", packets, reading, got, truth)
			}
		}
		readSilence(t, one, packets, at(clock, clock+1)...)
		truth := inSeconds(clock + 1 - max(last, first))
		if got := one.silence.silent; got < truth-2*time.Second-inSeconds(first) {
			r.Fatalf("packets at %v: silent for %s, in truth for %s", packets, got, truth)
		}
	})
}

// A reading comes as soon as a server may have been silent for ten seconds, not only with
// the next whole second.
func TestDrainReadsWhenSilent(t *testing.T) {
	w := newWorld(ipvs.Table{entry(web, server("10.0.0.2:80", 1), server("10.0.0.3:80", 1))})
	w.sysctls["expire_nodest_conn"] = "1"
	w.connections(web, "10.0.0.2:80", 0, 1, 0)
	w.at = func(int) {
		e := connTo(web, "10.0.0.2:80", 1000, "FIN_WAIT", 0).entry
		e.Expires = (120*time.Second - w.clock.Sub(epoch)).Truncate(time.Second)
		w.k.SetConnEntries(e)
	}
	d := w.drain(t, Options{Servers: hosts})
	late := 600 * time.Millisecond
	d.Sysctl = func(name string) (string, bool) {
		w.clock, late = w.clock.Add(late), 0 // the first reading
		w.at(0)
		return w.sysctls[name], true
	}
	if err := d.Run(); err != nil || w.clock.Sub(epoch) != settled+600*time.Millisecond {
		t.Errorf("%v after %s", err, w.clock.Sub(epoch))
	}
}
