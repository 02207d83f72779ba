// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
)

// world is a fake kernel with a clock of its own, which goes on while a drain sleeps.
type world struct {
	k       *ipvstest.Kernel
	clock   time.Time
	signals chan os.Signal
	// at is called each time that the drain sleeps, with the time since the beginning.
	at      func(seconds int)
	sysctls map[string]string
	running []string // managers

	wayBack  string
	warnings []string
	last     Status
	readings int
	summary  []string
}

var epoch = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

func newWorld(table ipvs.Table) *world {
	w := &world{k: ipvstest.New(), clock: epoch, signals: make(chan os.Signal, 8), sysctls: map[string]string{}, at: func(int) {}}
	w.k.SetTable(table)
	return w
}

func (w *world) Begin(s Status)   { w.last = s }
func (w *world) Reading(s Status) { w.last, w.readings = s, w.readings+1 }
func (w *world) End(s Status, summary []string, _ error) {
	w.last, w.summary = s, summary
}

// drain returns a drain of this world. It sleeps until it wakes up without any time.
func (w *world) drain(t testing.TB, o Options) *Drain {
	client, err := w.k.Dial()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return &Drain{
		Options: o,
		Source: Source{
			Client: client, Signals: w.signals,
			Sysctl:   func(name string) (string, bool) { value, ok := w.sysctls[name]; return value, ok },
			Managers: func() []string { return w.running },
			Spent:    func() time.Duration { return 0 },
			Now:      func() time.Time { return w.clock },
			After: func(d time.Duration) <-chan time.Time {
				w.clock = w.clock.Add(d)
				w.at(int(w.clock.Sub(epoch) / time.Second))
				woken := make(chan time.Time, 1)
				woken <- w.clock
				return woken
			},
		},
		WayBack:  func(rules string) error { w.wayBack = rules; return nil },
		Warn:     func(text string) { w.warnings = append(w.warnings, text) },
		Progress: w,
	}
}

func addrPort(s string) netip.AddrPort { return netip.MustParseAddrPort(s) }

func tcp(s string) ipvs.ServiceID { return ipvs.ServiceID{Protocol: ipvs.TCP, AddrPort: addrPort(s)} }
func udp(s string) ipvs.ServiceID { return ipvs.ServiceID{Protocol: ipvs.UDP, AddrPort: addrPort(s)} }

func server(s string, weight uint32) ipvs.Destination {
	return ipvs.Destination{DestinationID: ipvs.DestinationID{AddrPort: addrPort(s)}, Weight: weight, Forward: ipvs.Masquerade}
}

func entry(id ipvs.ServiceID, servers ...ipvs.Destination) ipvs.TableEntry {
	return ipvs.TableEntry{Service: ipvs.Service{ServiceID: id, Scheduler: "wlc"}, Destinations: servers}
}

// host selects all ports of a server.
func host(s string) ipvs.EndpointFilter {
	return ipvs.EndpointFilter{AddrPort: netip.AddrPortFrom(netip.MustParseAddr(s), 0)}
}

var (
	web, tls, dns = tcp("10.0.0.1:80"), tcp("10.0.0.1:443"), udp("10.0.0.1:53")
	hosts         = []ipvs.EndpointFilter{host("10.0.0.2")}
)

// three is a table of three services that share a server.
func three() ipvs.Table {
	return ipvs.Table{
		entry(web, server("10.0.0.2:8080", 3), server("10.0.0.3:8080", 1)),
		entry(tls, server("10.0.0.2:443", 2), server("10.0.0.3:443", 1)),
		entry(dns, server("10.0.0.2:53", 1), server("10.0.0.3:53", 1)),
	}
}

// connections sets the connections of a server.
func (w *world) connections(id ipvs.ServiceID, server string, active, inactive, templates uint32) {
	w.k.UpdateDestination(id, ipvs.DestinationID{AddrPort: addrPort(server)}, func(d *ipvs.Destination) {
		d.ActiveConns, d.InactiveConns, d.PersistentConns = active, inactive, templates
	})
}

