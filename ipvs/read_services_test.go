// SPDX-License-Identifier: Apache-2.0

package ipvs_test

import (
	"errors"
	"net/netip"
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

// A list has all services that exist throughout, while many others come and go in the
// same namespace. Kernels from 7.1 on resize their table meanwhile. The writer pauses
// half of the time: a client without a socket of its own needs two equal dumps in a row.
func TestServicesBesideAWriter(t *testing.T) {
	onEveryBackend(t, func(t *testing.T, w *world) {
		c, writer := w.client(t), w.client(t)
		stay := map[ipvs.ServiceID]bool{}
		for _, s := range services("10.0.0.1", 300) {
			stay[s.ServiceID] = true
			must(t, c.NewService(s))
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
		for range 16 {
			got, err := c.Services()
			if errors.Is(err, ipvs.ErrInterrupted) {
				continue
			}
			must(t, err)
			lists++
			seen := map[ipvs.ServiceID]bool{}
			missing := len(stay)
			for _, s := range got {
				if seen[s.ServiceID] {
					t.Errorf("%v is listed twice", s.ServiceID)
				}
				if stay[s.ServiceID] && !seen[s.ServiceID] {
					missing--
				}
				seen[s.ServiceID] = true
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
