// SPDX-License-Identifier: Apache-2.0

package ipvs_test

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
)

func TestEnsure(t *testing.T) {
	id := tcp("10.0.0.1:80")
	onEveryBackend(t, func(t *testing.T, w *world) {
		c := w.client(t)
		for _, scheduler := range []string{"rr", "wlc", "wlc"} {
			want := service(id, func(s *ipvs.Service) { s.Scheduler = scheduler })
			must(t, c.EnsureService(want))
			got, err := c.Service(id)
			must(t, err)
			wantEqual(t, "service", got, listed(want))
		}
		for _, weight := range []uint32{1, 7, 7} {
			want := destination("10.0.0.2:80", func(d *ipvs.Destination) { d.Weight = weight })
			must(t, c.EnsureDestination(id, want))
			got, err := c.Destinations(id)
			must(t, err)
			wantEqual(t, "destinations", got, []ipvs.Destination{want})
		}
		// Destinations of the service stay.
		must(t, c.EnsureService(service(id)))
		if got, err := c.Destinations(id); len(got) != 1 || err != nil {
			t.Errorf("got %v, %v", got, err)
		}

		missing := tcp("10.0.0.9:80")
		wantMeaning(t, "unknown scheduler, service to add", c.EnsureService(ipvs.Service{ServiceID: missing, Scheduler: "nosuch"}), ipvs.ErrNoScheduler, fs.ErrNotExist)
		wantMeaning(t, "unknown scheduler, service to set", c.EnsureService(ipvs.Service{ServiceID: id, Scheduler: "nosuch"}), ipvs.ErrNoScheduler, fs.ErrNotExist)
		wantMeaning(t, "destination of no service", c.EnsureDestination(missing, destination("10.0.0.2:80")), ipvs.ErrNoService, fs.ErrNotExist)
		wantMeaning(t, "destination of a multicast address", c.EnsureDestination(id, destination("224.0.0.1:80")), fs.ErrInvalid)
	})
}

// Another program adds the service or the destination between the two requests, or also
// deletes it again.
func TestEnsureBesideAnotherWriter(t *testing.T) {
	id := tcp("10.0.0.1:80")
	want := service(id, func(s *ipvs.Service) { s.Scheduler = "wlc" })
	server := destination("10.0.0.2:80", func(d *ipvs.Destination) { d.Weight = 7 })
	addService := func(c *ipvs.Client) error { return c.NewService(service(id)) }
	deleteService := func(c *ipvs.Client) error { return c.DelService(id) }
	addServer := func(c *ipvs.Client) error { return c.NewDestination(id, destination("10.0.0.2:80")) }
	deleteServer := func(c *ipvs.Client) error { return c.DelDestination(id, server.DestinationID) }
	k := newFake()
	c, err := k.Dial()
	must(t, err)
	other, err := k.Dial()
	must(t, err)
	for _, changes := range [][]func(*ipvs.Client) error{{addService}, {addService, deleteService}} {
		must(t, c.Flush())
		must(t, runBeside(t, k, other, changes, func() error { return c.EnsureService(want) }))
		got, err := c.Service(id)
		must(t, err)
		wantEqual(t, "service", got, listed(want))
	}
	for _, changes := range [][]func(*ipvs.Client) error{{addServer}, {addServer, deleteServer}} {
		must(t, errors.Join(c.Flush(), c.NewService(want)))
		must(t, runBeside(t, k, other, changes, func() error { return c.EnsureDestination(id, server) }))
		got, err := c.Destinations(id)
		must(t, err)
		wantEqual(t, "destinations", got, []ipvs.Destination{server})
	}
}

// runBeside runs a function of one client. Another client makes a change after each of
// its requests.
func runBeside(t *testing.T, k *ipvstest.Kernel, other *ipvs.Client, changes []func(*ipvs.Client) error, run func() error) error {
	t.Helper()
	err := error(nil)
	p := k.Start(func() { err = run() })
	for _, change := range changes {
		p.Step()
		must(t, change(other))
	}
	p.Finish()
	return err
}

// A kernel that always says that the object is missing and there makes no loop without end.
func TestEnsureGivesUp(t *testing.T) {
	k, c := faulty(t)
	for command, errno := range map[ipvs.Command]syscall.Errno{
		ipvs.CommandSetService: syscall.ESRCH, ipvs.CommandNewService: syscall.EEXIST,
		ipvs.CommandSetDestination: syscall.ENOENT, ipvs.CommandNewDestination: syscall.EEXIST,
	} {
		k.Inject(ipvstest.Fault{Command: command, Times: -1, Effect: ipvstest.Refuse(errno)})
	}
	wantMeaning(t, "service", c.EnsureService(service(tcp("10.0.0.1:80"))), fs.ErrExist)
	wantMeaning(t, "destination", c.EnsureDestination(tcp("10.0.0.1:80"), destination("10.0.0.2:80")), fs.ErrExist)
	if sent := k.Commands(); len(sent) != 40 {
		t.Errorf("%d requests", len(sent))
	}
}

