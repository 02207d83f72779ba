// SPDX-License-Identifier: Apache-2.0

package ipvs_test

import (
	"errors"
	"io/fs"
	"net/netip"
	"syscall"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

func TestServices(t *testing.T) {
	onEveryBackend(t, func(t *testing.T, w *world) {
		c := w.client(t)
		services, err := c.Services()
		must(t, err)
		if services == nil || len(services) != 0 {
			t.Errorf("empty table: got %#v, want an empty slice", services)
		}
		all := []ipvs.Service{
			service(tcp("10.0.0.1:80")),
			service(tcp("[2001:db8::80]:80"), func(s *ipvs.Service) { s.Scheduler = "wlc" }),
			service(ipvs.ServiceID{Protocol: ipvs.UDP, AddrPort: netip.MustParseAddrPort("10.0.0.1:5060")}, func(s *ipvs.Service) {
				s.Flags, s.Timeout, s.PersistenceEngine = ipvs.Persistent|ipvs.OnePacket, 300, "sip"
				s.Netmask = ipvs.IPv4Prefix(24)
			}),
			service(ipvs.ServiceID{Protocol: ipvs.SCTP, AddrPort: netip.MustParseAddrPort("10.0.0.1:80")}),
			service(mark(4294967295, ipvs.IPv4)),
			service(mark(4294967295, ipvs.IPv6), func(s *ipvs.Service) {
				s.Flags, s.Timeout, s.Netmask = ipvs.Persistent, 360, ipvs.IPv6Prefix(64)
			}),
		}
		for _, s := range all {
			must(t, c.NewService(s))
			wantErrno(t, "again "+s.String(), c.NewService(s), syscall.EEXIST)
			got, err := c.Service(s.ServiceID)
			must(t, err)
			wantEqual(t, "one service", got, listed(s))
		}
		services, err = c.Services()
		must(t, err)
		got := map[ipvs.ServiceID]ipvs.Service{}
		for _, s := range services {
			got[s.ServiceID] = s
		}
		if len(services) != len(all) {
			t.Errorf("%d services, want %d", len(services), len(all))
		}
		for _, s := range all {
			wantEqual(t, "listed service", got[s.ServiceID], listed(s))
		}
		for i, s := range all {
			must(t, c.DelService(s.ServiceID))
			services, err := c.Services()
			must(t, err)
			if len(services) != len(all)-i-1 {
				t.Errorf("after deleting %s: %d services left", s, len(services))
			}
		}
	})
}

func TestMissingService(t *testing.T) {
	onEveryBackend(t, func(t *testing.T, w *world) {
		c := w.client(t)
		id := tcp("10.0.0.1:80")
		_, err := c.Service(id)
		for what, err := range map[string]error{
			"get":              err,
			"set":              c.SetService(service(id)),
			"delete":           c.DelService(id),
			"zero":             c.ZeroService(id),
			"new destination":  c.NewDestination(id, destination("10.0.0.2:80")),
			"set destination":  c.SetDestination(id, destination("10.0.0.2:80")),
			"delete its":       c.DelDestination(id, destID("10.0.0.2:80")),
			"get by mark":      func() error { _, err := c.Service(mark(1, ipvs.IPv4)); return err }(),
			"get table entry":  func() error { _, err := c.TableEntry(id); return err }(),
			"get by IPv6 mark": func() error { _, err := c.Service(mark(1, ipvs.IPv6)); return err }(),
		} {
			wantErrno(t, what, err, syscall.ESRCH)
			if !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s: %v is not an fs.ErrNotExist", what, err)
			}
		}
		destinations, err := c.Destinations(id)
		must(t, err)
		if destinations == nil || len(destinations) != 0 {
			t.Errorf("destinations of a missing service: got %#v, want an empty slice", destinations)
		}
	})
}

