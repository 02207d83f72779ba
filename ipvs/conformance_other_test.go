// SPDX-License-Identifier: Apache-2.0

package ipvs_test

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"net/netip"
	"runtime"
	"strconv"
	"syscall"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

func TestDaemons(t *testing.T) {
	type D = ipvs.Daemon
	cases := []struct {
		name     string
		in, want D
		errno    syscall.Errno
	}{
		{name: "plain master", in: D{State: ipvs.Master, Interface: "eth0"},
			want: D{ipvs.Master, "eth0", 0, 1472, addr("224.0.0.81"), 8848, 1}},
		{name: "plain backup", in: D{State: ipvs.Backup, Interface: "eth0", SyncID: 255},
			want: D{ipvs.Backup, "eth0", 255, 1472, addr("224.0.0.81"), 8848, 1}},
		{name: "backup with a large MTU", in: D{State: ipvs.Backup, Interface: "lo"},
			want: D{ipvs.Backup, "lo", 0, 65507, addr("224.0.0.81"), 8848, 1}},
		{name: "all set", in: D{ipvs.Master, "eth0", 7, 9000, addr("239.1.2.3"), 1234, 3},
			want: D{ipvs.Master, "eth0", 7, 9000, addr("239.1.2.3"), 1234, 3}},
		{name: "IPv6 group", in: D{State: ipvs.Master, Interface: "eth0", Group: addr("ff05::51")},
			want: D{ipvs.Master, "eth0", 0, 1452, addr("ff05::51"), 8848, 1}},
		{name: "IPv6 group, largest payload", in: D{State: ipvs.Backup, Interface: "lo", Group: addr("ff05::51"), MaxLen: math.MaxUint16},
			want: D{ipvs.Backup, "lo", 0, 65487, addr("ff05::51"), 8848, 1}},
		{name: "smallest payload of a master", in: D{State: ipvs.Master, Interface: "eth0", MaxLen: 1},
			want: D{ipvs.Master, "eth0", 0, 1, addr("224.0.0.81"), 8848, 1}},
		{name: "smallest payload of a backup", in: D{State: ipvs.Backup, Interface: "eth0", MaxLen: 1},
			want: D{ipvs.Backup, "eth0", 0, 1024, addr("224.0.0.81"), 8848, 1}},
		{name: "unknown interface", in: D{State: ipvs.Master, Interface: "nosuch0"}, errno: syscall.ENODEV},
		{name: "no interface", in: D{State: ipvs.Master}, errno: syscall.ENODEV},
		{name: "unicast group", in: D{State: ipvs.Master, Interface: "eth0", Group: addr("10.0.0.1")}, errno: syscall.EINVAL},
		{name: "IPv6 unicast group", in: D{State: ipvs.Master, Interface: "eth0", Group: addr("2001:db8::9")}, errno: syscall.EINVAL},
		{name: "no state", in: D{Interface: "eth0"}, errno: syscall.EINVAL},
		{name: "both states", in: D{State: ipvs.Master | ipvs.Backup, Interface: "eth0"}, errno: syscall.EINVAL},
		{name: "no state, unknown interface", in: D{Interface: "nosuch0"}, errno: syscall.ENODEV},
	}
	onEveryBackend(t, func(t *testing.T, w *world) {
		c := w.client(t)
		daemons, err := c.Daemons()
		must(t, err)
		if daemons == nil || len(daemons) != 0 {
			t.Errorf("got %#v, want an empty slice", daemons)
		}
		for _, state := range []ipvs.DaemonState{ipvs.Master, ipvs.Backup} {
			err := c.StopDaemon(state)
			wantErrno(t, "stop "+state.String(), err, syscall.ESRCH)
			if !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%v is not an fs.ErrNotExist", err)
			}
		}
		wantErrno(t, "stop no state", c.StopDaemon(0), syscall.EINVAL)
		wantErrno(t, "stop both", c.StopDaemon(3), syscall.EINVAL)
		for _, tc := range cases {
			wantErrno(t, tc.name, c.StartDaemon(tc.in), tc.errno)
			daemons, err := c.Daemons()
			must(t, err)
			if tc.errno != 0 {
				wantEqual(t, tc.name, daemons, []D{})
				continue
			}
			wantEqual(t, tc.name, daemons, []D{tc.want})
			wantErrno(t, tc.name+" again", c.StartDaemon(tc.in), syscall.EEXIST)
			must(t, c.StopDaemon(tc.in.State))
		}
		must(t, c.StartDaemon(D{State: ipvs.Backup, Interface: "eth0"}))
		must(t, c.StartDaemon(D{State: ipvs.Master, Interface: "eth0"}))
		daemons, err = c.Daemons()
		must(t, err)
		if len(daemons) != 2 || daemons[0].State != ipvs.Master {
			t.Errorf("got %v, want the master first", daemons)
		}
		must(t, c.StopDaemon(ipvs.Master))
		must(t, c.StopDaemon(ipvs.Backup))
	})
}

