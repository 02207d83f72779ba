// SPDX-License-Identifier: Apache-2.0

package ipvstest_test

import (
	"errors"
	"net/netip"
	"reflect"
	"slices"
	"syscall"
	"testing"

	"github.com/mdlayher/netlink"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/internal/nlsock"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
)

// The tests of package ipvs compare the fake's answers with a real kernel's. The tests
// here cover what a real kernel does not have: state that a test sets, and faults.

var (
	web    = ipvs.ServiceID{Protocol: ipvs.TCP, AddrPort: netip.MustParseAddrPort("10.0.0.1:80")}
	mark   = ipvs.ServiceID{FWMark: 5}
	server = ipvs.DestinationID{AddrPort: netip.MustParseAddrPort("10.0.0.2:80")}
)

func dial(t *testing.T, k *ipvstest.Kernel) *ipvs.Client {
	t.Helper()
	c, err := k.Dial()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func ignore(netlink.Message) {}

func TestKernelState(t *testing.T) {
	k := ipvstest.New()
	c := dial(t, k)
	entry := ipvs.TableEntry{
		Service: ipvs.Service{ServiceID: web, Scheduler: "any", Stats: ipvs.Stats{Conns: 1 << 40}},
		Destinations: []ipvs.Destination{{
			DestinationID: server, ActiveConns: 3, InactiveConns: 4, PersistentConns: 5, Stats: ipvs.Stats{OutBPS: 1 << 50},
		}},
	}
	// Marks come last.
	k.SetTable(ipvs.Table{{Service: ipvs.Service{ServiceID: mark, Scheduler: "rr"}}, entry})
	table, err := c.Table()
	if err != nil {
		t.Fatal(err)
	}
	if len(table) != 2 || !reflect.DeepEqual(table[0], entry) || table[1].Service.ServiceID != mark {
		t.Errorf("got %+v", table)
	}
	if got := k.Table(); len(got) != 2 || !reflect.DeepEqual(got[0], entry) {
		t.Errorf("got %+v", got)
	}
	if !k.UpdateDestination(web, server, func(d *ipvs.Destination) { d.ActiveConns = 99 }) ||
		!k.UpdateService(mark, func(s *ipvs.Service) { s.Stats.CPS = 9 }) {
		t.Error("not found")
	}
	if k.UpdateDestination(web, ipvs.DestinationID{}, nil) || k.UpdateDestination(ipvs.ServiceID{FWMark: 9}, server, nil) || k.UpdateService(ipvs.ServiceID{FWMark: 9}, nil) {
		t.Error("found what is not there")
	}
	if table, err = c.Table(); err != nil || table[0].Destinations[0].ActiveConns != 99 || table[1].Service.Stats.CPS != 9 {
		t.Errorf("got %+v, %v", table, err)
	}
	if err := c.ZeroAll(); err != nil {
		t.Fatal(err)
	}
	if got := k.Table(); got[0].Destinations[0].Stats != (ipvs.Stats{}) || got[0].Destinations[0].ActiveConns != 99 {
		t.Errorf("after zero: %+v", got)
	}

	config := ipvs.Timeouts{TCP: 1, TCPFin: 2, UDP: 3}
	k.SetTimeouts(config)
	if got, err := c.Timeouts(); got != config || k.Timeouts() != config || err != nil {
		t.Errorf("got %v, %v", got, err)
	}
	info := ipvs.Info{Version: 0x020304, ConnTabSize: 256}
	k.SetInfo(info)
	if got, err := c.Info(); got != info || err != nil {
		t.Errorf("got %v, %v", got, err)
	}
	daemons := []ipvs.Daemon{{State: ipvs.Master, Interface: "x"}, {State: ipvs.Backup, Interface: "y", SyncID: 9}}
	k.SetDaemons(daemons[1], daemons[0])
	if got, err := c.Daemons(); !slices.Equal(got, daemons) || !slices.Equal(k.Daemons(), daemons) || err != nil {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestEnvironment(t *testing.T) {
	k := ipvstest.New()
	c := dial(t, k)
	add := func(scheduler, engine string) error {
		return c.NewService(ipvs.Service{ServiceID: web, Scheduler: scheduler, PersistenceEngine: engine})
	}
	k.SetScheduler("mine", true)
	k.SetScheduler("rr", false)
	k.SetPersistenceEngine("mine", true)
	if err := add("rr", ""); !errors.Is(err, syscall.ENOENT) {
		t.Errorf("got %v", err)
	}
	if err := add("mine", "mine"); err != nil {
		t.Errorf("got %v", err)
	}
	k.SetInterface("eth7", 9000)
	k.SetInterface("eth0", 0)
	if err := c.StartDaemon(ipvs.Daemon{State: ipvs.Backup, Interface: "eth7"}); err != nil || k.Daemons()[0].MaxLen != 8972 {
		t.Errorf("got %v, %v", k.Daemons(), err)
	}
	if err := c.StartDaemon(ipvs.Daemon{State: ipvs.Master, Interface: "eth0"}); !errors.Is(err, syscall.ENODEV) {
		t.Errorf("got %v", err)
	}
	k.SetIPv6(false)
	if err := c.NewService(ipvs.Service{ServiceID: ipvs.ServiceID{FWMark: 1, IPv6: true}, Scheduler: "wlc"}); !errors.Is(err, syscall.EAFNOSUPPORT) {
		t.Errorf("got %v", err)
	}
	k.SetPrivileged(false)
	if err := c.Flush(); !errors.Is(err, syscall.EPERM) {
		t.Errorf("got %v", err)
	}
	k.SetPrivileged(true)
	k.SetLoaded(false)
	if err := c.Flush(); !errors.Is(err, ipvs.ErrNoIPVS) {
		t.Errorf("got %v", err)
	}
}

// Loading the module again resets everything, and the fake refuses requests to the old
// number of the family.
func TestModuleReload(t *testing.T) {
	k := ipvstest.New()
	fresh := k.Timeouts()
	c := dial(t, k)
	if err := errors.Join(
		c.NewService(ipvs.Service{ServiceID: web, Scheduler: "rr"}),
		c.SetTimeouts(ipvs.Timeouts{TCP: 1}),
		c.StartDaemon(ipvs.Daemon{State: ipvs.Master, Interface: "eth0"}),
	); err != nil {
		t.Fatal(err)
	}
	k.SetLoaded(true) // no change
	if len(k.Table()) != 1 {
		t.Error("the table is gone without a reload")
	}
	k.SetLoaded(false)
	k.SetLoaded(true)
	if len(k.Table()) != 0 || len(k.Daemons()) != 0 || k.Timeouts() != fresh {
		t.Errorf("left: %v, %v, %v", k.Table(), k.Daemons(), k.Timeouts())
	}
	_, err := nlsock.NewConn(k.Socket()).Execute(0x1f, netlink.Acknowledge, []byte{byte(ipvs.CommandFlush), 1, 0, 0})
	if !errors.Is(err, syscall.ENOENT) {
		t.Errorf("the old number: got %v", err)
	}
}

// Marks of any size come after addresses, also on 32-bit machines.
func TestLargeMarksSortLast(t *testing.T) {
	k := ipvstest.New()
	c := dial(t, k)
	for _, id := range []ipvs.ServiceID{{FWMark: 1 << 31}, {FWMark: 0xfffffffe}, web, {FWMark: 1}} {
		if err := c.NewService(ipvs.Service{ServiceID: id, Scheduler: "rr"}); err != nil {
			t.Fatal(err)
		}
	}
	if table := k.Table(); table[0].Service.ServiceID != web || table[1].Service.FWMark != 1<<31 {
		t.Errorf("got %v", table)
	}
}

// After the first lost answer the kernel drops all further ones until the queue has
// been read to its end.
func TestCongestion(t *testing.T) {
	k := ipvstest.New()
	conn := nlsock.NewConn(k.Socket())
	k.SetReceiveQueue(2)
	send := func() {
		t.Helper()
		conn.Append(netlink.Noop, netlink.Acknowledge, nil)
		if err := conn.Send(); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		send()
	}
	if err := conn.Receive(ignore); !errors.Is(err, syscall.ENOBUFS) {
		t.Errorf("got %v", err)
	}
	for range 2 {
		send() // is lost, silently
		if err := conn.Receive(ignore); err != nil {
			t.Errorf("got %v", err)
		}
	}
	send()
	if err := conn.Receive(ignore); err != nil {
		t.Errorf("after all had been read: got %v", err)
	}
	if err := conn.Receive(ignore); err == nil {
		t.Error("an answer more than there should be")
	}
}

func TestFaults(t *testing.T) {
	k := ipvstest.New()
	c := dial(t, k)
	k.Inject(ipvstest.Fault{Command: ipvs.CommandFlush, Skip: 1, Times: 2, Effect: ipvstest.Refuse(syscall.ENOMEM)})
	k.Inject(ipvstest.Fault{Times: -1, Effect: ipvstest.Refuse(syscall.EIO)})
	for i, want := range []error{syscall.EIO, syscall.ENOMEM, syscall.ENOMEM, syscall.EIO, syscall.EIO} {
		if err := c.Flush(); !errors.Is(err, want) {
			t.Errorf("%d: got %v, want %v", i, err, want)
		}
	}
	if _, err := k.Dial(); err != nil {
		t.Errorf("a fault of any command hit the look-up: %v", err)
	}
	k.ClearFaults()
	if err := c.Flush(); err != nil {
		t.Error(err)
	}
	if got := k.Commands(); len(got) != 6 || len(k.Commands()) != 0 {
		t.Errorf("commands %v", got)
	}
}

// A second dump is refused while chunks of the first are queued.
func TestSecondDumpIsBusy(t *testing.T) {
	k := ipvstest.New()
	conn := nlsock.NewConn(k.Socket())
	dump := []byte{byte(ipvs.CommandGetService), 1, 0, 0}
	for range 2 {
		conn.Append(0x1f, netlink.Dump, dump)
		if err := conn.Send(); err != nil {
			t.Fatal(err)
		}
	}
	if err := conn.Receive(ignore); err != nil {
		t.Error(err)
	}
	if err := conn.Receive(ignore); !errors.Is(err, syscall.EBUSY) {
		t.Errorf("got %v", err)
	}
	if _, err := conn.Execute(0x1f, netlink.Dump, dump); err != nil {
		t.Error(err)
	}
}

// Without the option NETLINK_CAP_ACK an error holds the request.
func TestErrorCarriesRequest(t *testing.T) {
	var received []ipvstest.Message
	for _, short := range []bool{false, true} {
		k := ipvstest.New()
		socket := k.Socket()
		socket.SetCapAcknowledge(short)
		k.Trace(func(sent bool, messages []ipvstest.Message) {
			if !sent {
				received = append(received, messages...)
			}
		})
		_, err := nlsock.NewConn(socket).Execute(0x1f, 0, []byte{99, 1, 0, 0})
		if !errors.Is(err, syscall.EOPNOTSUPP) {
			t.Errorf("got %v", err)
		}
	}
	if n := []int{len(received[0].Data), len(received[1].Data)}; n[0] != 24 || n[1] != 20 {
		t.Errorf("lengths %v", n)
	}
	const capped = 0x100 // NLM_F_CAPPED
	if received[0].Flags != 0 || received[1].Flags != capped {
		t.Error("flags")
	}
}

func TestNothingToReceive(t *testing.T) {
	conn := nlsock.NewConn(ipvstest.New().Socket())
	if err := conn.Receive(ignore); err == nil {
		t.Error("received something")
	}
	if err := conn.Close(); err != nil {
		t.Error(err)
	}
	if err := conn.Receive(ignore); err == nil {
		t.Error("received something of a closed connection")
	}
	if err := conn.Close(); err == nil {
		t.Error("closed twice")
	}
}