// The errnos of services that the kernel refuses, and some services that it accepts.
func TestServiceChecks(t *testing.T) {
	v4, v6 := tcp("10.0.0.1:80"), tcp("[2001:db8::80]:80")
	cases := []struct {
		name string
		s    ipvs.Service
		want syscall.Errno
	}{
		{"unknown scheduler", service(v4, func(s *ipvs.Service) { s.Scheduler = "nosuch" }), syscall.ENOENT},
		{"empty scheduler", service(v4, func(s *ipvs.Service) { s.Scheduler = "" }), syscall.ENOENT},
		{"no scheduler", service(v4, func(s *ipvs.Service) { s.Scheduler = "none" }), 0},
		{"unknown engine", service(v4, func(s *ipvs.Service) { s.PersistenceEngine = "nosuch" }), syscall.ENOENT},
		{"engine for TCP without persistence", service(v4, func(s *ipvs.Service) { s.PersistenceEngine = "sip" }), 0},
		{"port 0 without persistence", service(tcp("10.0.0.1:0")), 0},
		{"port 0 with persistence", service(tcp("10.0.0.1:0"), func(s *ipvs.Service) { s.Flags, s.Timeout = ipvs.Persistent, 1 }), 0},
		{"one packet for TCP", service(v4, func(s *ipvs.Service) { s.Flags = ipvs.OnePacket }), 0},
		{"unknown flags", service(v4, func(s *ipvs.Service) { s.Flags = 0xffffff00 }), 0},
		{"protocol 1", service(ipvs.ServiceID{Protocol: 1, AddrPort: v4.AddrPort}), 0},
		{"protocol 255", service(ipvs.ServiceID{Protocol: 255, AddrPort: v4.AddrPort}), 0},
		{"protocol 65535", service(ipvs.ServiceID{Protocol: 65535, AddrPort: v4.AddrPort}), 0},
		{"address 0", service(tcp("0.0.0.0:80")), 0},
		{"broadcast", service(tcp("255.255.255.255:80")), 0},
		{"multicast", service(tcp("224.0.0.1:80")), 0},
		{"address ::", service(tcp("[::]:80")), 0},
		{"mapped address", service(mapped("[::ffff:10.0.0.1]:80")), 0},
		{"netmask 0", service(v4, func(s *ipvs.Service) { s.Netmask = ipvs.IPv4Prefix(0) }), 0},
		{"IPv6 prefix 0", service(v6, func(s *ipvs.Service) { s.Netmask = ipvs.IPv6Prefix(0) }), syscall.EINVAL},
		{"IPv6 prefix 1", service(v6, func(s *ipvs.Service) { s.Netmask = ipvs.IPv6Prefix(1) }), 0},
		{"IPv6 prefix 128", service(v6, func(s *ipvs.Service) { s.Netmask = ipvs.IPv6Prefix(128) }), 0},
		{"netmask with gaps", service(v4, func(s *ipvs.Service) { s.Netmask = ipvs.IPv4Mask(0, 255, 0, 7) }), 0},
		{"IPv6 mark, prefix 0", service(mark(1, ipvs.IPv6), func(s *ipvs.Service) { s.Netmask = ipvs.IPv6Prefix(0) }), syscall.EINVAL},
		{"unknown scheduler before prefix", service(v6, func(s *ipvs.Service) { s.Scheduler, s.Netmask = "nosuch", ipvs.IPv6Prefix(0) }), syscall.ENOENT},
	}
	onEveryBackend(t, func(t *testing.T, w *world) {
		c := w.client(t)
		for _, tc := range cases {
			wantErrno(t, "add: "+tc.name, c.NewService(tc.s), tc.want)
			got, err := c.Service(tc.s.ServiceID)
			if tc.want == 0 {
				must(t, err)
				wantEqual(t, tc.name, got, listed(tc.s))
			}
			must(t, c.Flush())
		}
		for _, id := range []ipvs.ServiceID{v4, v6} {
			must(t, c.NewService(service(id)))
		}
		for _, tc := range cases {
			if tc.s.ServiceID != v4 && tc.s.ServiceID != v6 {
				continue
			}
			wantErrno(t, "edit: "+tc.name, c.SetService(tc.s), tc.want)
			got, err := c.Service(tc.s.ServiceID)
			must(t, err)
			if tc.want == 0 {
				wantEqual(t, tc.name, got, listed(tc.s))
			}
		}
	})
}

