// SPDX-License-Identifier: Apache-2.0

package kubeproxy_test

import (
	"errors"
	"io/fs"
	"net"
	"slices"
	"testing"
	"time"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
	"github.com/ipvsadm-go/ipvsadm/testdata/kubeproxy"
)

func TestVirtualServerComesBackAsWritten(t *testing.T) {
	onEveryBackend(t, func(t *testing.T, b backend) {
		for _, vs := range []*kubeproxy.VirtualServer{
			virtualServer("10.96.0.1", 443),
			{Address: net.IP{10, 96, 0, 2}, Protocol: "UDP", Port: 53, Scheduler: "lc"},
			{Address: net.ParseIP("10.96.0.3"), Protocol: "SCTP", Port: 65535, Scheduler: "wrr", Flags: kubeproxy.FlagPersistent, Timeout: 10800},
			{Address: net.ParseIP("fd00::1"), Protocol: "TCP", Port: 80, Scheduler: "rr", Flags: kubeproxy.FlagPersistent, Timeout: 60},
			{Address: net.ParseIP("10.96.0.4"), Protocol: "TCP", Port: 80, Scheduler: "mh", Flags: kubeproxy.FlagPersistent | kubeproxy.FlagSourceHash, Timeout: 1},
		} {
			must(t, b.AddVirtualServer(vs))
			got, err := b.GetVirtualServer(&kubeproxy.VirtualServer{Address: vs.Address, Protocol: vs.Protocol, Port: vs.Port})
			must(t, err)
			wantServer(t, got, vs)
			wantError(t, b.AddVirtualServer(vs), fs.ErrExist)
			must(t, b.DeleteVirtualServer(got))
		}
	})
}

func TestProtocolTakesLowerCase(t *testing.T) {
	onEveryBackend(t, func(t *testing.T, b backend) {
		vs := virtualServer("10.96.0.1", 80)
		vs.Protocol = "tcp"
		must(t, b.AddVirtualServer(vs))
		got, err := b.GetVirtualServer(vs)
		must(t, err)
		wantServer(t, got, virtualServer("10.96.0.1", 80))
	})
}

// Every client of a persistent service is a group of its own.
func TestPersistenceIsByClient(t *testing.T) {
	onEveryBackend(t, func(t *testing.T, b backend) {
		for _, address := range []string{"10.96.0.1", "fd00::1"} {
			vs := virtualServer(address, 80)
			vs.Flags, vs.Timeout = kubeproxy.FlagPersistent, 300
			must(t, b.AddVirtualServer(vs))
		}
		services, err := b.client.Services()
		must(t, err)
		for _, s := range services {
			if !s.Netmask.IsHost() {
				t.Errorf("%s has the netmask %s", s.ServiceID, s.Netmask)
			}
		}
	})
}

func TestUpdateVirtualServerKeepsRealServers(t *testing.T) {
	onEveryBackend(t, func(t *testing.T, b backend) {
		vs := virtualServer("10.96.0.1", 80)
		must(t, b.AddVirtualServer(vs))
		must(t, b.AddRealServer(vs, realServer("10.244.1.7", 8080, 1)))
		vs.Scheduler, vs.Flags, vs.Timeout = "sh", kubeproxy.FlagPersistent, 600
		must(t, b.UpdateVirtualServer(vs))
		got, err := b.GetVirtualServer(vs)
		must(t, err)
		wantServer(t, got, vs)
		wantRealServers(t, b, vs, realServer("10.244.1.7", 8080, 1))

		vs.Flags, vs.Timeout = 0, 0
		must(t, b.UpdateVirtualServer(vs))
		got, err = b.GetVirtualServer(vs)
		must(t, err)
		wantServer(t, got, vs)
	})
}

