// SPDX-License-Identifier: Apache-2.0

package kubeproxy_test

import (
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
	"github.com/ipvsadm-go/ipvsadm/testdata/kubeproxy"
)

func TestVirtualServerEqualComparesAllFields(t *testing.T) {
	vs := func(changes ...func(*kubeproxy.VirtualServer)) *kubeproxy.VirtualServer {
		vs := virtualServer("10.96.0.1", 80)
		for _, change := range changes {
			change(vs)
		}
		return vs
	}
	shortAddress := vs(func(vs *kubeproxy.VirtualServer) { vs.Address = vs.Address.To4() })
	if !vs().Equal(vs()) || !vs().Equal(shortAddress) {
		t.Error("equal virtual servers differ")
	}
	for name, change := range map[string]func(*kubeproxy.VirtualServer){
		"address":   func(vs *kubeproxy.VirtualServer) { vs.Address = net.ParseIP("10.96.0.2") },
		"protocol":  func(vs *kubeproxy.VirtualServer) { vs.Protocol = "UDP" },
		"port":      func(vs *kubeproxy.VirtualServer) { vs.Port = 81 },
		"scheduler": func(vs *kubeproxy.VirtualServer) { vs.Scheduler = "lc" },
		"flags":     func(vs *kubeproxy.VirtualServer) { vs.Flags = kubeproxy.FlagPersistent },
		"timeout":   func(vs *kubeproxy.VirtualServer) { vs.Timeout = 1 },
	} {
		if vs().Equal(vs(change)) {
			t.Errorf("virtual servers are equal despite another %s", name)
		}
	}
}

func TestRealServerEqualComparesAddressAndPort(t *testing.T) {
	rs := realServer("10.244.1.7", 8080, 1)
	same := &kubeproxy.RealServer{Address: net.IP{10, 244, 1, 7}, Port: 8080, Weight: 2, ActiveConn: 3, InactiveConn: 4}
	if !rs.Equal(same) {
		t.Errorf("%s differs from %s", rs, same)
	}
	for _, other := range []*kubeproxy.RealServer{realServer("10.244.1.8", 8080, 1), realServer("10.244.1.7", 8081, 1)} {
		if rs.Equal(other) {
			t.Errorf("%s is equal to %s", rs, other)
		}
	}
}

func TestStringsName(t *testing.T) {
	for _, tc := range []struct{ got, want string }{
		{virtualServer("10.96.0.1", 443).String(), "10.96.0.1:443/TCP"},
		{virtualServer("fd00::1", 443).String(), "[fd00::1]:443/TCP"},
		{realServer("10.244.1.7", 8080, 1).String(), "10.244.1.7:8080"},
		{realServer("fd00:1::7", 8080, 1).String(), "[fd00:1::7]:8080"},
	} {
		if tc.got != tc.want {
			t.Errorf("got %s, want %s", tc.got, tc.want)
		}
	}
}

// kube-proxy's flags are numbers of the kernel.
func TestFlagsAreTheKernels(t *testing.T) {
	got := []kubeproxy.ServiceFlags{kubeproxy.FlagPersistent, kubeproxy.FlagHashed, kubeproxy.FlagSourceHash}
	if !slices.Equal(got, []kubeproxy.ServiceFlags{0x1, 0x2, 0x10}) {
		t.Errorf("the flags are %x", got)
	}
}

// What IPVS cannot have is refused with an error that says why, and without a request to the kernel.
func TestUnfitServersAreRefused(t *testing.T) {
	kernel := ipvstest.New()
	b := onClient(t, kernel.Dial)
	kernel.Commands() // forget those of Dial
	good := virtualServer("10.96.0.1", 80)
	for _, tc := range []struct {
		vs   *kubeproxy.VirtualServer
		rs   *kubeproxy.RealServer
		want string
	}{
		{nil, realServer("10.244.1.7", 8080, 1), "virtual server is nil"},
		{&kubeproxy.VirtualServer{Protocol: "TCP", Port: 80}, realServer("10.244.1.7", 8080, 1), "address of <nil>:80"},
		{&kubeproxy.VirtualServer{Address: net.IP{10, 96, 0}, Protocol: "TCP", Port: 80}, realServer("10.244.1.7", 8080, 1), "neither IPv4 nor IPv6"},
		{&kubeproxy.VirtualServer{Address: good.Address, Protocol: "ICMP"}, realServer("10.244.1.7", 8080, 1), `unknown protocol "ICMP"`},
		{good, nil, "real server is nil"},
		{good, &kubeproxy.RealServer{Port: 80}, "address of <nil>:80"},
		{good, realServer("10.244.1.7", 8080, -1), "10.244.1.7:8080: weight -1"},
	} {
		errs := []error{b.AddRealServer(tc.vs, tc.rs), b.UpdateRealServer(tc.vs, tc.rs)}
		if tc.rs == nil || tc.rs.Weight >= 0 {
			errs = append(errs, b.DeleteRealServer(tc.vs, tc.rs))
		}
		if tc.vs != good {
			_, err1 := b.GetVirtualServer(tc.vs)
			_, err2 := b.GetRealServers(tc.vs)
			errs = append(errs, b.AddVirtualServer(tc.vs), b.UpdateVirtualServer(tc.vs), b.DeleteVirtualServer(tc.vs), err1, err2)
		}
		for _, err := range errs {
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("the error is %v, want %s", err, tc.want)
			}
		}
	}
	if commands := kernel.Commands(); len(commands) > 0 {
		t.Errorf("the kernel got %v", commands)
	}
}

func TestUnfitTimeoutsChangeNothing(t *testing.T) {
	kernel := ipvstest.New()
	b := onClient(t, kernel.Dial)
	for _, timeout := range []time.Duration{-time.Second, 500 * time.Millisecond, 1 << 32 * time.Second} {
		if err := b.ConfigureTimeouts(time.Hour, timeout, time.Hour); err == nil || !strings.Contains(err.Error(), "TCP FIN timeout "+timeout.String()) {
			t.Errorf("the error for %s is %v", timeout, err)
		}
	}
	if got, want := kernel.Timeouts(), ipvstest.New().Timeouts(); got != want {
		t.Errorf("the timeouts are %+v, want %+v", got, want)
	}
}

// Errors of a client reach the caller of every method as they are.
func TestErrorsOfTheClientAreReturned(t *testing.T) {
	kernel := ipvstest.New()
	b := onClient(t, kernel.Dial)
	kernel.SetLoaded(false)
	vs, rs := virtualServer("10.96.0.1", 80), realServer("10.244.1.7", 8080, 1)
	_, err1 := b.GetVirtualServer(vs)
	_, err2 := b.GetVirtualServers()
	_, err3 := b.GetRealServers(vs)
	for _, err := range []error{
		b.AddVirtualServer(vs), b.UpdateVirtualServer(vs), b.DeleteVirtualServer(vs), err1, err2,
		b.AddRealServer(vs, rs), b.UpdateRealServer(vs, rs), b.DeleteRealServer(vs, rs), err3,
		b.ConfigureTimeouts(time.Hour, time.Hour, time.Hour), b.Flush(),
	} {
		wantError(t, err, ipvs.ErrNoIPVS)
	}
}
