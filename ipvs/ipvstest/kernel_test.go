package ipvstest_test

import (
	"errors"
	"net/netip"
	"reflect"
	"slices"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// What the fake answers is tested beside a real kernel, in package ipvs. Here is
// what a real kernel does not have: the state that a test sets, and faults.

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

func TestState(t *testing.T) {
	k := ipvstest.New()
	c := dial(t, k)
	entry := ipvs.TableEntry{
		Service: ipvs.Service{ServiceID: web, Scheduler: "any", Stats: ipvs.Stats{Conns: 1 << 40}},
		Destinations: []ipvs.Destination{{
			DestinationID: server, ActiveConns: 3, InactiveConns: 4, PersistentConns: 5, Stats: ipvs.Stats{OutBPS: 1 << 50},
		}},
	}
	// A mark comes last, and its family IPv4 goes without saying.
	given := ipvs.ServiceID{FWMark: 5, Family: ipvs.IPv4, Protocol: ipvs.TCP}
	k.SetTable(ipvs.Table{{Service: ipvs.Service{ServiceID: given, Scheduler: "rr"}}, entry})
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
		!k.UpdateService(given, func(s *ipvs.Service) { s.Stats.CPS = 9 }) {
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

	config := ipvs.Config{TCP: 1, TCPFin: 2, UDP: 3}
	k.SetConfig(config)
	if got, err := c.Config(); got != config || k.Config() != config || err != nil {
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

func TestSurroundings(t *testing.T) {
	k := ipvstest.New()
	c := dial(t, k)
	add := func(scheduler, engine string) error {
		return c.NewService(ipvs.Service{ServiceID: web, Scheduler: scheduler, PersistenceEngine: engine})
	}
	k.SetScheduler("mine", true)
	k.SetScheduler("rr", false)
	k.SetPersistenceEngine("mine", true)
	if err := add("rr", ""); !errors.Is(err, unix.ENOENT) {
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
	if err := c.StartDaemon(ipvs.Daemon{State: ipvs.Master, Interface: "eth0"}); !errors.Is(err, unix.ENODEV) {
		t.Errorf("got %v", err)
	}
	k.SetIPv6(false)
	if err := c.NewService(ipvs.Service{ServiceID: ipvs.ServiceID{FWMark: 1, Family: ipvs.IPv6}, Scheduler: "wlc", Netmask: 128}); !errors.Is(err, unix.EAFNOSUPPORT) {
		t.Errorf("got %v", err)
	}
	k.SetPrivileged(false)
	if err := c.Flush(); !errors.Is(err, unix.EPERM) {
		t.Errorf("got %v", err)
	}
	k.SetPrivileged(true)
	k.SetLoaded(false)
	if err := c.Flush(); !errors.Is(err, ipvs.ErrNoIPVS) {
		t.Errorf("got %v", err)
	}
}

// The module is loaded anew: nothing of what was set is left, and a connection that
// goes on with the old number of the family is refused.
func TestReload(t *testing.T) {
	k := ipvstest.New()
	fresh := k.Config()
	c := dial(t, k)
	if err := errors.Join(
		c.NewService(ipvs.Service{ServiceID: web, Scheduler: "rr"}),
		c.SetConfig(ipvs.Config{TCP: 1}),
		c.StartDaemon(ipvs.Daemon{State: ipvs.Master, Interface: "eth0"}),
	); err != nil {
		t.Fatal(err)
	}
	k.SetLoaded(true) // it is
	if len(k.Table()) != 1 {
		t.Error("the table is gone without a reload")
	}
	k.SetLoaded(false)
	k.SetLoaded(true)
	if len(k.Table()) != 0 || len(k.Daemons()) != 0 || k.Config() != fresh {
		t.Errorf("left: %v, %v, %v", k.Table(), k.Daemons(), k.Config())
	}
	_, err := k.Conn().Execute(netlink.Message{
		Header: netlink.Header{Type: 0x1f, Flags: netlink.Request | netlink.Acknowledge},
		Data:   []byte{byte(ipvs.CommandFlush), 1, 0, 0},
	})
	if !errors.Is(err, unix.ENOENT) {
		t.Errorf("the old number: got %v", err)
	}
}

// Marks of any size come after addresses, on machines of 32 bits too.
func TestLargeMarksAreLast(t *testing.T) {
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

// After answers were lost, all further ones are, until those that are there have
// been read: so does a kernel.
func TestCongestion(t *testing.T) {
	k := ipvstest.New()
	conn := k.Conn()
	k.SetReceiveQueue(2)
	send := func() {
		t.Helper()
		if _, err := conn.Send(netlink.Message{Header: netlink.Header{Type: netlink.Noop, Flags: netlink.Request | netlink.Acknowledge}}); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		send()
	}
	if _, err := conn.Receive(); !errors.Is(err, unix.ENOBUFS) {
		t.Errorf("got %v", err)
	}
	for range 2 {
		send() // is lost, silently
		if _, err := conn.Receive(); err != nil {
			t.Errorf("got %v", err)
		}
	}
	send()
	if _, err := conn.Receive(); err != nil {
		t.Errorf("after all had been read: got %v", err)
	}
	if _, err := conn.Receive(); err == nil {
		t.Error("an answer more than there should be")
	}
}

func TestFaults(t *testing.T) {
	k := ipvstest.New()
	c := dial(t, k)
	k.Inject(ipvstest.Fault{Command: ipvs.CommandFlush, Skip: 1, Times: 2, Effect: ipvstest.Refuse(unix.ENOMEM)})
	k.Inject(ipvstest.Fault{Times: -1, Effect: ipvstest.Refuse(unix.EIO)})
	for i, want := range []error{unix.EIO, unix.ENOMEM, unix.ENOMEM, unix.EIO, unix.EIO} {
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

// One dump at a time: the second is refused while parts of the first wait.
func TestTwoDumps(t *testing.T) {
	k := ipvstest.New()
	conn := k.Conn()
	dump := netlink.Message{
		Header: netlink.Header{Type: 0x1f, Flags: netlink.Request | netlink.Dump},
		Data:   []byte{byte(ipvs.CommandGetService), 1, 0, 0},
	}
	for range 2 {
		if _, err := conn.Send(dump); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := conn.Receive(); err != nil {
		t.Error(err)
	}
	if _, err := conn.Receive(); !errors.Is(err, unix.EBUSY) {
		t.Errorf("got %v", err)
	}
	if _, err := conn.Execute(dump); err != nil {
		t.Error(err)
	}
}

// Without the option NETLINK_CAP_ACK an error carries the request.
func TestErrorCarriesRequest(t *testing.T) {
	var received []netlink.Message
	for _, short := range []bool{false, true} {
		k := ipvstest.New()
		conn := k.Conn()
		if err := conn.SetOption(netlink.CapAcknowledge, short); err != nil {
			t.Fatal(err)
		}
		k.Trace(func(sent bool, messages []netlink.Message) {
			if !sent {
				received = append(received, messages...)
			}
		})
		_, err := conn.Execute(netlink.Message{
			Header: netlink.Header{Type: 0x1f, Flags: netlink.Request},
			Data:   []byte{99, 1, 0, 0},
		})
		if !errors.Is(err, unix.EOPNOTSUPP) {
			t.Errorf("got %v", err)
		}
	}
	if n := []int{len(received[0].Data), len(received[1].Data)}; n[0] != 24 || n[1] != 20 {
		t.Errorf("lengths %v", n)
	}
	if received[0].Header.Flags != 0 || received[1].Header.Flags != netlink.Capped {
		t.Error("flags")
	}
}

func TestNothingToReceive(t *testing.T) {
	conn := ipvstest.New().Conn()
	if _, err := conn.Receive(); err == nil {
		t.Error("received something")
	}
	if err := conn.Close(); err != nil {
		t.Error(err)
	}
	if _, err := conn.Receive(); err == nil {
		t.Error("received something of a closed connection")
	}
	if err := conn.Close(); err == nil {
		t.Error("closed twice")
	}
}
