// SPDX-License-Identifier: Apache-2.0

package ipvs_test

import (
	"errors"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// services returns n services of an address, with ports from 1 on.
func services(address string, n int) (all []ipvs.Service) {
	for port := range n {
		all = append(all, service(ipvs.ServiceID{Protocol: ipvs.TCP, AddrPort: netip.AddrPortFrom(addr(address), uint16(port+1))}))
	}
	return all
}

// A list, or an overview, has all services that exist throughout, while many others come
// and go in the same namespace, and an overview their destinations. Kernels from 7.1 on resize their table meanwhile. The writer pauses
// half of the time: a client without a socket of its own needs two equal dumps in a row.
func TestServicesBesideAWriter(t *testing.T) {
	onEveryBackend(t, func(t *testing.T, w *world) {
		c, writer := w.client(t), w.client(t)
		stay := map[ipvs.ServiceID]bool{}
		for _, s := range services("10.0.0.1", 300) {
			stay[s.ServiceID] = true
			must(t, errors.Join(c.Apply([]ipvs.Change{
				ipvs.NewService(s),
				ipvs.NewDestination(s.ServiceID, destination("192.0.2.1:1")),
				ipvs.NewDestination(s.ServiceID, destination("192.0.2.1:2", directRoute)),
			})...))
		}
		var add, del []ipvs.Change
		for _, s := range services("10.0.0.2", 1000) {
			add, del = append(add, ipvs.NewService(s)), append(del, ipvs.DelService(s.ServiceID))
		}
		done := make(chan struct{})
		var wait sync.WaitGroup
		wait.Go(func() {
			const batch = 20
			for {
				for _, changes := range [][]ipvs.Change{add, del} {
					start := time.Now()
					for i := 0; i < len(changes); i += batch {
						select {
						case <-done:
							return
						default:
							writer.Apply(changes[i : i+batch])
						}
					}
					select {
					case <-done:
					case <-time.After(time.Since(start)):
					}
				}
			}
		})
		lists := 0
		for n := range 32 {
			var got ipvs.Table
			var err error
			if n%2 == 0 {
				got, err = servicesOf(c)
			} else {
				got, err = c.Overview()
			}
			if errors.Is(err, ipvs.ErrInterrupted) {
				continue
			}
			must(t, err)
			lists++
			seen := map[ipvs.ServiceID]bool{}
			missing := len(stay)
			for _, entry := range got {
				id := entry.Service.ServiceID
				if seen[id] {
					t.Errorf("%v is listed twice", id)
				}
				if stay[id] && !seen[id] {
					missing--
				}
				seen[id] = true
				if stay[id] && n%2 == 1 {
					slices.SortFunc(entry.Destinations, func(a, b ipvs.Destination) int { return a.Compare(b.DestinationID) })
					wantEqual(t, id.String(), entry.Destinations, []ipvs.Destination{destination("192.0.2.1:1"), destination("192.0.2.1:2", directRoute)})
				}
			}
			if missing > 0 {
				t.Errorf("a list of %d services lacks %d of the %d that stay", len(got), missing, len(stay))
			}
		}
		close(done)
		wait.Wait()
		if lists == 0 {
			t.Error("no list at all")
		}
		t.Logf("%d lists", lists)
	})
}

// servicesOf lists the services, as a table without destinations.
func servicesOf(c *ipvs.Client) (table ipvs.Table, err error) {
	services, err := c.Services()
	for _, s := range services {
		table = append(table, ipvs.TableEntry{Service: s})
	}
	return table, err
}

func directRoute(d *ipvs.Destination) { d.Forward = ipvs.DirectRoute }