func TestTimeoutsAndInfo(t *testing.T) {
	onEveryBackend(t, func(t *testing.T, w *world) {
		c := w.client(t)
		info, err := c.Info()
		must(t, err)
		if info.VersionString() != "1.2.1" || info.ConnTabSize != w.connTabSize(t) {
			t.Errorf("info %+v, want version 1.2.1 and size %d", info, w.connTabSize(t))
		}
		want := ipvs.Timeouts{TCP: 900, TCPFin: 120, UDP: 300}
		for _, set := range []ipvs.Timeouts{{}, {TCP: 1}, {TCPFin: 2}, {UDP: 3}, {TCP: 2678400, TCPFin: 100, UDP: 50}, {UDP: 8589934}} {
			must(t, c.SetTimeouts(set))
			if set.TCP != 0 {
				want.TCP = set.TCP
			}
			if set.TCPFin != 0 {
				want.TCPFin = set.TCPFin
			}
			if set.UDP != 0 {
				want.UDP = set.UDP
			}
			got, err := c.Timeouts()
			must(t, err)
			wantEqual(t, "timeouts", got, want)
		}
		for _, set := range []ipvs.Timeouts{{TCP: 8589935}, {TCP: 1, TCPFin: 1 << 31}, {TCP: 1, UDP: math.MaxUint32}} {
			wantErrno(t, fmt.Sprint(set), c.SetTimeouts(set), syscall.EINVAL)
			got, err := c.Timeouts()
			must(t, err)
			wantEqual(t, "timeouts after a refusal", got, want)
		}
	})
}

// A thousand mixed changes, some of which the kernel refuses, and some of which cannot
// be encoded.
func TestApplyMany(t *testing.T) {
	onEveryBackend(t, func(t *testing.T, w *world) {
		c := w.client(t)
		var changes []ipvs.Change
		var want []syscall.Errno // math.MaxInt32 for a change that cannot be encoded
		add := func(errno syscall.Errno, ch ipvs.Change) {
			changes = append(changes, ch)
			want = append(want, errno)
		}
		services, destinations := 0, 0
		for i := 0; len(changes) < 1000; i++ {
			id := tcp(fmt.Sprintf("10.%d.%d.1:80", i/250, i%250))
			server := fmt.Sprintf("10.9.%d.%d:80", i/250, i%250+1)
			add(syscall.ESRCH, ipvs.DelService(id))
			add(0, ipvs.NewService(service(id)))
			add(syscall.EEXIST, ipvs.NewService(service(id)))
			add(0, ipvs.NewDestination(id, destination(server)))
			add(math.MaxInt32, ipvs.NewService(service(id, func(s *ipvs.Service) { s.Scheduler = "a-name-much-too-long" })))
			add(syscall.ERANGE, ipvs.SetDestination(id, destination(server, func(d *ipvs.Destination) { d.Weight = 1 << 31 })))
			add(0, ipvs.SetDestination(id, destination(server, func(d *ipvs.Destination) { d.Weight = 2 })))
			if i%3 == 0 {
				add(0, ipvs.DelDestination(id, destID(server)))
				destinations--
			}
			services++
			destinations++
		}
		errs := c.Apply(changes)
		if len(errs) != len(changes) {
			t.Fatalf("%d errors for %d changes", len(errs), len(changes))
		}
		for i, err := range errs {
			what := strconv.Itoa(i) + " " + changes[i].String()
			if want[i] != math.MaxInt32 {
				wantErrno(t, what, err, want[i])
				continue
			}
			if err == nil || errors.As(err, new(*ipvs.Error)) {
				t.Errorf("%s: got %v, want an error of the encoder", what, err)
			}
		}
		table, err := c.Table()
		must(t, err)
		n := 0
		for _, e := range table {
			n += len(e.Destinations)
		}
		if len(table) != services || n != destinations {
			t.Errorf("%d services with %d destinations, want %d with %d", len(table), n, services, destinations)
		}
	})
}

// The kernel refuses every change of several full batches: no error may be lost.
func TestApplyAllRefused(t *testing.T) {
	onEveryBackend(t, func(t *testing.T, w *world) {
		c := w.client(t)
		changes := make([]ipvs.Change, 1000)
		for i := range changes {
			changes[i] = ipvs.NewDestination(mark(uint32(i+1), ipvs.IPv6), destination("[2001:db8::2]:80"))
		}
		for i, err := range c.Apply(changes) {
			wantErrno(t, strconv.Itoa(i), err, syscall.ESRCH)
		}
	})
}

func TestTwoClients(t *testing.T) {
	onEveryBackend(t, func(t *testing.T, w *world) {
		a, b := w.client(t), w.client(t)
		must(t, a.NewService(service(tcp("10.0.0.1:80"))))
		must(t, b.NewDestination(tcp("10.0.0.1:80"), destination("10.0.0.2:80")))
		fromA, err := a.Table()
		must(t, err)
		fromB, err := b.Table()
		must(t, err)
		wantEqual(t, "tables", fromA, fromB)
		must(t, a.Close())
		must(t, b.Flush())
		if err := a.Flush(); err == nil {
			t.Error("a closed client works")
		}
	})
}

