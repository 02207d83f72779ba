// SPDX-License-Identifier: Apache-2.0

package ipvs_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
)

// inUserNamespace returns a fake whose clients are root of a user namespace, and a client.
func inUserNamespace(t *testing.T) (*ipvstest.Kernel, *ipvs.Client) {
	t.Helper()
	k := newFake()
	k.SetUserNamespace(true)
	c, err := k.DialWith(ipvs.SockoptFallback())
	must(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return k, c
}

func TestSockoptFallback(t *testing.T) {
	_, c := inUserNamespace(t)
	if c.UsesSockopts() {
		t.Error("socket options before the first command")
	}
	trySockopts(t, c)
}

// A first Apply of many changes falls back, too, whether or not it fits one send.
func TestSockoptFallbackOfChanges(t *testing.T) {
	for _, sendBuffer := range []int{0, 4096} {
		k, c := inUserNamespace(t)
		k.SetSendBuffer(sendBuffer)
		var changes []ipvs.Change
		for i := range 300 {
			changes = append(changes, ipvs.NewService(service(tcp(fmt.Sprintf("10.1.%d.%d:80", i/200, i%200+1)))))
		}
		changes[7] = ipvs.NewService(service(tcp("[fd00::1]:80")))
		for i, err := range c.Apply(changes) {
			if i == 7 && !errors.Is(err, errors.ErrUnsupported) || i != 7 && err != nil {
				t.Errorf("change %d: %v", i, err)
			}
		}
		if n := len(k.Table()); n != 299 || !c.UsesSockopts() {
			t.Errorf("%d services", n)
		}
	}
}

// trySockopts does all that socket options can do.
func trySockopts(t *testing.T, c *ipvs.Client) {
	t.Helper()
	if info, err := c.Info(); err != nil || info.VersionString() != "1.2.1" || !c.UsesSockopts() {
		t.Fatalf("got %v, %v", info, err)
	}
	web := service(tcp("10.0.0.1:80"), func(s *ipvs.Service) {
		s.Scheduler, s.Flags, s.Timeout, s.Netmask = "rr", ipvs.Persistent, 300, ipvs.IPv4Prefix(24)
	})
	dns := service(ipvs.ServiceID{Protocol: ipvs.UDP, AddrPort: web.AddrPort}, func(s *ipvs.Service) { s.Flags, s.Scheduler = ipvs.OnePacket, "wlc" })
	marked := service(mark(1<<31, ipvs.IPv4), func(s *ipvs.Service) { s.Scheduler, s.Flags = "sh", ipvs.SourceHashingPort })
	first := destination("10.0.0.2:80", func(d *ipvs.Destination) { d.Weight, d.UpperThreshold, d.LowerThreshold = 3, 1000, 900 })
	second := destination("10.0.0.3:80", func(d *ipvs.Destination) { d.Weight, d.Forward = 0, ipvs.Tunnel })
	for _, s := range []ipvs.Service{web, dns, marked} {
		must(t, c.NewService(s))
	}
	must(t, c.NewDestination(web.ServiceID, first))
	must(t, c.NewDestination(web.ServiceID, second))
	must(t, c.NewDestination(marked.ServiceID, destination("10.0.0.4:0")))
	want := ipvs.Table{
		{Service: web, Destinations: []ipvs.Destination{first, second}}, {Service: dns},
		{Service: marked, Destinations: []ipvs.Destination{destination("10.0.0.4:0")}},
	}
	hasTable(t, c, want)
	if s, err := c.Service(dns.ServiceID); err != nil || !s.SameSettings(dns) {
		t.Errorf("got %+v, %v", s, err)
	}

	web.Scheduler, web.Flags, second.Weight, second.Forward = "wlc", 0, 7, ipvs.DirectRoute
	must(t, c.SetService(web))
	must(t, c.SetDestination(web.ServiceID, second))
	must(t, c.DelDestination(web.ServiceID, first.DestinationID))
	must(t, c.DelService(dns.ServiceID))
	must(t, c.ZeroService(web.ServiceID))
	must(t, c.ZeroAll())
	hasTable(t, c, ipvs.Table{{Service: web, Destinations: []ipvs.Destination{second}}, want[2]})

	must(t, c.SetTimeouts(ipvs.Timeouts{TCP: 800, UDP: 200}))
	if got, err := c.Timeouts(); err != nil || got.TCP != 800 || got.TCPFin == 0 || got.UDP != 200 {
		t.Errorf("got %v, %v", got, err)
	}
	must(t, c.StartDaemon(ipvs.Daemon{State: ipvs.Master, Interface: "lo", SyncID: 7}))
	if got, err := c.Daemons(); err != nil || fmt.Sprint(got) != fmt.Sprint([]ipvs.Daemon{{State: ipvs.Master, Interface: "lo", SyncID: 7}}) {
		t.Errorf("got %v, %v", got, err)
	}
	must(t, c.StopDaemon(ipvs.Master))
	refuseOverSockopts(t, c, web, first)
	growOverSockopts(t, c)
	must(t, c.Flush())
	hasTable(t, c, nil)
}

// hasTable checks the settings of the whole table.
func hasTable(t *testing.T, c *ipvs.Client, want ipvs.Table) {
	t.Helper()
	got, err := c.Table()
	got.Sort()
	if err != nil || len(got) != len(want) {
		t.Fatalf("got %v, %v", got, err)
	}
	for i := range got {
		same := got[i].Service.SameSettings(want[i].Service) && len(got[i].Destinations) == len(want[i].Destinations)
		for j := range got[i].Destinations {
			same = same && got[i].Destinations[j].SameSettings(want[i].Destinations[j])
		}
		if !same {
			t.Errorf("got  %+v\nwant %+v", got[i], want[i])
		}
	}
}

// refuseOverSockopts checks the errors: those of the kernel, and those of what does not fit.
// A table has a service web, without the destination absent.
func refuseOverSockopts(t *testing.T, c *ipvs.Client, web ipvs.Service, absent ipvs.Destination) {
	t.Helper()
	none := tcp("10.9.9.9:80")
	for want, errs := range map[error][]error{
		fs.ErrExist:           {c.NewService(web)},
		ipvs.ErrNoService:     {c.DelService(none), c.NewDestination(none, absent), c.ZeroService(none), errorOf(c.Service(none))},
		ipvs.ErrNoDestination: {c.DelDestination(web.ServiceID, absent.DestinationID), c.SetDestination(web.ServiceID, absent)},
		ipvs.ErrNoScheduler:   {c.NewService(service(none, func(s *ipvs.Service) { s.Scheduler = "nosuch" }))},
		ipvs.ErrNoDaemon:      {c.StopDaemon(ipvs.Backup)},
		fs.ErrInvalid:         {c.NewService(ipvs.Service{}), c.NewService(service(none, func(s *ipvs.Service) { s.Scheduler = strings.Repeat("a", 16) }))},
	} {
		for _, err := range errs {
			if !errors.Is(err, want) {
				t.Errorf("got %v, want %v", err, want)
			}
		}
	}
	if list, err := c.Destinations(none); len(list) != 0 || err != nil {
		t.Errorf("got %v, %v", list, err)
	}
	six := tcp("[fd00::1]:80")
	for want, ch := range map[string]ipvs.Change{
		"add service TCP [fd00::1]:80: IPv6":                                                  ipvs.NewService(service(six)),
		"delete service FWM 7 IPv6: IPv6":                                                     ipvs.DelService(mark(7, ipvs.IPv6)),
		"zero TCP [fd00::1]:80: IPv6":                                                         ipvs.ZeroService(six),
		"zero TCP 0.0.0.0:0: the service 0.0.0.0:0":                                           ipvs.ZeroService(tcp("0.0.0.0:0")),
		"delete service 47 10.0.0.1:0: protocol 47":                                           ipvs.DelService(ipvs.ServiceID{Protocol: 47, AddrPort: tcp("10.0.0.1:0").AddrPort}),
		`add service TCP 10.0.0.1:80: persistence engine "sip"`:                               ipvs.NewService(service(web.ServiceID, func(s *ipvs.Service) { s.PersistenceEngine = "sip" })),
		"edit service TCP 10.0.0.1:80: an edit of some flags":                                 ipvs.SetService(service(web.ServiceID, func(s *ipvs.Service) { s.FlagsMask = ipvs.Persistent })),
		"add server [fd00::2]:80 of TCP 10.0.0.1:80: IPv6":                                    ipvs.NewDestination(web.ServiceID, destination("[fd00::2]:80")),
		"delete server [fd00::2]:80 of TCP 10.0.0.1:80: IPv6":                                 ipvs.DelDestination(web.ServiceID, destination("[fd00::2]:80").DestinationID),
		"edit server 10.0.0.2:80 of TCP 10.0.0.1:80: tunnel type gue with its port and flags": ipvs.SetDestination(web.ServiceID, destination("10.0.0.2:80", func(d *ipvs.Destination) { d.TunnelType, d.TunnelPort = ipvs.GUE, 6080 })),
		"start daemon master: a sync daemon with a maximum length, group, port or TTL":        ipvs.StartDaemon(ipvs.Daemon{State: ipvs.Master, Interface: "lo", TTL: 3}),
	} {
		err := c.Apply([]ipvs.Change{ch})[0]
		if fmt.Sprint(err) != "ipvs: "+want+" needs netlink, which refuses the caller" || !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("got %v\nwant %s", err, want)
		}
		if can := c.CanApply(ch); fmt.Sprint(can) != fmt.Sprint(err) {
			t.Errorf("got %v, want %v", can, err)
		}
	}
	if _, err := c.Service(six); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("got %v", err)
	}
	if err := c.CanApply(ipvs.NewService(web)); err != nil {
		t.Error(err)
	}
}