func TestGetVirtualServersListsAll(t *testing.T) {
	onEveryBackend(t, func(t *testing.T, b backend) {
		wantVirtualServers(t, b)
		var all []*kubeproxy.VirtualServer
		for _, address := range []string{"10.96.0.1", "10.96.0.2", "fd00::1"} {
			vs := virtualServer(address, 443)
			must(t, b.AddVirtualServer(vs))
			all = append(all, vs)
		}
		wantVirtualServers(t, b, all...)
		must(t, b.Flush())
		wantVirtualServers(t, b)
	})
}

// kube-proxy lists what others have made. A firewall mark has no address by which kube-proxy could delete it.
func TestFirewallMarksHaveZeroAddresses(t *testing.T) {
	onEveryBackend(t, func(t *testing.T, b backend) {
		for _, id := range []ipvs.ServiceID{{FWMark: 7}, {FWMark: 7, IPv6: true}} {
			must(t, b.client.NewService(ipvs.Service{ServiceID: id, Scheduler: ipvs.RoundRobin}))
		}
		marks := []*kubeproxy.VirtualServer{
			{Address: net.IPv4zero, Scheduler: "rr"},
			{Address: net.IPv6zero, Scheduler: "rr"},
		}
		wantVirtualServers(t, b, marks...)
		for _, mark := range marks {
			if err := b.DeleteVirtualServer(mark); err == nil {
				t.Errorf("%s was deleted", mark)
			}
		}
		wantVirtualServers(t, b, marks...)
	})
}

func TestRealServers(t *testing.T) {
	onEveryBackend(t, func(t *testing.T, b backend) {
		for _, tc := range []struct{ virtual, first, second string }{
			{"10.96.0.1", "10.244.1.7", "10.244.2.9"},
			{"fd00::1", "fd00:1::7", "fd00:2::9"},
		} {
			vs := virtualServer(tc.virtual, 80)
			must(t, b.AddVirtualServer(vs))
			wantRealServers(t, b, vs)
			first, second := realServer(tc.first, 8080, 1), realServer(tc.second, 8080, 65536)
			must(t, b.AddRealServer(vs, first))
			must(t, b.AddRealServer(vs, second))
			wantError(t, b.AddRealServer(vs, first), fs.ErrExist)
			wantRealServers(t, b, vs, first, second)

			first.Weight = 0
			must(t, b.UpdateRealServer(vs, first))
			wantRealServers(t, b, vs, first, second)
			must(t, b.DeleteRealServer(vs, first))
			wantRealServers(t, b, vs, second)
			wantError(t, b.UpdateRealServer(vs, first), ipvs.ErrNoDestination)
			wantError(t, b.DeleteRealServer(vs, first), ipvs.ErrNoDestination)
			must(t, b.DeleteVirtualServer(vs))
		}
	})
}

func TestRealServersAreMasqueraded(t *testing.T) {
	onEveryBackend(t, func(t *testing.T, b backend) {
		vs := virtualServer("10.96.0.1", 80)
		must(t, b.AddVirtualServer(vs))
		must(t, b.AddRealServer(vs, realServer("10.244.1.7", 8080, 1)))
		table, err := b.client.Table()
		must(t, err)
		if got := table[0].Destinations[0].Forward; got != ipvs.Masquerade {
			t.Errorf("the forwarding method is %s", got)
		}
	})
}

// kube-proxy removes a real server of weight 0 when it has no connections any more.
func TestRealServersHaveNumbersOfConnections(t *testing.T) {
	kernel := ipvstest.New()
	b := onClient(t, kernel.Dial)
	vs := virtualServer("10.96.0.1", 80)
	must(t, b.AddVirtualServer(vs))
	must(t, b.AddRealServer(vs, realServer("10.244.1.7", 8080, 1)))
	entry := kernel.Table()[0]
	kernel.UpdateDestination(entry.Service.ServiceID, entry.Destinations[0].DestinationID, func(d *ipvs.Destination) {
		d.ActiveConns, d.InactiveConns = 3, 4
	})
	want := realServer("10.244.1.7", 8080, 1)
	want.ActiveConn, want.InactiveConn = 3, 4
	wantRealServers(t, b, vs, want)
}