// A listed service can be added again, although it has the flag Hashed.
func TestListedServiceCanBeAdded(t *testing.T) {
	onEveryBackend(t, func(t *testing.T, w *world) {
		c := w.client(t)
		must(t, c.NewService(service(tcp("10.0.0.1:80"))))
		s, err := c.Service(tcp("10.0.0.1:80"))
		must(t, err)
		must(t, c.Flush())
		must(t, c.NewService(s))
		got, err := c.Service(s.ServiceID)
		must(t, err)
		wantEqual(t, "service", got, s)
	})
}

func TestEditService(t *testing.T) {
	onEveryBackend(t, func(t *testing.T, w *world) {
		c := w.client(t)
		id := tcp("10.0.0.1:80")
		s := service(id, func(s *ipvs.Service) {
			s.Flags, s.Timeout, s.PersistenceEngine = ipvs.Persistent|ipvs.SchedulerFlag1, 100, "sip"
		})
		must(t, c.NewService(s))
		must(t, c.NewDestination(id, destination("10.0.0.2:80")))

		edited := service(id, func(s *ipvs.Service) { s.Scheduler, s.Flags, s.Timeout = "sh", ipvs.SchedulerFlag2, 7 })
		must(t, c.SetService(edited))
		entry, err := c.TableEntry(id)
		must(t, err)
		wantEqual(t, "after an edit without the engine", entry.Service, listed(edited))
		wantEqual(t, "destinations after an edit", entry.Destinations, []ipvs.Destination{destination("10.0.0.2:80")})

		// The edit changes only the flags in the mask.
		edited.Flags, edited.FlagsMask = ipvs.Persistent|ipvs.OnePacket, ipvs.Persistent|ipvs.SchedulerFlag3
		must(t, c.SetService(edited))
		got, err := c.Service(id)
		must(t, err)
		edited.Flags, edited.FlagsMask = ipvs.Persistent|ipvs.SchedulerFlag2, 0
		wantEqual(t, "after an edit of one flag", got, listed(edited))

		edited.Flags, edited.FlagsMask = 0, ipvs.SchedulerFlag2|ipvs.Hashed
		must(t, c.SetService(edited))
		got, err = c.Service(id)
		must(t, err)
		if got.Flags != ipvs.Persistent|ipvs.Hashed {
			t.Errorf("flags %s after clearing one", got.Flags)
		}
		must(t, c.DelService(id))
		wantErrno(t, "the edited service is gone", c.DelService(id), syscall.ESRCH)
	})
}

// The kernel stores timeouts in ticks with 32 bits.
func TestLongTimeout(t *testing.T) {
	onEveryBackend(t, func(t *testing.T, w *world) {
		c := w.client(t)
		for in, out := range map[uint32]uint32{
			0: 0, 1: 1, 2678400: 2678400, 17179869: 17179869, 17179870: 0, 4294967295: 17179868,
		} {
			s := service(tcp("10.0.0.1:80"), func(s *ipvs.Service) { s.Timeout = in })
			must(t, c.NewService(s))
			got, err := c.Service(s.ServiceID)
			must(t, err)
			if got.Timeout != out {
				t.Errorf("timeout %d became %d, want %d", in, got.Timeout, out)
			}
			must(t, c.Flush())
		}
	})
}

func TestZeroAndFlush(t *testing.T) {
	onEveryBackend(t, func(t *testing.T, w *world) {
		c := w.client(t)
		must(t, c.ZeroAll())
		must(t, c.Flush())
		id := tcp("10.0.0.1:80")
		must(t, c.NewService(service(id)))
		must(t, c.NewService(service(mark(3, ipvs.IPv6))))
		must(t, c.NewDestination(id, destination("10.0.0.2:80")))
		must(t, c.ZeroService(id))
		must(t, c.ZeroService(mark(3, ipvs.IPv6)))
		must(t, c.ZeroAll())
		wantErrno(t, "zero a missing mark", c.ZeroService(mark(3, ipvs.IPv4)), syscall.ESRCH)
		must(t, c.Flush())
		table, err := c.Table()
		must(t, err)
		wantEqual(t, "table", table, ipvs.Table{})
	})
}
