// SPDX-License-Identifier: Apache-2.0

package ipvs_test

import (
	"errors"
	"io/fs"
	"math"
	"testing"

	"github.com/mdlayher/netlink"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// A client does not add a service of protocol 0, because no packet reaches it. It reads,
// edits and deletes one that another program added.
func TestServiceWithoutProtocol(t *testing.T) {
	onEveryBackend(t, func(t *testing.T, w *world) {
		c := w.client(t)
		s := service(ipvs.ServiceID{AddrPort: tcp("10.0.0.1:80").AddrPort})
		for _, err := range []error{c.NewService(s), c.EnsureService(s)} {
			wantMeaning(t, "add", err, fs.ErrInvalid)
			if want := "ipvs: add service 0 10.0.0.1:80: protocol of the service is missing"; err == nil || err.Error() != want {
				t.Errorf("got %v, want %s", err, want)
			}
		}

		body, err := ipvs.Encode(&s)
		must(t, err)
		if _, errno := w.raw(t).execute(t, ipvs.CommandNewService, netlink.Acknowledge, attrs(t, fields{1: body}.encode)); errno != 0 {
			t.Fatal(errno)
		}
		s.Scheduler = "wlc"
		must(t, errors.Join(c.SetService(s), c.EnsureService(s), c.NewDestination(s.ServiceID, destination("10.0.0.2:80"))))
		table, err := c.Table()
		must(t, err)
		wantEqual(t, "table", table, ipvs.Table{{listed(s), []ipvs.Destination{destination("10.0.0.2:80")}}})
		checkOverview(t, "overview", c)
		must(t, errors.Join(c.ZeroService(s.ServiceID), c.DelService(s.ServiceID)))
	})
}

// A client does not start a daemon whose SyncID does not fit a message. It lists and stops
// one that another program started.
func TestDaemonWithLargeSyncID(t *testing.T) {
	onEveryBackend(t, func(t *testing.T, w *world) {
		c := w.client(t)
		d := ipvs.Daemon{State: ipvs.Master, Interface: "eth0", SyncID: math.MaxUint32}
		wantMeaning(t, "start", c.StartDaemon(d), fs.ErrInvalid)

		body, err := ipvs.Encode(&d)
		must(t, err)
		if _, errno := w.raw(t).execute(t, ipvs.CommandNewDaemon, netlink.Acknowledge, attrs(t, fields{3: body}.encode)); errno != 0 {
			t.Fatal(errno)
		}
		daemons, err := c.Daemons()
		must(t, err)
		wantEqual(t, "daemons", daemons, []ipvs.Daemon{{ipvs.Master, "eth0", math.MaxUint32, 1472, addr("224.0.0.81"), 8848, 1}})
		must(t, c.StopDaemon(ipvs.Master))
	})
}