func (w *world) setWeight(id ipvs.ServiceID, server string, weight uint32) {
	w.k.UpdateDestination(id, ipvs.DestinationID{AddrPort: addrPort(server)}, func(d *ipvs.Destination) { d.Weight = weight })
}

// weights describes the servers at an address: their weights, by service, and - for one
// that is gone.
func (w *world) weights(address string) string {
	var weights []string
	for _, e := range w.k.Table() {
		weight := "-"
		for _, d := range e.Destinations {
			if d.AddrPort.Addr().String() == address {
				weight = fmt.Sprint(d.Weight)
			}
		}
		weights = append(weights, weight)
	}
	return strings.Join(weights, " ")
}

// want checks what has become of 10.0.0.2.
func (w *world) want(t *testing.T, weights string) {
	t.Helper()
	if got := w.weights("10.0.0.2"); got != weights {
		t.Errorf("the weights are %s, want %s", got, weights)
	}
	if got := w.weights("10.0.0.3"); !slices.Contains([]string{"1 1 1", "1 1", "1"}, got) {
		t.Errorf("the weights of the other server are %s", got)
	}
}

// A whole host leaves each service as soon as its connections there have ended.
func TestDrainRemovesHostFromEachService(t *testing.T) {
	w := newWorld(three())
	w.connections(web, "10.0.0.2:8080", 2, 5, 0)
	w.connections(tls, "10.0.0.2:443", 1, 0, 0)
	w.at = func(seconds int) {
		switch seconds {
		case 1:
			w.want(t, "0 0 -") // no connections of DNS
		case 5:
			w.connections(tls, "10.0.0.2:443", 0, 0, 0)
		case 6:
			w.want(t, "0 - -")
			w.connections(web, "10.0.0.2:8080", 0, 7, 0)
		case 126:
			w.want(t, "0 - -")
			w.connections(web, "10.0.0.2:8080", 0, 0, 0)
		}
	}
	if err := w.drain(t, Options{Servers: hosts, Wait: DefaultWait}).Run(); err != nil {
		t.Fatal(err)
	}
	w.want(t, "- - -")
	if want := "Drained in 2:06; 3 servers removed, no connection was cut."; w.summary[0] != want || len(w.summary) != 1 {
		t.Errorf("got %q, want %q", w.summary, want)
	}
	const wayBack = `# until it is removed: -e --keep -t 10.0.0.1:80 -r 10.0.0.2:8080 -w 3
-a -t 10.0.0.1:80 -r 10.0.0.2:8080 -m -w 3
# until it is removed: -e --keep -t 10.0.0.1:443 -r 10.0.0.2:443 -w 2
-a -t 10.0.0.1:443 -r 10.0.0.2:443 -m -w 2
# until it is removed: -e --keep -u 10.0.0.1:53 -r 10.0.0.2:53 -w 1
-a -u 10.0.0.1:53 -r 10.0.0.2:53 -m -w 1
`
	if w.wayBack != wayBack {
		t.Errorf("the way back is\n%s", w.wayBack)
	}
}

// A service, and a port, narrow the selection; several servers widen it.
func TestDrainSelects(t *testing.T) {
	for _, test := range []struct {
		o    Options
		want string
	}{
		{Options{Servers: hosts, Service: tls}, "3 - 1"},
		{Options{Servers: []ipvs.EndpointFilter{{AddrPort: addrPort("10.0.0.2:53"), HasPort: true}}}, "3 2 -"},
		{Options{Servers: []ipvs.EndpointFilter{{AddrPort: addrPort("10.0.0.2:53"), HasPort: true}, {AddrPort: addrPort("10.0.0.2:443"), HasPort: true}}}, "3 - -"},
		{Options{Servers: append(hosts, hosts...)}, "- - -"},
	} {
		w := newWorld(three())
		if err := w.drain(t, test.o).Run(); err != nil {
			t.Fatal(err)
		}
		w.want(t, test.want)
	}
	for _, test := range []struct {
		o    Options
		want string
	}{
		{Options{Servers: []ipvs.EndpointFilter{host("10.0.0.9")}}, "no service has the server 10.0.0.9"},
		{Options{Servers: append(hosts, host("10.0.0.9"))}, "no service has the server 10.0.0.9"},
		{Options{Servers: hosts, Service: tcp("10.0.0.9:80")}, "there is no service TCP 10.0.0.9:80"},
		{Options{Servers: []ipvs.EndpointFilter{host("10.0.0.9")}, Service: tls}, "TCP 10.0.0.1:443 has no server 10.0.0.9"},
		{Options{Servers: []ipvs.EndpointFilter{{AddrPort: addrPort("10.0.0.2:9"), HasPort: true}}}, "no service has the server 10.0.0.2:9"},
	} {
		w := newWorld(three())
		var absent *NoServerError
		if err := w.drain(t, test.o).Run(); !errors.As(err, &absent) || err.Error() != test.want {
			t.Errorf("got %v, want %s", err, test.want)
		}
		w.want(t, "3 2 1")
	}
}

