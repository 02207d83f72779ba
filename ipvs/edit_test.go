// SPDX-License-Identifier: Apache-2.0

package ipvs_test

import (
	"errors"
	"io/fs"
	"syscall"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
)

// EditService keeps what the function leaves alone, also flags without a name.
func TestEditServiceKeepsTheRest(t *testing.T) {
	onEveryBackend(t, func(t *testing.T, w *world) {
		c := w.client(t)
		want := service(tcp("10.0.0.1:80"), func(s *ipvs.Service) {
			s.Scheduler, s.Flags, s.Timeout = "sh", ipvs.Persistent|ipvs.SourceHashingPort|1<<20, 60
			s.Netmask, s.PersistenceEngine = ipvs.IPv4Mask(255, 255, 0, 0), ipvs.SIP
		})
		must(t, c.NewService(want))
		for _, edit := range []func(*ipvs.Service) error{
			func(s *ipvs.Service) error { s.Scheduler = "mh"; return nil },
			func(s *ipvs.Service) error { s.Flags |= ipvs.OnePacket; return nil },
			func(s *ipvs.Service) error { s.Flags &^= ipvs.Persistent | ipvs.OnePacket; s.Timeout = 0; return nil },
			func(s *ipvs.Service) error { s.PersistenceEngine = ""; return nil },
			func(*ipvs.Service) error { return nil },
		} {
			must(t, errors.Join(c.EditService(want.ServiceID, edit), edit(&want)))
			got, err := c.Service(want.ServiceID)
			must(t, err)
			wantEqual(t, "service", got, listed(want))
		}
		no := errors.New("no")
		if err := c.EditService(want.ServiceID, func(s *ipvs.Service) error { s.Scheduler = "rr"; return no }); err != no {
			t.Errorf("got %v, want %v", err, no)
		}
		got, err := c.Service(want.ServiceID)
		must(t, err)
		wantEqual(t, "service", got, listed(want))
		nothing := func(*ipvs.Service) error { return nil }
		absent := c.EditService(tcp("10.0.0.9:80"), nothing)
		wantMeaning(t, "no service", absent, ipvs.ErrNoService, fs.ErrNotExist)
		if set := c.SetService(service(tcp("10.0.0.9:80"))); absent.Error() != set.Error() {
			t.Errorf("got %v, want %v", absent, set)
		}
		wantMeaning(t, "bad service", c.EditService(ipvs.ServiceID{}, nothing), fs.ErrInvalid)
	})
}

// A flag that another program sets between the read and the write stays.
func TestEditServiceKeepsFlagOfOthers(t *testing.T) {
	k, c := faulty(t)
	other, err := k.Dial()
	must(t, err)
	id := mark(7, ipvs.IPv4)
	must(t, c.NewService(service(id, func(s *ipvs.Service) { s.Flags = ipvs.SchedulerFlag1 })))
	flag := func(f ipvs.ServiceFlags) func(*ipvs.Service) error {
		return func(s *ipvs.Service) error { s.Flags ^= f; return nil }
	}
	change := func(c *ipvs.Client) error { return c.EditService(id, flag(ipvs.OnePacket)) }
	must(t, runBeside(t, k, other, []func(*ipvs.Client) error{change}, func() error { return c.EditService(id, flag(ipvs.SchedulerFlag1|ipvs.SchedulerFlag2)) }))
	got, err := c.Service(id)
	must(t, err)
	if want := ipvs.Hashed | ipvs.OnePacket | ipvs.SchedulerFlag2; got.Flags != want {
		t.Errorf("got %s, want %s", got.Flags, want)
	}
}

// EditDestination keeps what the function leaves alone, also a tunnel of an unknown type.
func TestEditDestinationKeepsTheRest(t *testing.T) {
	onEveryBackend(t, func(t *testing.T, w *world) {
		c := w.client(t)
		id := tcp("10.0.0.1:80")
		must(t, c.NewService(service(id)))
		want := destination("10.0.0.2:80", func(d *ipvs.Destination) {
			d.Forward, d.TunnelType, d.TunnelPort, d.TunnelFlags = ipvs.Bypass, 9, 6080, 1<<9|ipvs.TunnelChecksum
			d.UpperThreshold, d.LowerThreshold = 100, 50
		})
		must(t, c.NewDestination(id, want))
		for _, edit := range []func(*ipvs.Destination) error{
			func(d *ipvs.Destination) error { d.Weight = 0; return nil },
			func(d *ipvs.Destination) error { d.UpperThreshold = 200; return nil },
			func(d *ipvs.Destination) error { d.TunnelFlags |= ipvs.TunnelRemoteChecksum; return nil },
			func(d *ipvs.Destination) error { d.Forward = ipvs.Tunnel; return nil },
		} {
			must(t, errors.Join(c.EditDestination(id, want.DestinationID, edit), edit(&want)))
			got, err := c.Destinations(id)
			must(t, err)
			wantEqual(t, "destinations", got, []ipvs.Destination{want})
		}
		no := errors.New("no")
		if err := c.EditDestination(id, want.DestinationID, func(*ipvs.Destination) error { return no }); err != no {
			t.Errorf("got %v, want %v", err, no)
		}
	})
}

// A fault of the read or of the write is the error, and the write is not sent after that of
// the read.
func TestEditReturnsFaults(t *testing.T) {
	id, server := tcp("10.0.0.1:80"), destID("10.0.0.2:80")
	for command, refused := range map[ipvs.Command]func(*ipvs.Client) error{
		ipvs.CommandGetService:      func(c *ipvs.Client) error { return c.EditService(id, func(*ipvs.Service) error { return nil }) },
		ipvs.CommandSetService:      func(c *ipvs.Client) error { return c.EditService(id, func(*ipvs.Service) error { return nil }) },
		ipvs.CommandGetDestinations: func(c *ipvs.Client) error { return c.SetWeight(id, server, 5) },
		ipvs.CommandSetDestination:  func(c *ipvs.Client) error { return c.SetWeight(id, server, 5) },
	} {
		k, c := faulty(t)
		k.Inject(ipvstest.Fault{Command: command, Times: -1, Effect: ipvstest.Refuse(syscall.ENOMEM)})
		if err := refused(c); err == nil {
			t.Errorf("%s: no error", command)
		}
		if got := k.Table()[0].Destinations[0].Weight; got != 1 {
			t.Errorf("%s: weight %d", command, got)
		}
	}
}
