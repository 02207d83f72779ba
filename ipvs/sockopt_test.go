// SPDX-License-Identifier: Apache-2.0

package ipvs_test

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// The kernel lists the destinations of IPv4 services at once, in the order of its dumps.
// A list with one destination more or less does not match.
func TestSockoptDestinations(t *testing.T) {
	if os.Getenv("IPVS_KERNEL") != "1" {
		if _, err := fakeWorld().client(t).SockoptMatches(tcp("10.0.0.1:80"), nil); err == nil {
			t.Error("the fake has no such socket option")
		}
		return
	}
	runtime.LockOSThread()
	c := kernelWorld(t).client(t)
	for _, id := range []ipvs.ServiceID{tcp("10.0.0.1:80"), {Protocol: ipvs.UDP, AddrPort: tcp("10.0.0.1:80").AddrPort}, mark(1<<31, ipvs.IPv4)} {
		must(t, c.NewService(service(id)))
		for i := range 200 {
			must(t, c.NewDestination(id, destination(fmt.Sprintf("10.1.0.%d:80", i+1))))
		}
		must(t, c.NewDestination(id, destination("0.0.0.1:0", func(d *ipvs.Destination) { d.Weight = 0 })))
		all, err := c.Destinations(id)
		must(t, err)
		if len(all) != 201 {
			t.Fatalf("%s: %d destinations", id, len(all))
		}
		more := append(slices.Clone(all), destination("10.9.9.9:80"))
		turned := slices.Clone(all)
		slices.Reverse(turned)
		for what, listed := range map[string]struct {
			destinations []ipvs.Destination
			want         bool
		}{
			"all": {all, true}, "without the last": {all[:200], false}, "without the first": {all[1:], false},
			"one more": {more, false}, "another order": {turned, false}, "none": {nil, false},
			"too many to ask for": {make([]ipvs.Destination, 10_000), false},
		} {
			if got, err := c.SockoptMatches(id, listed.destinations); err != nil || got != listed.want {
				t.Errorf("%s, %s: got %v, %v", id, what, got, err)
			}
		}
	}
	for _, id := range []ipvs.ServiceID{tcp("10.0.0.9:80"), tcp("[fd00::1]:80"), mark(1<<31, ipvs.IPv6), {}} {
		if got, err := c.SockoptMatches(id, nil); err != nil || got {
			t.Errorf("%s: got %v, %v", id, got, err)
		}
	}
}