func errorOf(_ any, err error) error { return err }

// growOverSockopts lists more services and destinations than fit a page.
func growOverSockopts(t *testing.T, c *ipvs.Client) {
	t.Helper()
	const many = 300
	for i := range many {
		must(t, c.NewService(service(tcp(fmt.Sprintf("10.1.%d.%d:80", i/256, i%256)))))
		must(t, c.NewDestination(tcp("10.1.0.0:80"), destination(fmt.Sprintf("10.2.%d.%d:80", i/200, i%200+1))))
	}
	services, err := c.Services()
	if err != nil || len(services) != many+2 {
		t.Errorf("%d services, %v", len(services), err)
	}
	destinations, err := c.Destinations(tcp("10.1.0.0:80"))
	if err != nil || len(destinations) != many {
		t.Errorf("%d destinations, %v", len(destinations), err)
	}
	table, err := c.Table()
	i := slices.IndexFunc(table, func(entry ipvs.TableEntry) bool { return entry.Service.ServiceID == tcp("10.1.0.0:80") })
	if err != nil || len(table) != many+2 || i < 0 || len(table[i].Destinations) != many {
		t.Errorf("a table of %d services, %v", len(table), err)
	}
}

// Without the option, for any other error of netlink, and where the socket options refuse the
// caller, too, a client keeps to netlink.
func TestNoSockoptFallback(t *testing.T) {
	for what, set := range map[string]func(k *ipvstest.Kernel) []ipvs.Option{
		"no option": func(k *ipvstest.Kernel) []ipvs.Option {
			k.SetUserNamespace(true)
			return nil
		},
		"nobody": func(k *ipvstest.Kernel) []ipvs.Option {
			k.SetPrivileged(false)
			return []ipvs.Option{ipvs.SockoptFallback()}
		},
		"root": func(*ipvstest.Kernel) []ipvs.Option { return []ipvs.Option{ipvs.SockoptFallback()} },
		"another error": func(k *ipvstest.Kernel) []ipvs.Option {
			k.SetUserNamespace(true)
			k.Inject(ipvstest.Fault{Times: -1, Effect: ipvstest.Refuse(syscall.EACCES)})
			return []ipvs.Option{ipvs.SockoptFallback()}
		},
	} {
		k := newFake()
		options := set(k)
		c, err := k.DialWith(options...)
		must(t, err)
		_, _ = c.Info()
		if err := c.Flush(); what != "root" && !errors.Is(err, fs.ErrPermission) || what == "root" && err != nil {
			t.Errorf("%s: %v", what, err)
		}
		if c.UsesSockopts() {
			t.Errorf("%s: the client uses socket options", what)
		}
		must(t, c.Close())
	}
}