// SetWeight keeps every other setting of the destination, and the other destinations.
func TestSetWeight(t *testing.T) {
	onEveryBackend(t, func(t *testing.T, w *world) {
		c := w.client(t)
		id := tcp("10.0.0.1:80")
		must(t, c.NewService(service(id)))
		plain := destination("10.0.0.2:80")
		rich := destination("10.0.0.3:80", func(d *ipvs.Destination) {
			d.Forward, d.UpperThreshold, d.LowerThreshold = ipvs.Tunnel, 100, 50
			d.TunnelType, d.TunnelPort, d.TunnelFlags = ipvs.GUE, 6080, ipvs.TunnelRemoteChecksum
		})
		far := destination("[2001:db8::2]:80", func(d *ipvs.Destination) { d.Forward = ipvs.Tunnel })
		for _, d := range []ipvs.Destination{plain, rich, far} {
			must(t, c.NewDestination(id, d))
		}
		for _, weight := range []uint32{0, 1<<31 - 1, 5} {
			must(t, errors.Join(c.SetWeight(id, rich.DestinationID, weight), c.SetWeight(id, far.DestinationID, weight)))
			rich.Weight, far.Weight = weight, weight
			got, err := c.Destinations(id)
			must(t, err)
			slices.SortFunc(got, func(a, b ipvs.Destination) int { return a.Compare(b.DestinationID) })
			wantEqual(t, "destinations", got, []ipvs.Destination{plain, rich, far})
		}
		wantMeaning(t, "weight", c.SetWeight(id, plain.DestinationID, 1<<31), fs.ErrInvalid)
		absent := c.SetWeight(id, destID("10.0.0.9:80"), 1)
		wantMeaning(t, "no destination", absent, ipvs.ErrNoDestination, fs.ErrNotExist)
		set := c.SetDestination(id, destination("10.0.0.9:80"))
		if absent.Error() != set.Error() {
			t.Errorf("got %v, want %v", absent, set)
		}
		wantMeaning(t, "no service", c.SetWeight(tcp("10.0.0.9:80"), plain.DestinationID, 1), ipvs.ErrNoService, fs.ErrNotExist)
	})
}

// The destination is deleted, or its service, after SetWeight has read it.
func TestSetWeightOfDeleted(t *testing.T) {
	id, server := tcp("10.0.0.1:80"), destID("10.0.0.2:80")
	for want, change := range map[error]func(*ipvs.Client) error{
		ipvs.ErrNoDestination: func(c *ipvs.Client) error { return c.DelDestination(id, server) },
		ipvs.ErrNoService:     func(c *ipvs.Client) error { return c.DelService(id) },
	} {
		k, c := faulty(t)
		other, err := k.Dial()
		must(t, err)
		err = runBeside(t, k, other, []func(*ipvs.Client) error{change}, func() error { return c.SetWeight(id, server, 0) })
		wantMeaning(t, "deleted", err, want, fs.ErrNotExist)
	}
}

// What cannot be sent is not missing, and what is missing is the error of the edit.
func TestErrorsOfSetWeightAndDrainDestination(t *testing.T) {
	_, c := faulty(t)
	id, server := tcp("10.0.0.1:80"), destID("10.0.0.2:80")
	for what, tc := range map[string]struct {
		id     ipvs.ServiceID
		server ipvs.DestinationID
		want   error
	}{
		"zero service":        {ipvs.ServiceID{}, server, fs.ErrInvalid},
		"mark and address":    {ipvs.ServiceID{FWMark: 1, AddrPort: id.AddrPort}, server, fs.ErrInvalid},
		"service with a zone": {tcp("[fe80::1%eth0]:80"), server, fs.ErrInvalid},
		"zero server":         {id, ipvs.DestinationID{}, fs.ErrInvalid},
		"server with a zone":  {id, destID("[fe80::1%eth0]:80"), fs.ErrInvalid},
		"mapped server":       {id, destID("[::ffff:10.0.0.2]:80"), ipvs.ErrNoDestination},
		"missing server":      {id, destID("10.0.0.9:80"), ipvs.ErrNoDestination},
		"missing service":     {mark(7, ipvs.IPv4), server, ipvs.ErrNoService},
	} {
		want := strings.Replace(c.DelDestination(tc.id, tc.server).Error(), "delete", "edit", 1)
		for _, err := range []error{c.SetWeight(tc.id, tc.server, 0), c.DrainDestination(tc.id, tc.server)} {
			if !errors.Is(err, tc.want) || err.Error() != want {
				t.Errorf("%s: got %v, want %s", what, err, want)
			}
		}
	}
}