func TestMissingVirtualServer(t *testing.T) {
	onEveryBackend(t, func(t *testing.T, b backend) {
		vs, rs := virtualServer("10.96.0.1", 80), realServer("10.244.1.7", 8080, 1)
		_, err := b.GetVirtualServer(vs)
		wantError(t, err, ipvs.ErrNoService)
		wantError(t, b.UpdateVirtualServer(vs), ipvs.ErrNoService)
		wantError(t, b.DeleteVirtualServer(vs), ipvs.ErrNoService)
		wantError(t, b.AddRealServer(vs, rs), ipvs.ErrNoService)
		wantError(t, b.UpdateRealServer(vs, rs), ipvs.ErrNoService)
		wantError(t, b.DeleteRealServer(vs, rs), ipvs.ErrNoService)
		wantRealServers(t, b, vs)
	})
}

func TestMissingScheduler(t *testing.T) {
	onEveryBackend(t, func(t *testing.T, b backend) {
		vs := virtualServer("10.96.0.1", 80)
		must(t, b.AddVirtualServer(vs))
		vs.Scheduler = "nosuch"
		wantError(t, b.UpdateVirtualServer(vs), ipvs.ErrNoScheduler)
		vs.Port = 81
		wantError(t, b.AddVirtualServer(vs), ipvs.ErrNoScheduler)
	})
}

func TestConfigureTimeoutsKeepsThoseThatAreZero(t *testing.T) {
	onEveryBackend(t, func(t *testing.T, b backend) {
		must(t, b.ConfigureTimeouts(2*time.Hour, time.Minute, 5*time.Second))
		must(t, b.ConfigureTimeouts(0, 30*time.Second, 0))
		got, err := b.client.Timeouts()
		must(t, err)
		if want := (ipvs.Timeouts{TCP: 7200, TCPFin: 30, UDP: 5}); got != want {
			t.Errorf("the timeouts are %+v, want %+v", got, want)
		}
	})
}

func virtualServer(address string, port uint16) *kubeproxy.VirtualServer {
	return &kubeproxy.VirtualServer{Address: net.ParseIP(address), Protocol: "TCP", Port: port, Scheduler: "rr"}
}

func realServer(address string, port uint16, weight int) *kubeproxy.RealServer {
	return &kubeproxy.RealServer{Address: net.ParseIP(address), Port: port, Weight: weight}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantError(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("the error is %v, want %v", err, want)
	}
}

func wantServer(t *testing.T, got, want *kubeproxy.VirtualServer) {
	t.Helper()
	if !got.Equal(want) {
		t.Errorf("the virtual server is %+v, want %+v", *got, *want)
	}
}

// wantVirtualServers checks the list of virtual servers, in any order.
func wantVirtualServers(t *testing.T, b backend, want ...*kubeproxy.VirtualServer) {
	t.Helper()
	got, err := b.GetVirtualServers()
	must(t, err)
	if !sameElements(got, want, (*kubeproxy.VirtualServer).Equal) {
		t.Errorf("the virtual servers are %v, want %v", got, want)
	}
}

// wantRealServers checks the real servers of a virtual server, in any order, with their weights and connections.
func wantRealServers(t *testing.T, b backend, vs *kubeproxy.VirtualServer, want ...*kubeproxy.RealServer) {
	t.Helper()
	got, err := b.GetRealServers(vs)
	must(t, err)
	same := func(a, b *kubeproxy.RealServer) bool {
		return a.Equal(b) && a.Weight == b.Weight && a.ActiveConn == b.ActiveConn && a.InactiveConn == b.InactiveConn
	}
	if !sameElements(got, want, same) {
		t.Errorf("the real servers of %s are %v, want %v", vs, got, want)
	}
}

func sameElements[T any](got, want []T, same func(a, b T) bool) bool {
	return len(got) == len(want) && !slices.ContainsFunc(want, func(w T) bool {
		return !slices.ContainsFunc(got, func(g T) bool { return same(g, w) })
	})
}