// Services and destinations that come between the count and the list are listed.
func TestSockoptListGrows(t *testing.T) {
	k, c := inUserNamespace(t)
	add := func(n int) func() {
		return func() {
			table := k.Table()
			for i := range n {
				entry := ipvs.TableEntry{Service: service(tcp(fmt.Sprintf("10.0.0.%d:80", i+1)))}
				for j := range n {
					entry.Destinations = append(entry.Destinations, destination(fmt.Sprintf("10.1.0.%d:80", j+1)))
				}
				table = append(table, entry)
			}
			k.SetTable(table)
		}
	}
	_, err := c.Info()
	must(t, err)
	k.Inject(ipvstest.Fault{Command: ipvs.CommandGetService, Effect: ipvstest.Before(add(5))})
	if services, err := c.Services(); err != nil || len(services) != 5 {
		t.Errorf("%d services, %v", len(services), err)
	}
	k.SetTable(ipvs.Table{{Service: service(tcp("10.0.0.1:80"))}})
	k.Inject(ipvstest.Fault{Command: ipvs.CommandGetDestinations, Effect: ipvstest.Before(func() {
		k.SetTable(nil)
		add(40)()
	})})
	if destinations, err := c.Destinations(tcp("10.0.0.1:80")); err != nil || len(destinations) != 40 {
		t.Errorf("%d destinations, %v", len(destinations), err)
	}
	k.Inject(ipvstest.Fault{Command: ipvs.CommandGetDestinations, Effect: ipvstest.Before(func() { k.SetTable(nil) })})
	if destinations, err := c.Destinations(tcp("10.0.0.1:80")); err != nil || len(destinations) != 0 {
		t.Errorf("%d destinations, %v", len(destinations), err)
	}
}

