// SPDX-License-Identifier: Apache-2.0

package ipvs_test

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
)

// A destination without connections is drained at once, and keeps its other settings.
func TestDrainIdleDestination(t *testing.T) {
	id := tcp("10.0.0.1:80")
	onEveryBackend(t, func(t *testing.T, w *world) {
		c := w.client(t)
		server := destination("10.0.0.2:80", func(d *ipvs.Destination) { d.Weight, d.UpperThreshold = 7, 100 })
		must(t, errors.Join(c.NewService(service(id)), c.NewDestination(id, server)))
		must(t, c.DrainDestination(id, server.DestinationID))
		server.Weight = 0
		got, err := c.Destinations(id)
		must(t, err)
		wantEqual(t, "destinations", got, []ipvs.Destination{server})
		wantMeaning(t, "no destination", c.DrainDestination(id, destID("10.0.0.9:80")), ipvs.ErrNoDestination, fs.ErrNotExist)
		wantMeaning(t, "no service", c.DrainDestination(tcp("10.0.0.9:80"), server.DestinationID), ipvs.ErrNoService, fs.ErrNotExist)
	})
}

// busyFake has a destination with connections. At each look at it from the third on, which
// is the second after its weight is 0, change changes it.
func busyFake(t *testing.T, change func(*ipvs.Table)) (*ipvs.Client, ipvs.DestinationID) {
	t.Helper()
	server := destination("10.0.0.2:80", func(d *ipvs.Destination) { d.Weight, d.ActiveConns, d.InactiveConns = 7, 1, 2 })
	k, c := fakeWith(t, ipvs.Table{{Service: service(tcp("10.0.0.1:80")), Destinations: []ipvs.Destination{server}}})
	k.Inject(ipvstest.Fault{Command: ipvs.CommandGetDestinations, Skip: 2, Times: -1, Effect: ipvstest.Before(func() {
		table := k.Table()
		change(&table)
		k.SetTable(table)
	})})
	return c, server.DestinationID
}

func TestDrainDestinationWaits(t *testing.T) {
	id := tcp("10.0.0.1:80")
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		c, server := busyFake(t, func(table *ipvs.Table) {
			d := &(*table)[0].Destinations[0]
			switch {
			case d.ActiveConns > 0:
				d.ActiveConns--
			case d.InactiveConns > 0:
				d.InactiveConns--
			}
		})
		must(t, c.DrainDestination(id, server))
		if waited := time.Since(start).Round(time.Second); waited != 3*time.Second {
			t.Errorf("drained after %s", waited)
		}
	})
}

func TestDrainDestinationEnds(t *testing.T) {
	id := tcp("10.0.0.1:80")
	for what, tc := range map[string]struct {
		change func(*ipvs.Table)
		want   error
		says   string
	}{
		"the time is up":      {func(*ipvs.Table) {}, context.DeadlineExceeded, "1 active and 2 inactive connections are left"},
		"the server is gone":  {func(t *ipvs.Table) { (*t)[0].Destinations = nil }, ipvs.ErrNoDestination, "10.0.0.2:80"},
		"the service is gone": {func(t *ipvs.Table) { *t = nil }, ipvs.ErrNoService, "10.0.0.1:80"},
		"another weight":      {func(t *ipvs.Table) { (*t)[0].Destinations[0].Weight = 3 }, nil, "another program set its weight to 3"},
	} {
		synctest.Test(t, func(t *testing.T) {
			c, server := busyFake(t, tc.change)
			ctx, cancel := context.WithTimeout(t.Context(), 9500*time.Millisecond)
			defer cancel()
			err := c.WithContext(ctx).DrainDestination(id, server)
			if err == nil || tc.want != nil && !errors.Is(err, tc.want) || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("%s: got %v", what, err)
			}
			wantOnePrefix(t, what, err)
		})
	}
}
