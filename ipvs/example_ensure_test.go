// SPDX-License-Identifier: Apache-2.0

package ipvs_test

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
)

// Set a service, or else add it.
func ExampleClient_EnsureService() {
	client, err := ipvstest.New().Dial() // ipvs.Dial() for the kernel
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = client.Close() }()

	web := ipvs.Service{
		ServiceID: ipvs.ServiceID{Protocol: ipvs.TCP, AddrPort: netip.MustParseAddrPort("10.0.0.1:80")},
	}
	for _, scheduler := range []string{"rr", "wlc", "fair"} {
		web.Scheduler = scheduler
		switch err := client.EnsureService(web); {
		case err == nil:
			fmt.Println(web.ServiceID, scheduler)
		case errors.Is(err, ipvs.ErrNoScheduler):
			fmt.Println("choose another scheduler:", err)
		default:
			fmt.Println(err)
		}
	}
	// Output:
	// TCP 10.0.0.1:80 rr
	// TCP 10.0.0.1:80 wlc
	// choose another scheduler: ipvs: edit service TCP 10.0.0.1:80: Scheduler or persistence engine not found
}

// What a program reacts to, and what it reports.
func ExampleError() {
	client, err := ipvstest.New().Dial() // ipvs.Dial() for the kernel
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = client.Close() }()

	web := ipvs.ServiceID{Protocol: ipvs.TCP, AddrPort: netip.MustParseAddrPort("10.0.0.1:80")}
	server := ipvs.DestinationID{AddrPort: netip.MustParseAddrPort("10.0.0.2:80")}
	for _, err := range client.Apply([]ipvs.Change{
		ipvs.DelService(web),
		ipvs.NewService(ipvs.Service{ServiceID: web, Scheduler: ipvs.WeightedRoundRobin}),
		ipvs.NewService(ipvs.Service{ServiceID: web, Scheduler: ipvs.WeightedRoundRobin}),
		ipvs.DelDestination(web, server),
		ipvs.NewDestination(web, ipvs.Destination{DestinationID: server, Weight: 1 << 31}),
	}) {
		var refused *ipvs.Error
		switch {
		case err == nil:
			fmt.Println("done")
		case errors.Is(err, ipvs.ErrNoService), errors.Is(err, ipvs.ErrNoDestination):
			fmt.Println("was gone already:", err)
		case errors.Is(err, fs.ErrExist):
			fmt.Println("was there already:", err)
		case errors.As(err, &refused):
			fmt.Println("the kernel refused to", refused.Command)
		default:
			fmt.Println(err)
		}
	}
	// Output:
	// was gone already: ipvs: delete service TCP 10.0.0.1:80: No such service
	// done
	// was there already: ipvs: add service TCP 10.0.0.1:80: Service already exists
	// was gone already: ipvs: delete server 10.0.0.2:80 of TCP 10.0.0.1:80: No such destination
	// the kernel refused to add server
}