// A client stays in the namespace in which it was dialled.
func TestNamespaces(t *testing.T) {
	onEveryBackend(t, func(t *testing.T, w *world) {
		inFirst := w.client(t)
		must(t, inFirst.NewService(service(tcp("10.0.0.1:80"))))
		w.leave(t)
		inSecond := w.client(t)
		for client, want := range map[*ipvs.Client]int{inFirst: 1, inSecond: 0} {
			services, err := client.Services()
			must(t, err)
			if len(services) != want {
				t.Errorf("got %d services, want %d", len(services), want)
			}
		}
		must(t, inSecond.NewService(service(tcp("10.0.0.1:80"))))
	})
}

func TestUnprivileged(t *testing.T) {
	onEveryBackend(t, func(t *testing.T, w *world) {
		w.drop(t)
		c := w.client(t)
		id := tcp("10.0.0.1:80")
		_, infoErr := c.Info()
		_, configErr := c.Timeouts()
		_, servicesErr := c.Services()
		_, serviceErr := c.Service(id)
		_, destinationsErr := c.Destinations(id)
		_, daemonsErr := c.Daemons()
		_, tableErr := c.Table()
		_, overviewErr := c.Overview()
		errs := append(c.Apply([]ipvs.Change{
			ipvs.NewService(service(id)), ipvs.SetService(service(id)), ipvs.DelService(id),
			ipvs.NewDestination(id, destination("10.0.0.2:80")), ipvs.ZeroAll(), ipvs.Flush(),
			ipvs.StartDaemon(ipvs.Daemon{State: ipvs.Master, Interface: "lo"}), ipvs.SetTimeouts(ipvs.Timeouts{TCP: 1}),
		}), infoErr, configErr, servicesErr, serviceErr, destinationsErr, daemonsErr, tableErr, overviewErr)
		for i, err := range errs {
			wantErrno(t, strconv.Itoa(i), err, syscall.EPERM)
			if !errors.Is(err, fs.ErrPermission) {
				t.Errorf("%v is not an fs.ErrPermission", err)
			}
		}
	})
}

// More destinations and more services than fit in one chunk of a dump.
func TestMultiChunkDumps(t *testing.T) {
	onEveryBackend(t, func(t *testing.T, w *world) {
		c := w.client(t)
		changes := []ipvs.Change{}
		for i := range 300 {
			changes = append(changes, ipvs.NewService(service(mark(uint32(i+1), ipvs.IPv4))))
		}
		for i := range 300 {
			server := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte(i / 250), byte(i%250 + 1)}), 80)
			changes = append(changes, ipvs.NewDestination(mark(300, ipvs.IPv4), ipvs.Destination{DestinationID: ipvs.DestinationID{AddrPort: server}}))
		}
		must(t, errors.Join(c.Apply(changes)...))
		table, err := c.Table()
		must(t, err)
		if len(table) != 300 {
			t.Errorf("%d services", len(table))
		}
		for _, e := range table {
			if want := e.Service.FWMark / 300 * 300; len(e.Destinations) != int(want) {
				t.Errorf("%s has %d destinations, want %d", e.Service.ServiceID, len(e.Destinations), want)
			}
		}
		last, err := c.Destinations(mark(300, ipvs.IPv4))
		must(t, err)
		if len(last) != 300 || last[299].DestinationID != destID("10.0.0.1:80") {
			t.Errorf("the first destination is not listed last of 300")
		}
	})
}

// A table with many services is the same whether one connection reads the destinations or,
// as on a machine with several processors, two do. A service in the second half has more
// destinations than fit in one chunk.
func TestTableByTwoConnections(t *testing.T) {
	onEveryBackend(t, func(t *testing.T, w *world) {
		c := w.client(t)
		changes := []ipvs.Change{}
		serversOf := func(i int) int {
			if i == 250 {
				return 200
			}
			return i % 4
		}
		for i := range 300 {
			id := mark(uint32(i+1), ipvs.IPv4)
			changes = append(changes, ipvs.NewService(service(id)))
			for j := range serversOf(i) {
				server := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, byte(i / 250), byte(i % 250), byte(j + 1)}), 80)
				changes = append(changes, ipvs.NewDestination(id, ipvs.Destination{DestinationID: ipvs.DestinationID{AddrPort: server}, Weight: uint32(j)}))
			}
		}
		must(t, errors.Join(c.Apply(changes)...))
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
		one, err := c.Table()
		must(t, err)
		runtime.GOMAXPROCS(2)
		two, err := c.Table()
		must(t, err)
		wantEqual(t, "two connections", two, one)
		for _, e := range one {
			if want := serversOf(int(e.Service.FWMark) - 1); len(e.Destinations) != want {
				t.Errorf("%s has %d destinations, want %d", e.Service.ServiceID, len(e.Destinations), want)
			}
		}
		if len(one) != 300 {
			t.Errorf("got a table of %d services", len(one))
		}
	})
}