// Nothing changes if the way back cannot be written, and it is written before the first
// change.
func TestDrainWritesWayBackFirst(t *testing.T) {
	w := newWorld(three())
	d := w.drain(t, Options{Servers: hosts})
	full := errors.New("no space left")
	d.WayBack = func(string) error { return full }
	if err := d.Run(); err != full {
		t.Errorf("got %v", err)
	}
	w.want(t, "3 2 1")
	d = w.drain(t, Options{Servers: hosts})
	d.WayBack = func(string) error { w.want(t, "3 2 1"); return nil }
	if err := d.Run(); err != nil {
		t.Error(err)
	}
}

// --keep-server leaves the servers at weight 0, and the way back is the weights.
func TestDrainKeepsServers(t *testing.T) {
	w := newWorld(three())
	w.setWeight(dns, "10.0.0.2:53", 0)
	if err := w.drain(t, Options{Servers: hosts, KeepServers: true}).Run(); err != nil {
		t.Fatal(err)
	}
	w.want(t, "0 0 0")
	const wayBack = "-e --keep -t 10.0.0.1:80 -r 10.0.0.2:8080 -w 3\n-e --keep -t 10.0.0.1:443 -r 10.0.0.2:443 -w 2\n"
	if w.wayBack != wayBack || w.summary[0] != "Drained in 0:00; 3 servers stay, with weight 0." {
		t.Errorf("%q, the way back is\n%s", w.summary, w.wayBack)
	}
}

// What the kernel knows and no rule can express is sent back as it was read, and named in the
// way back.
func TestDrainKeepsForeignSettings(t *testing.T) {
	foreign := server("10.0.0.2:80", 3)
	foreign.Forward, foreign.TunnelType, foreign.TunnelFlags, foreign.UpperThreshold = ipvs.Tunnel, 9, 1<<9, 77
	w := newWorld(ipvs.Table{entry(web, foreign, server("10.0.0.3:80", 1))})
	w.connections(web, "10.0.0.2:80", 1, 0, 0)
	if err := w.drain(t, Options{Servers: hosts, Wait: 3 * time.Second}).Run(); err != ErrNotDrained {
		t.Fatal(err)
	}
	got := w.k.Table()[0].Destinations[0]
	foreign.Weight, foreign.ActiveConns = 0, 1
	if got != foreign {
		t.Errorf("got %+v, want %+v", got, foreign)
	}
	if !strings.Contains(w.wayBack, "# 10.0.0.2:80 of TCP 10.0.0.1:80: tunnel type 9 cannot be saved\n") {
		t.Errorf("the way back is\n%s", w.wayBack)
	}
}

