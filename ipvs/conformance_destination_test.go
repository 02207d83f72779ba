// SPDX-License-Identifier: Apache-2.0

package ipvs_test

import (
	"math"
	"slices"
	"syscall"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

func TestDestinations(t *testing.T) {
	onEveryBackend(t, func(t *testing.T, w *world) {
		c := w.client(t)
		for _, id := range []ipvs.ServiceID{tcp("10.0.0.1:80"), mark(9, ipvs.IPv6), tcp("[2001:db8::80]:443")} {
			must(t, c.NewService(service(id)))
			got, err := c.Destinations(id)
			must(t, err)
			if got == nil || len(got) != 0 {
				t.Errorf("%s: got %#v, want an empty slice", id, got)
			}
			base := "10.0.0.2:"
			if id.AddressFamily() == ipvs.IPv6 {
				base = "[2001:db8::2]:"
			}
			a := destination(base+"80", func(d *ipvs.Destination) {
				d.Weight, d.UpperThreshold, d.LowerThreshold = 3, 100, 50
			})
			b := destination(base+"0", func(d *ipvs.Destination) { d.Forward, d.Weight = ipvs.DirectRoute, 0 })
			must(t, c.NewDestination(id, a))
			must(t, c.NewDestination(id, b))
			wantErrno(t, "again", c.NewDestination(id, b), syscall.EEXIST)
			got, err = c.Destinations(id)
			must(t, err)
			wantEqual(t, "newest first", got, []ipvs.Destination{b, a})

			a.Weight, a.Forward, a.UpperThreshold, a.LowerThreshold = math.MaxInt32, ipvs.Tunnel, 0, 0
			a.TunnelType, a.TunnelPort, a.TunnelFlags = ipvs.GUE, 6080, ipvs.TunnelRemoteChecksum
			must(t, c.SetDestination(id, a))
			got, err = c.Destinations(id)
			must(t, err)
			wantEqual(t, "after an edit", got, []ipvs.Destination{b, a})

			must(t, c.DelDestination(id, b.DestinationID))
			wantErrno(t, "delete again", c.DelDestination(id, b.DestinationID), syscall.ENOENT)
			wantErrno(t, "edit a deleted one", c.SetDestination(id, b), syscall.ENOENT)
			must(t, c.NewDestination(id, b))
			got, err = c.Destinations(id)
			must(t, err)
			wantEqual(t, "added again", got, []ipvs.Destination{b, a})
		}
	})
}

func TestDestinationChecks(t *testing.T) {
	type D = ipvs.Destination
	v4 := func(f func(*D)) D { return destination("10.0.0.2:80", f) }
	type destinationCase struct {
		name string
		d    D
		want syscall.Errno
	}
	cases := []destinationCase{
		{"weight 2^31-1", v4(func(d *D) { d.Weight = math.MaxInt32 }), 0},
		{"weight 2^31", v4(func(d *D) { d.Weight = 1 << 31 }), syscall.ERANGE},
		{"weight 2^32-1", v4(func(d *D) { d.Weight = math.MaxUint32 }), syscall.ERANGE},
		{"lower threshold alone", v4(func(d *D) { d.LowerThreshold = 1 }), syscall.ERANGE},
		{"lower above upper", v4(func(d *D) { d.UpperThreshold, d.LowerThreshold = 5, 6 }), syscall.ERANGE},
		{"lower as upper", v4(func(d *D) { d.UpperThreshold, d.LowerThreshold = 5, 5 }), 0},
		{"upper 2^31-1", v4(func(d *D) { d.UpperThreshold = math.MaxInt32 }), 0},
		{"upper 2^31", v4(func(d *D) { d.UpperThreshold = 1 << 31 }), syscall.EINVAL},
		{"lower above a large upper", v4(func(d *D) { d.UpperThreshold, d.LowerThreshold = 1<<31, math.MaxUint32 }), syscall.ERANGE},
		{"GUE without a port", v4(func(d *D) { d.Forward, d.TunnelType = ipvs.Tunnel, ipvs.GUE }), syscall.EINVAL},
		{"GUE without a port or a tunnel", v4(func(d *D) { d.TunnelType = ipvs.GUE }), syscall.EINVAL},
		{"GUE", v4(func(d *D) { d.Forward, d.TunnelType, d.TunnelPort = ipvs.Tunnel, ipvs.GUE, 1 }), 0},
		{"GRE with both checksums", v4(func(d *D) { d.Forward, d.TunnelType, d.TunnelFlags = ipvs.Tunnel, ipvs.GRE, 3 }), 0},
		{"IPIP with port and flags", v4(func(d *D) { d.Forward, d.TunnelPort, d.TunnelFlags = ipvs.Tunnel, 9, 0xfff0 }), 0},
		{"unknown tunnel type", v4(func(d *D) { d.Forward, d.TunnelType = ipvs.Tunnel, 77 }), 0},
		{"tunnel options without a tunnel", v4(func(d *D) { d.TunnelType, d.TunnelFlags = ipvs.GRE, 1 }), 0},
		{"local", v4(func(d *D) { d.Forward = ipvs.Local }), 0},
		{"bypass", v4(func(d *D) { d.Forward = ipvs.Bypass }), 0},
		{"forward 7", v4(func(d *D) { d.Forward = 7 }), 0},
		{"own address", destination("192.0.2.1:80"), 0},
		{"loopback", destination("127.0.0.1:80"), 0},
		{"address 0", destination("0.0.0.0:80"), syscall.EINVAL},
		{"address 0.1.2.3", destination("0.1.2.3:80"), 0},
		{"broadcast", destination("255.255.255.255:80"), syscall.EINVAL},
		{"multicast", destination("224.0.0.1:80"), syscall.EINVAL},
		{"reserved", destination("240.0.0.1:80"), 0},
		{"weight before address", destination("0.0.0.0:80", func(d *D) { d.Weight = 1 << 31 }), syscall.ERANGE},
	}
	v6cases := []destinationCase{
		{"own address", destination("[2001:db8::1]:80"), 0},
		{"loopback", destination("[::1]:80"), 0},
		{"address ::", destination("[::]:80"), syscall.EINVAL},
		{"multicast", destination("[ff02::1]:80"), syscall.EINVAL},
		{"link-local", destination("[fe80::9]:80"), syscall.EINVAL},
		{"own link-local", destination("[" + linkLocal + "]:80"), 0},
		{"mapped", destination("[::ffff:10.0.0.1]:80"), syscall.EINVAL},
		{"compatible", destination("[::10.0.0.1]:80"), 0},
		{"site-local", destination("[fec0::1]:80"), 0},
		{"unique local", destination("[fd00::1]:80"), 0},
		{"reserved", destination("[::fffe:10.0.0.1]:80"), 0},
	}
	onEveryBackend(t, func(t *testing.T, w *world) {
		c, cases := w.client(t), slices.Clone(cases)
		id, id6 := tcp("10.0.0.1:80"), tcp("[2001:db8::80]:80")
		must(t, c.NewService(service(id)))
		must(t, c.NewService(service(id6)))
		if takesLargeThresholds(t, c) {
			cases[slices.IndexFunc(cases, func(tc destinationCase) bool { return tc.name == "upper 2^31" })].want = 0
		}
		for _, tc := range cases {
			wantErrno(t, "add: "+tc.name, c.NewDestination(id, tc.d), tc.want)
			if tc.want != 0 {
				continue
			}
			got, err := c.Destinations(id)
			must(t, err)
			wantEqual(t, tc.name, got, []D{tc.d})
			must(t, c.DelDestination(id, tc.d.DestinationID))
		}
		must(t, c.NewDestination(id, destination("10.0.0.2:80")))
		for _, tc := range cases {
			if tc.d.DestinationID != destID("10.0.0.2:80") {
				continue
			}
			wantErrno(t, "edit: "+tc.name, c.SetDestination(id, tc.d), tc.want)
			got, err := c.Destinations(id)
			must(t, err)
			if tc.want == 0 {
				wantEqual(t, tc.name, got, []D{tc.d})
			}
		}
		for _, tc := range v6cases {
			wantErrno(t, "add IPv6: "+tc.name, c.NewDestination(id6, tc.d), tc.want)
			if tc.want == 0 {
				must(t, c.DelDestination(id6, tc.d.DestinationID))
			}
		}
	})
}

// The kernel keeps only the forwarding method of the flags of a destination.
func TestForwardingFlags(t *testing.T) {
	onEveryBackend(t, func(t *testing.T, w *world) {
		c := w.client(t)
		id := tcp("10.0.0.1:80")
		must(t, c.NewService(service(id)))
		for _, flags := range []ipvs.ForwardingMethod{0x8, 0x10 | ipvs.Tunnel, 0xfff0 | 5, 1<<16 | ipvs.DirectRoute, math.MaxUint32} {
			must(t, c.NewDestination(id, destination("10.0.0.2:80", func(d *ipvs.Destination) { d.Forward = flags })))
			got, err := c.Destinations(id)
			must(t, err)
			wantEqual(t, "flags", got, []ipvs.Destination{
				destination("10.0.0.2:80", func(d *ipvs.Destination) { d.Forward = flags & 7 }),
			})
			must(t, c.DelDestination(id, destID("10.0.0.2:80")))
		}
	})
}

func TestMixedFamilies(t *testing.T) {
	onEveryBackend(t, func(t *testing.T, w *world) {
		c := w.client(t)
		tunnel := func(d *ipvs.Destination) { d.Forward = ipvs.Tunnel }
		for _, tc := range []struct {
			id       ipvs.ServiceID
			own, mix string
		}{
			{tcp("10.0.0.1:80"), "10.0.0.2:80", "[2001:db8::2]:80"},
			{tcp("[2001:db8::80]:80"), "[2001:db8::2]:80", "10.0.0.2:80"},
			{mark(4, ipvs.IPv4), "10.0.0.2:80", "[2001:db8::2]:80"},
		} {
			must(t, c.NewService(service(tc.id)))
			must(t, c.NewDestination(tc.id, destination(tc.own)))
			for _, forward := range []ipvs.ForwardingMethod{ipvs.Masquerade, ipvs.DirectRoute, ipvs.Local} {
				err := c.NewDestination(tc.id, destination(tc.mix, func(d *ipvs.Destination) { d.Forward = forward }))
				wantErrno(t, forward.String(), err, syscall.EINVAL)
			}
			must(t, c.NewDestination(tc.id, destination(tc.mix, tunnel)))
			wantErrno(t, "edit to masquerade", c.SetDestination(tc.id, destination(tc.mix)), syscall.EINVAL)
			got, err := c.Destinations(tc.id)
			must(t, err)
			wantEqual(t, "destinations", got, []ipvs.Destination{destination(tc.mix, tunnel), destination(tc.own)})

			wantErrno(t, "daemon beside mixed families", c.StartDaemon(ipvs.Daemon{State: ipvs.Backup, Interface: "lo"}), syscall.EINVAL)
			must(t, c.DelDestination(tc.id, destID(tc.mix)))
			must(t, c.StartDaemon(ipvs.Daemon{State: ipvs.Backup, Interface: "lo"}))
			wantErrno(t, "mixed families beside a daemon", c.NewDestination(tc.id, destination(tc.mix, tunnel)), syscall.EINVAL)
			wantErrno(t, "delete of a missing one", c.DelDestination(tc.id, destID(tc.mix)), syscall.ENOENT)
			must(t, c.StopDaemon(ipvs.Backup))
		}
	})
}
