// SPDX-License-Identifier: Apache-2.0

package reconcile_test

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
	"github.com/ipvsadm-go/ipvsadm/ipvs/reconcile"
)

// A controller replaces one server of its service. It owns the services of 10.0.0.1, and
// leaves that of another manager alone.
func Example() {
	k := ipvstest.New()
	client, err := k.Dial() // ipvs.Dial() for the kernel
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = client.Close() }()

	service := func(address string) ipvs.Service {
		return ipvs.Service{
			ServiceID: ipvs.ServiceID{Protocol: ipvs.TCP, AddrPort: netip.MustParseAddrPort(address)},
			Scheduler: "wrr",
		}
	}
	server := func(address string, weight uint32) ipvs.Destination {
		return ipvs.Destination{
			DestinationID: ipvs.DestinationID{AddrPort: netip.MustParseAddrPort(address)},
			Forward:       ipvs.DirectRoute,
			Weight:        weight,
		}
	}
	k.SetTable(ipvs.Table{
		{Service: service("10.0.0.1:80"), Destinations: []ipvs.Destination{server("10.0.0.2:80", 1), server("10.0.0.3:80", 1)}},
		{Service: service("10.0.0.1:8080")},
		{Service: service("10.9.9.9:53")},
	})

	desired := ipvs.Table{{
		Service:      service("10.0.0.1:80"),
		Destinations: []ipvs.Destination{server("10.0.0.3:80", 5), server("10.0.0.4:80", 1)},
	}}
	plan, err := reconcile.NewPlan(client, reconcile.State{
		Services: slices.Values(desired),
		Scope:    func(id ipvs.ServiceID) bool { return id.AddrPort.Addr() == netip.MustParseAddr("10.0.0.1") },
		Timeouts: ipvs.Timeouts{UDP: 60}, // the others stay
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(plan)

	err = plan.Run()
	var refused reconcile.Refusals
	switch {
	case errors.As(err, &refused):
		for _, r := range refused {
			fmt.Println("refused:", r.Err)
		}
	case err != nil:
		fmt.Println(err)
	}
	for _, entry := range k.Table() {
		fmt.Println(entry.Service.ServiceID, len(entry.Destinations))
	}
	// Output:
	// add server 10.0.0.4:80 of TCP 10.0.0.1:80, Route weight 1
	// edit server 10.0.0.3:80 of TCP 10.0.0.1:80, Route weight 5
	// delete server 10.0.0.2:80 of TCP 10.0.0.1:80
	// delete service TCP 10.0.0.1:8080
	// set timeouts UDP 60s
	// TCP 10.0.0.1:80 2
	// TCP 10.9.9.9:53 0
}
