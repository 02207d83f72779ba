// SPDX-License-Identifier: Apache-2.0

package ipvs_test

import (
	"errors"
	"io/fs"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// What a program reacts to: each refusal is the error that the documentation of the method
// names, and no other.
func TestRefusals(t *testing.T) {
	type D = ipvs.Destination
	here, missing := tcp("10.0.0.1:80"), tcp("10.0.0.9:80")
	there, absent := destination("10.0.0.2:80"), destination("10.0.0.3:80")
	scheduler := func(s *ipvs.Service) { s.Scheduler = "nosuch" }
	engine := func(s *ipvs.Service) { s.PersistenceEngine = "nosuch" }
	daemon := ipvs.Daemon{State: ipvs.Backup, Interface: "eth0"}
	onEveryBackend(t, func(t *testing.T, w *world) {
		c := w.client(t)
		must(t, c.NewService(service(here)))
		must(t, c.NewDestination(here, there))
		must(t, c.StartDaemon(daemon))
		defer func() { must(t, c.StopDaemon(ipvs.Backup)) }()
		_, get := c.Service(missing)
		_, getMark := c.Service(mark(1, ipvs.IPv6))
		_, getEntry := c.TableEntry(missing)
		for _, tc := range []struct {
			what string
			err  error
			want []error
		}{
			{"get service", get, []error{ipvs.ErrNoService, fs.ErrNotExist}},
			{"get service of a mark", getMark, []error{ipvs.ErrNoService, fs.ErrNotExist}},
			{"get entry", getEntry, []error{ipvs.ErrNoService, fs.ErrNotExist}},
			{"set service", c.SetService(service(missing)), []error{ipvs.ErrNoService, fs.ErrNotExist}},
			{"set missing service, unknown scheduler", c.SetService(service(missing, scheduler)), []error{ipvs.ErrNoService, fs.ErrNotExist}},
			{"delete service", c.DelService(missing), []error{ipvs.ErrNoService, fs.ErrNotExist}},
			{"zero service", c.ZeroService(missing), []error{ipvs.ErrNoService, fs.ErrNotExist}},
			{"new destination of no service", c.NewDestination(missing, there), []error{ipvs.ErrNoService, fs.ErrNotExist}},
			{"set destination of no service", c.SetDestination(missing, there), []error{ipvs.ErrNoService, fs.ErrNotExist}},
			{"delete destination of no service", c.DelDestination(missing, there.DestinationID), []error{ipvs.ErrNoService, fs.ErrNotExist}},

			{"set destination", c.SetDestination(here, absent), []error{ipvs.ErrNoDestination, fs.ErrNotExist}},
			{"delete destination", c.DelDestination(here, absent.DestinationID), []error{ipvs.ErrNoDestination, fs.ErrNotExist}},

			{"new service, unknown scheduler", c.NewService(service(missing, scheduler)), []error{ipvs.ErrNoScheduler, fs.ErrNotExist}},
			{"new service, unknown engine", c.NewService(service(missing, engine)), []error{ipvs.ErrNoScheduler, fs.ErrNotExist}},
			{"set service, unknown scheduler", c.SetService(service(here, scheduler)), []error{ipvs.ErrNoScheduler, fs.ErrNotExist}},
			{"set service, unknown engine", c.SetService(service(here, engine)), []error{ipvs.ErrNoScheduler, fs.ErrNotExist}},

			{"stop daemon", c.StopDaemon(ipvs.Master), []error{ipvs.ErrNoDaemon, fs.ErrNotExist}},
			{"start daemon, unknown interface", c.StartDaemon(ipvs.Daemon{State: ipvs.Master, Interface: "nosuch0"}), []error{ipvs.ErrNoInterface}},

			{"new service again", c.NewService(service(here)), []error{fs.ErrExist}},
			{"new service again, unknown scheduler", c.NewService(service(here, scheduler)), []error{fs.ErrExist}},
			{"new destination again", c.NewDestination(here, there), []error{fs.ErrExist}},
			{"start daemon again", c.StartDaemon(daemon), []error{fs.ErrExist}},

			{"IPv6 prefix", c.NewService(service(mark(1, ipvs.IPv6), func(s *ipvs.Service) { s.Netmask = ipvs.IPv6Prefix(0) })), []error{fs.ErrInvalid}},
			{"weight", c.SetDestination(here, destination("10.0.0.2:80", func(d *D) { d.Weight = 1 << 31 })), []error{fs.ErrInvalid}},
			{"address", c.NewDestination(here, destination("224.0.0.1:80")), []error{fs.ErrInvalid}},
			{"timeout", c.SetTimeouts(ipvs.Timeouts{UDP: 1 << 31}), []error{fs.ErrInvalid}},
			{"daemon of no state", c.StopDaemon(0), []error{fs.ErrInvalid}},
		} {
			wantMeaning(t, tc.what, tc.err, tc.want...)
			if !errors.As(tc.err, new(*ipvs.Error)) {
				t.Errorf("%s: %v is no *Error", tc.what, tc.err)
			}
		}
	})
}