// What the socket options hide is an error.
func TestSockoptHiddenIPv6(t *testing.T) {
	k, c := inUserNamespace(t)
	mixed := ipvs.TableEntry{
		Service:      service(tcp("10.0.0.1:80")),
		Destinations: []ipvs.Destination{destination("10.0.0.2:80"), destination("[fd00::2]:80", func(d *ipvs.Destination) { d.Forward = ipvs.Tunnel })},
	}
	k.SetTable(ipvs.Table{mixed})
	if list, err := c.Destinations(mixed.Service.ServiceID); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("got %v, %v", list, err)
	}
	const titles = "IP Virtual Server version 1.2.1 (size=4096)\nProt LocalAddress:Port Scheduler Flags\n  -> RemoteAddress:Port Forward Weight ActiveConn InActConn\n"
	k.SetTable(ipvs.Table{{Service: service(tcp("10.0.0.1:80"))}, {Service: service(mark(7, ipvs.IPv4))}})
	for rows, hidden := range map[string]string{
		"": "",
		"TCP  0A000001:0050 rr \nFWM  00000007 rr \n":                            "",
		"TCP  0A000009:0050 rr \n":                                               "", // deleted meanwhile
		"TCP  [fd00:0000:0000:0000:0000:0000:0000:0001]:0050 rr \n":              "TCP [fd00::1]:80",
		"FWM  00000008 rr \n":                                                    "FWM 8",
		"FWM  00000007 rr \n  -> 0A000002:0050  Masq 1 0 0\nFWM  00000007 rr \n": "FWM 7",
	} {
		c.SetProcTable(func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(titles + rows)), nil })
		services, err := c.Services()
		if hidden == "" && (err != nil || len(services) != 2) {
			t.Errorf("%s: got %v, %v", rows, services, err)
		}
		if want := "ipvs: get service: " + hidden + " of IPv6 needs netlink, which refuses the caller"; hidden != "" && fmt.Sprint(err) != want {
			t.Errorf("%s: got %v", rows, err)
		}
	}
}

func TestSockoptEnds(t *testing.T) {
	k, c := inUserNamespace(t)
	must(t, c.Flush())
	k.SetLoaded(false)
	errs := c.Apply([]ipvs.Change{ipvs.NewService(service(tcp("10.0.0.1:80"))), ipvs.Flush()})
	for _, err := range append(errs, errorOf(c.Table()), errorOf(c.Info())) {
		if !errors.Is(err, ipvs.ErrNoIPVS) {
			t.Errorf("unloaded: got %v", err)
		}
	}
	k.SetLoaded(true)
	must(t, c.NewService(service(tcp("10.0.0.1:80"))))
	k.Inject(ipvstest.Fault{Command: ipvs.CommandDelDaemon, Effect: ipvstest.Refuse(syscall.EINTR)})
	must(t, c.StopDaemon(ipvs.Master)) // it has been stopped
	must(t, c.Close())
	for _, err := range []error{c.Flush(), errorOf(c.Table())} {
		if !errors.Is(err, os.ErrClosed) {
			t.Errorf("closed: got %v", err)
		}
	}
}
