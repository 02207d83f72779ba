// SPDX-License-Identifier: Apache-2.0

package ipvs_test

import (
	"net/netip"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// Numbers of Linux's netlink and generic netlink.
const (
	nlmsgError     = 2
	nlmsgDone      = 3
	genlIDControl  = 0x10
	ctrlNewFamily  = 1
	ctrlGetFamily  = 3
	ctrlFamilyID   = 1
	ctrlFamilyName = 2
)

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }

func tcp(s string) ipvs.ServiceID {
	return ipvs.ServiceID{Protocol: ipvs.TCP, AddrPort: netip.MustParseAddrPort(s)}
}

// mapped returns a service with an IPv4-mapped IPv6 address, which is meant as it is.
func mapped(s string) ipvs.ServiceID {
	id := tcp(s)
	id.IPv6 = true
	return id
}

func mark(n uint32, family ipvs.Family) ipvs.ServiceID {
	return ipvs.ServiceID{FWMark: n, IPv6: family == ipvs.IPv6}
}

// service returns a plain service, changed by options.
func service(id ipvs.ServiceID, options ...func(*ipvs.Service)) ipvs.Service {
	s := ipvs.Service{ServiceID: id, Scheduler: "rr"}
	for _, o := range options {
		o(&s)
	}
	return s
}

func destID(s string) ipvs.DestinationID {
	return ipvs.DestinationID{AddrPort: netip.MustParseAddrPort(s)}
}

// destination returns a plain destination, changed by options.
func destination(s string, options ...func(*ipvs.Destination)) ipvs.Destination {
	d := ipvs.Destination{DestinationID: destID(s), Weight: 1}
	for _, o := range options {
		o(&d)
	}
	return d
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantErrno checks the errno of an error. what names the case.
func wantErrno(t *testing.T, what string, err error, want syscall.Errno) {
	t.Helper()
	if got := errnoOf(t, err); got != want {
		t.Errorf("%s: got errno %d (%v), want %d (%v)", what, int(got), got, int(want), want)
	}
}

func wantEqual(t *testing.T, what string, got, want any) {
	t.Helper()
	if d := diff(got, want); d != "" {
		t.Errorf("%s: got -, want +:\n%s", what, d)
	}
}

func diff(got, want any) string {
	return cmp.Diff(got, want, cmpopts.EquateComparable(netip.Addr{}, netip.AddrPort{}, ipvs.Netmask{}))
}

// listed returns the service as the kernel reports it.
func listed(s ipvs.Service) ipvs.Service {
	s.Flags |= ipvs.Hashed
	return s
}