// The last usable server of a service stays, unless that is forced.
func TestDrainRefusesLastServer(t *testing.T) {
	full := server("10.0.0.3:80", 1)
	full.UpperThreshold, full.ActiveConns, full.InactiveConns = 10, 4, 6
	zero := server("10.0.0.3:80", 0)
	for name, servers := range map[string][]ipvs.Destination{
		"alone":                 {server("10.0.0.2:80", 1)},
		"others have weight 0":  {server("10.0.0.2:80", 1), zero},
		"others are overloaded": {server("10.0.0.2:80", 1), full},
		"all are drained":       {server("10.0.0.2:80", 1), server("10.0.0.2:81", 1)},
	} {
		table := append(three(), entry(tcp("10.0.0.1:8443"), servers...))
		w := newWorld(table)
		var last *LastServerError
		err := w.drain(t, Options{Servers: hosts}).Run()
		if !errors.As(err, &last) || err.Error() != "new clients would get no server of TCP 10.0.0.1:8443; --force drains nevertheless" {
			t.Errorf("%s: got %v", name, err)
		}
		if !slices.Equal(w.k.Commands(), []ipvs.Command{ipvs.CommandGetService, ipvs.CommandGetDestinations}) && w.weights("10.0.0.2") != "3 2 1 1" {
			t.Errorf("%s: the weights are %s", name, w.weights("10.0.0.2"))
		}
		if err := w.drain(t, Options{Servers: hosts, Force: true}).Run(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	// A server whose weight is 0 already gives new clients nothing to lose.
	w := newWorld(ipvs.Table{entry(web, server("10.0.0.2:80", 0))})
	if err := w.drain(t, Options{Servers: hosts}).Run(); err != nil || w.weights("10.0.0.2") != "-" {
		t.Errorf("%v, the weights are %s", err, w.weights("10.0.0.2"))
	}
	if want := "-a -t 10.0.0.1:80 -r 10.0.0.2:80 -m -w 0\n"; w.wayBack != want {
		t.Errorf("the way back is\n%s", w.wayBack)
	}
}

// Two drains that begin at the same moment each read the table before the other has changed
// it. The second one leaves the server to the first, and does not put a weight back that it
// did not set.
func TestDrainLeavesServerToDrainAtTheSameMoment(t *testing.T) {
	for _, action := range []AtLimit{KeepAtLimit, UndoAtLimit} {
		w := newWorld(three())
		d := w.drain(t, Options{Servers: hosts, AtLimit: action})
		d.WayBack = func(string) error { w.setWeight(tls, "10.0.0.2:443", 0); return nil }
		var stopped *StoppedError
		if err := d.Run(); !errors.As(err, &stopped) || err.Error() != "another program set the weight of 10.0.0.2:443 of TCP 10.0.0.1:443 to 0" {
			t.Errorf("got %v", err)
		}
		w.want(t, "3 0 1")
		if last := w.summary[len(w.summary)-1]; last != "Everything else is as before." {
			t.Errorf("%q", w.summary)
		}
	}
}

// If the other server of a service is drained at the same moment, new clients keep this one.
func TestDrainLeavesLastServerAtTheSameMoment(t *testing.T) {
	for _, force := range []bool{false, true} {
		w := newWorld(three())
		w.connections(tls, "10.0.0.2:443", 1, 0, 0)
		d := w.drain(t, Options{Servers: hosts, Wait: 3 * time.Second, Force: force})
		d.WayBack = func(string) error { w.setWeight(tls, "10.0.0.3:443", 0); return nil }
		err := d.Run()
		var stopped *StoppedError
		want := "new clients would get no server of TCP 10.0.0.1:443; --force drains nevertheless"
		switch got := w.weights("10.0.0.2"); {
		case force && (err != ErrNotDrained || got != "- 0 -"):
			t.Errorf("with --force: %v, the weights are %s", err, got)
		case !force && (!errors.As(err, &stopped) || err.Error() != want || got != "3 2 1"):
			t.Errorf("%v, the weights are %s", err, got)
		}
	}
}

// Without a limit a drain waits for as long as a connection lasts.
func TestDrainWithoutLimit(t *testing.T) {
	w := newWorld(three())
	w.connections(web, "10.0.0.2:8080", 1, 0, 0)
	w.at = func(seconds int) {
		if seconds == 40_000 {
			w.connections(web, "10.0.0.2:8080", 0, 0, 0)
		}
	}
	if err := w.drain(t, Options{Servers: hosts}).Run(); err != nil || w.clock.Sub(epoch) != 40_000*time.Second {
		t.Errorf("%v after %s", err, w.clock.Sub(epoch))
	}
}

// A drain changes weights, and deletes and adds servers, and nothing else. It reads a server
// right before it changes it, so that settings that others have changed meanwhile stay.
func TestDrainChangesOnlyWeights(t *testing.T) {
	changes := []ipvs.Command{ipvs.CommandSetDestination, ipvs.CommandDelDestination, ipvs.CommandNewDestination}
	reads := []ipvs.Command{ipvs.CommandGetService, ipvs.CommandGetDestinations, ipvs.CommandGetDaemons}
	for stage, o := range stages {
		w := busy()
		at := w.at
		w.at = func(seconds int) {
			at(seconds)
			if seconds == 2 {
				w.k.UpdateDestination(web, ipvs.DestinationID{AddrPort: addrPort("10.0.0.2:8080")}, func(d *ipvs.Destination) { d.UpperThreshold = 77 })
			}
		}
		_ = w.drain(t, o).Run()
		if got := w.weights("10.0.0.2"); got != atEnd[stage] {
			t.Errorf("%s: the weights are %s", stage, got)
		}
		for _, d := range w.k.Table()[0].Destinations {
			if d.AddrPort == addrPort("10.0.0.2:8080") && d.UpperThreshold != 77 {
				t.Errorf("%s: got %+v", stage, d)
			}
		}
		for _, c := range w.k.Commands() {
			if !slices.Contains(append(changes, reads...), c) {
				t.Errorf("%s: it sent %v", stage, c)
			}
		}
	}
}

// A server may have another address family than its service.
func TestDrainOfMixedFamily(t *testing.T) {
	mixed := server("[fd00::2]:80", 4)
	mixed.Forward = ipvs.Tunnel
	w := newWorld(ipvs.Table{entry(web, mixed, server("10.0.0.3:80", 1))})
	w.sysctls["expire_nodest_conn"] = "1"
	w.connections(web, "[fd00::2]:80", 0, 1, 0)
	c := connTo(web, "[fd00::2]:80", 1000, "FIN_WAIT", 120, 5)
	w.at = func(second int) {
		e, _ := c.at(second)
		w.k.SetConnEntries(e)
	}
	w.at(0)
	if err := w.drain(t, Options{Servers: []ipvs.EndpointFilter{host("fd00::2")}}).Run(); err != nil || w.clock.Sub(epoch) != 15*time.Second {
		t.Errorf("%v after %s", err, w.clock.Sub(epoch))
	}
	if want := "-a -t 10.0.0.1:80 -r [fd00::2]:80 -i -w 4 --tun-type ipip\n"; w.weights("fd00::2") != "-" || !strings.HasSuffix(w.wayBack, want) {
		t.Errorf("the weights are %s, the way back is\n%s", w.weights("fd00::2"), w.wayBack)
	}
}

// At the limit the servers keep weight 0, are removed, or are put back.
func TestDrainAtLimit(t *testing.T) {
	for _, test := range []struct {
		action        AtLimit
		err           error
		weights, text string
	}{
		{KeepAtLimit, ErrNotDrained, "0 0 -", `Not drained in 0:30; 4 connections are left.
To go on, drain again. To go back, give these rules to ipvsadm -R:
-e --keep -t 10.0.0.1:80 -r 10.0.0.2:8080 -w 3
-e --keep -t 10.0.0.1:443 -r 10.0.0.2:443 -w 2
-a -u 10.0.0.1:53 -r 10.0.0.2:53 -m -w 1`},
		{RemoveAtLimit, nil, "- - -", "Drained in 0:30; 3 servers removed, 4 connections were cut."},
		{UndoAtLimit, ErrNotDrained, "3 2 1", "Not drained in 0:30; 4 connections are left.\nEverything is as before."},
	} {
		w := newWorld(three())
		w.connections(web, "10.0.0.2:8080", 1, 2, 0)
		w.connections(tls, "10.0.0.2:443", 1, 0, 0)
		err := w.drain(t, Options{Servers: hosts, Wait: 30 * time.Second, AtLimit: test.action}).Run()
		if err != test.err || strings.Join(w.summary, "\n") != test.text {
			t.Errorf("%v: %v, %s", test.action, err, strings.Join(w.summary, "\n"))
		}
		w.want(t, test.weights)
		if w.clock != epoch.Add(30*time.Second) {
			t.Errorf("%v: it is %s", test.action, w.clock)
		}
	}
}

// Another program that changes a server ends the drain, and keeps what it has set.
func TestDrainStopsForOtherPrograms(t *testing.T) {
	deleted := func(w *world) {
		c, _ := w.k.Dial()
		_ = c.DelDestination(web, ipvs.DestinationID{AddrPort: addrPort("10.0.0.2:8080")})
		_ = c.Close()
	}
	for _, test := range []struct {
		name          string
		change        func(*world)
		action        AtLimit
		weights, text string
	}{
		{"weight", func(w *world) { w.setWeight(web, "10.0.0.2:8080", 9) }, KeepAtLimit, "9 0 -",
			"Stopped after 0:05: another program set the weight of 10.0.0.2:8080 of TCP 10.0.0.1:80 to 9"},
		{"weight, undo", func(w *world) { w.setWeight(web, "10.0.0.2:8080", 9) }, UndoAtLimit, "9 2 1",
			"Stopped after 0:05: another program set the weight of 10.0.0.2:8080 of TCP 10.0.0.1:80 to 9"},
		{"removed", deleted, KeepAtLimit, "- 0 -", "Stopped after 0:05: another program has removed 10.0.0.2:8080 of TCP 10.0.0.1:80"},
		{"removed, undo", deleted, UndoAtLimit, "- 2 1", "Stopped after 0:05: another program has removed 10.0.0.2:8080 of TCP 10.0.0.1:80"},
		{"removed and added", func(w *world) { w.setWeight(web, "10.0.0.2:8080", 3) }, RemoveAtLimit, "3 0 -",
			"Stopped after 0:05: another program set the weight of 10.0.0.2:8080 of TCP 10.0.0.1:80 to 3"},
	} {
		w := newWorld(three())
		w.connections(web, "10.0.0.2:8080", 1, 0, 0)
		w.connections(tls, "10.0.0.2:443", 1, 0, 0)
		w.at = func(seconds int) {
			if seconds == 5 {
				test.change(w)
			}
		}
		var stopped *StoppedError
		if err := w.drain(t, Options{Servers: hosts, Wait: DefaultWait, AtLimit: test.action}).Run(); !errors.As(err, &stopped) || w.summary[0] != test.text {
			t.Errorf("%s: %v, %q", test.name, err, w.summary)
		}
		w.want(t, test.weights)
		if strings.Contains(strings.Join(w.summary, "\n"), "-r 10.0.0.2:8080 ") {
			t.Errorf("%s: it would fight: %q", test.name, w.summary)
		}
		if weight := fmt.Sprint(w.last.Servers[0].Weight); test.weights[:1] != "-" && weight != test.weights[:1] {
			t.Errorf("%s: the status has weight %s, want %s", test.name, weight, test.weights)
		}
	}
}

// Another program may take all servers at once. No rules lead back to what is not there.
func TestDrainStopsWhenAllServersAreRemoved(t *testing.T) {
	w := newWorld(three())
	w.connections(web, "10.0.0.2:8080", 1, 0, 0)
	w.connections(tls, "10.0.0.2:443", 1, 0, 0)
	w.at = func(seconds int) {
		if seconds == 5 {
			w.k.SetTable(nil)
		}
	}
	var stopped *StoppedError
	err := w.drain(t, Options{Servers: hosts}).Run()
	want := []string{
		"Stopped after 0:05: another program has removed 10.0.0.2:8080 of TCP 10.0.0.1:80",
		"To go on, drain again. To go back, give these rules to ipvsadm -R:", "-a -u 10.0.0.1:53 -r 10.0.0.2:53 -m -w 1", // it has removed that itself
	}
	if !errors.As(err, &stopped) || !slices.Equal(w.summary, want) {
		t.Errorf("got %v, %q", err, w.summary)
	}
}

// What another program has removed just before a signal is said, too.
func TestDrainInterruptedAfterRemoval(t *testing.T) {
	w := newWorld(three())
	w.connections(web, "10.0.0.2:8080", 1, 0, 0)
	w.connections(tls, "10.0.0.2:443", 1, 0, 0)
	d := w.drain(t, Options{Servers: hosts})
	d.After = func(time.Duration) <-chan time.Time {
		w.k.SetTable(slices.DeleteFunc(w.k.Table(), func(e ipvs.TableEntry) bool { return e.Service.ServiceID == web }))
		w.signals <- os.Interrupt
		return nil
	}
	var stopped *StoppedError
	if err := d.Run(); !errors.As(err, &stopped) || err.Error() != "another program has removed 10.0.0.2:8080 of TCP 10.0.0.1:80" {
		t.Errorf("got %v", err)
	}
	if got := w.weights("10.0.0.2"); got != "2 1" {
		t.Errorf("the weights are %s", got)
	}
}

// A weight that another program has set just before a signal stays, and is said, too.
func TestDrainInterruptedAfterForeignWeight(t *testing.T) {
	for weight, want := range map[uint32]string{
		7: "Stopped after 0:00: another program set the weight of 10.0.0.2:8080 of TCP 10.0.0.1:80 to 7\nEverything else is as before.",
		3: "Interrupted after 0:00; everything is as before.",
	} {
		w := newWorld(three())
		w.connections(web, "10.0.0.2:8080", 1, 0, 0)
		w.connections(tls, "10.0.0.2:443", 1, 0, 0)
		d := w.drain(t, Options{Servers: hosts})
		d.After = func(time.Duration) <-chan time.Time {
			w.setWeight(web, "10.0.0.2:8080", weight)
			w.signals <- os.Interrupt
			return nil
		}
		if err := d.Run(); err == nil || strings.Join(w.summary, "\n") != want {
			t.Errorf("to %d: got %v, %q", weight, err, w.summary)
		}
		w.want(t, fmt.Sprint(weight)+" 2 1")
		if got := w.last.Servers[0].Weight; got != weight {
			t.Errorf("the status has weight %d, want %d", got, weight)
		}
	}
}

// One-packet services have no connections to wait for.
func TestDrainDoesNotWaitForOnePacketServices(t *testing.T) {
	table := three()
	table[2].Service.Flags |= ipvs.OnePacket
	w := newWorld(table)
	w.connections(dns, "10.0.0.2:53", 0, 3, 0)
	if err := w.drain(t, Options{Servers: hosts}).Run(); err != nil || w.clock != epoch {
		t.Errorf("%v after %s", err, w.clock.Sub(epoch))
	}
	w.want(t, "- - -")
}

// Templates of persistent clients keep a server only with --sessions. Both ways the user
// hears that clients still come, and of the sysctl that ends it.
func TestDrainOfPersistentService(t *testing.T) {
	for _, sessions := range []bool{false, true} {
		table := ipvs.Table{entry(web, server("10.0.0.2:80", 1), server("10.0.0.3:80", 1))}
		table[0].Service.Flags |= ipvs.Persistent
		w := newWorld(table)
		w.connections(web, "10.0.0.2:80", 1, 0, 2)
		noted := false
		w.at = func(seconds int) {
			switch {
			case seconds < 10:
				w.k.UpdateDestination(web, ipvs.DestinationID{AddrPort: addrPort("10.0.0.2:80")}, func(d *ipvs.Destination) { d.Stats.Conns++ })
			case seconds == 10:
				noted = len(w.last.Notes) == 1 && strings.HasPrefix(w.last.Notes[0], "Persistence: clients of TCP 10.0.0.1:80 are still sent here (2 templates).") &&
					w.last.Servers[0].Text == "clients still come back, see below"
				w.sysctls["expire_quiescent_template"] = "1"
				w.connections(web, "10.0.0.2:80", 0, 0, 2)
			case seconds == 60:
				w.connections(web, "10.0.0.2:80", 0, 0, 0)
			}
		}
		want := map[bool]time.Duration{false: 10 * time.Second, true: 60 * time.Second}[sessions]
		if err := w.drain(t, Options{Servers: hosts, Wait: DefaultWait, Sessions: sessions}).Run(); err != nil || w.clock.Sub(epoch) != want || !noted {
			t.Errorf("sessions %v: %v after %s, noted %v, %+v", sessions, err, w.clock.Sub(epoch), noted, w.last)
		}
	}
}

// With --sessions, the templates of clients that may come back are what is left.
func TestDrainAtLimitTellsOfTemplates(t *testing.T) {
	for _, test := range []struct {
		active, templates uint32
		sessions          bool
		left              string
	}{
		{2, 3, false, "2 connections are left."},
		{1, 3, true, "1 connection and 3 templates are left."},
		{0, 1, true, "1 template is left."},
		{0, 2, true, "2 templates are left."},
	} {
		table := ipvs.Table{entry(web, server("10.0.0.2:80", 1), server("10.0.0.3:80", 1))}
		table[0].Service.Flags |= ipvs.Persistent
		w := newWorld(table)
		w.sysctls["expire_quiescent_template"] = "1"
		w.connections(web, "10.0.0.2:80", test.active, 0, test.templates)
		err := w.drain(t, Options{Servers: hosts, Wait: 30 * time.Second, Sessions: test.sessions}).Run()
		if want := "Not drained in 0:30; " + test.left; err != ErrNotDrained || w.summary[0] != want {
			t.Errorf("%+v: %v, %q", test, err, w.summary)
		}
	}
}

// Programs that write the table, and sync daemons, are warned of before the first change.
func TestDrainWarns(t *testing.T) {
	w := newWorld(three())
	w.running = []string{"keepalived"}
	w.k.SetDaemons(ipvs.Daemon{State: ipvs.Master, Interface: "eth0"})
	d := w.drain(t, Options{Servers: hosts})
	d.WayBack = func(string) error {
		if len(w.warnings) != 2 || !strings.HasPrefix(w.warnings[0], "keepalived runs here") || !strings.HasPrefix(w.warnings[1], "a sync daemon runs here") {
			t.Errorf("got %q", w.warnings)
		}
		return nil
	}
	if err := d.Run(); err != nil {
		t.Error(err)
	}
}

// A reading that fails may pass. After several in a row the drain stops, removes nothing and
// says how to go back.
func TestDrainToleratesFailedReadings(t *testing.T) {
	for times, want := range map[int]string{4: "- - -", 5: "0 0 0", -1: "0 0 0"} {
		w := newWorld(three())
		d := w.drain(t, Options{Servers: hosts, Wait: DefaultWait})
		d.WayBack = func(string) error {
			w.k.Inject(ipvstest.Fault{Command: ipvs.CommandGetDestinations, Skip: 3, Times: times, Effect: ipvstest.Refuse(syscall.ENOMEM)})
			return nil
		}
		var stopped *StoppedError
		if err := d.Run(); (err == nil) != (want == "- - -") || err != nil && !errors.As(err, &stopped) {
			t.Errorf("%d: got %v", times, err)
		}
		w.want(t, want)
	}
}

// The module is unloaded meanwhile: there is nothing to put back.
func TestDrainWithoutModule(t *testing.T) {
	for _, interrupt := range []bool{false, true} {
		w := newWorld(three())
		w.connections(web, "10.0.0.2:8080", 1, 0, 0)
		d := w.drain(t, Options{Servers: hosts, AtLimit: UndoAtLimit})
		after := d.After
		d.After = func(pause time.Duration) <-chan time.Time {
			woken := after(pause)
			if w.clock.Sub(epoch) < 3*time.Second {
				return woken
			}
			w.k.SetLoaded(false)
			if interrupt {
				w.signals <- os.Interrupt
				return nil
			}
			return woken
		}
		var stopped *StoppedError
		if err := d.Run(); !errors.As(err, &stopped) || !errors.Is(err, ipvs.ErrNoIPVS) {
			t.Errorf("interrupt %t: got %v", interrupt, err)
		}
		if want := "The table is gone with the module; ipvsadm-restore brings back one that was saved."; len(w.summary) != 2 || w.summary[1] != want {
			t.Errorf("interrupt %t: got %q", interrupt, w.summary)
		}
	}
}
