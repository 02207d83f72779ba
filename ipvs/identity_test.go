// SPDX-License-Identifier: Apache-2.0

package ipvs_test

import (
	"errors"
	"io/fs"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// A service that was read is found in a map by the identity that it was written with.
func TestIdentityIsSameWhenRead(t *testing.T) {
	written := []ipvs.ServiceID{
		tcp("10.0.0.1:80"), tcp("[2001:db8::80]:80"), mapped("[::ffff:10.0.0.1]:80"), mark(1, ipvs.IPv4), mark(1, ipvs.IPv6), mark(4294967295, ipvs.IPv4),
	}
	onEveryBackend(t, func(t *testing.T, w *world) {
		c := w.client(t)
		wanted := map[ipvs.ServiceID]bool{}
		for _, id := range written {
			must(t, c.NewService(service(id)))
			must(t, c.NewDestination(id, destination(sameFamily(id))))
			wanted[id] = true
		}
		table, err := c.Table()
		must(t, err)
		for _, entry := range table {
			if !wanted[entry.Service.ServiceID] || len(entry.Destinations) != 1 {
				t.Errorf("%#v: %d destinations", entry.Service.ServiceID, len(entry.Destinations))
			}
			delete(wanted, entry.Service.ServiceID)
		}
		if len(wanted) > 0 {
			t.Errorf("not read: %v", wanted)
		}
		if changes := ipvs.Diff(table, table); len(changes) != 0 {
			t.Errorf("from the table to itself: %v", changes)
		}
		for _, err := range c.Apply(ipvs.Diff(table, nil)) {
			must(t, err)
		}
	})
}

// sameFamily returns a server for a service.
func sameFamily(id ipvs.ServiceID) string {
	if id.AddressFamily() == ipvs.IPv6 {
		return "[2001:db8::2]:80"
	}
	return "10.0.0.2:80"
}

// An identity that mixes two kinds, or is of none, is an error before anything is sent.
func TestIdentityErrors(t *testing.T) {
	web := netip.MustParseAddrPort("10.0.0.1:80")
	both := "service has both a firewall mark and an address or a protocol: set one of them"
	for _, tc := range []struct {
		id   ipvs.ServiceID
		want string
	}{
		{ipvs.ServiceID{}, "service has neither an address nor a firewall mark"},
		{ipvs.ServiceID{Protocol: ipvs.TCP}, "address of the service is missing"},
		{ipvs.ServiceID{Protocol: ipvs.TCP, AddrPort: netip.AddrPortFrom(netip.Addr{}, 80)}, "address of the service is missing"},
		{ipvs.ServiceID{IPv6: true}, "firewall mark of the service is missing"},
		{ipvs.ServiceID{FWMark: 1, AddrPort: web}, both},
		{ipvs.ServiceID{FWMark: 1, Protocol: ipvs.TCP}, both},
		{ipvs.ServiceID{FWMark: 1, AddrPort: netip.AddrPortFrom(netip.Addr{}, 80)}, both},
		{ipvs.ServiceID{Protocol: ipvs.TCP, AddrPort: web, IPv6: true}, "IPv6 is set for a service with the address 10.0.0.1: it is for firewall marks"},
		{mapped("[2001:db8::1]:80"), "IPv6 is set for a service with the address 2001:db8::1: it is for firewall marks"},
		{tcp("[::ffff:10.0.0.1]:80"), "address ::ffff:10.0.0.1 of the service is an IPv4-mapped IPv6 address: call Unmap for IPv4, or set IPv6"},
		{tcp("[fe80::1%eth0]:80"), "address fe80::1%eth0 of the service has a zone: zones are not for IPVS"},
		{mapped("[::ffff:10.0.0.1%eth0]:80"), "address ::ffff:10.0.0.1%eth0 of the service has a zone: zones are not for IPVS"},
	} {
		k := newFake()
		c, err := k.Dial()
		must(t, err)
		k.Commands()
		_, readErr := c.Service(tc.id)
		_, dumpErr := c.Destinations(tc.id)
		for what, err := range map[string]error{
			"read": readErr, "read destinations": dumpErr,
			"add": c.NewService(service(tc.id)), "edit": c.SetService(service(tc.id)), "delete": c.DelService(tc.id),
			"add destination": c.NewDestination(tc.id, destination("10.0.0.2:80")), "delete destination": c.DelDestination(tc.id, destID("10.0.0.2:80")),
		} {
			if !errors.Is(err, fs.ErrInvalid) || !strings.HasSuffix(err.Error(), ": "+tc.want) {
				t.Errorf("%s %#v: got %v, want %s", what, tc.id, err, tc.want)
			}
		}
		if sent := k.Commands(); len(sent) != 0 {
			t.Errorf("%#v: sent %v", tc.id, sent)
		}
	}
}

func TestDestinationIdentityErrors(t *testing.T) {
	id := tcp("10.0.0.1:80")
	k := newFake()
	c, err := k.Dial()
	must(t, err)
	must(t, c.NewService(service(id)))
	k.Commands()
	for dest, want := range map[ipvs.DestinationID]string{
		{}:                                     "address of the destination is missing",
		destID("[fe80::1%eth0]:80"):            "address fe80::1%eth0 of the destination has a zone: zones are not for IPVS",
		{netip.AddrPortFrom(addr("::%lo"), 1)}: "address ::%lo of the destination has a zone: zones are not for IPVS",
	} {
		for _, err := range []error{
			c.NewDestination(id, ipvs.Destination{DestinationID: dest}), c.SetDestination(id, ipvs.Destination{DestinationID: dest}), c.DelDestination(id, dest),
		} {
			if err == nil || !strings.HasSuffix(err.Error(), ": "+want) {
				t.Errorf("got %v, want %s", err, want)
			}
		}
	}
	if sent := k.Commands(); len(sent) != 0 {
		t.Errorf("sent %v", sent)
	}
}

// The kernel refuses mapped addresses of destinations without saying so.
func TestMappedDestinationErrorSaysUnmap(t *testing.T) {
	onEveryBackend(t, func(t *testing.T, w *world) {
		c := w.client(t)
		id := tcp("[2001:db8::80]:80")
		must(t, c.NewService(service(id)))
		d := destination("[::ffff:10.0.0.1]:80")
		add, edit, del := c.NewDestination(id, d), c.SetDestination(id, d), c.DelDestination(id, d.DestinationID)
		wantErrno(t, "add", add, syscall.EINVAL)
		wantErrno(t, "edit", edit, syscall.ENOENT)
		wantErrno(t, "delete", del, syscall.ENOENT)
		for _, err := range []error{add, edit, del} {
			if !strings.Contains(err.Error(), " [::ffff:10.0.0.1]:80 (an IPv4-mapped IPv6 address: call Unmap for IPv4) of TCP [2001:db8::80]:80: ") {
				t.Errorf("got %v", err)
			}
		}
	})
}

func TestAddressFamily(t *testing.T) {
	ids := []ipvs.ServiceID{tcp("10.0.0.1:80"), tcp("[fd00::1]:80"), mapped("[::ffff:10.0.0.1]:80"), {FWMark: 1}, {FWMark: 1, IPv6: true}, {}}
	var got []ipvs.Family
	for _, id := range ids {
		got = append(got, id.AddressFamily())
	}
	if want := []ipvs.Family{ipvs.IPv4, ipvs.IPv6, ipvs.IPv6, ipvs.IPv4, ipvs.IPv6, 0}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
