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

// Two services; the second one has no server that takes new connections.
func someTable() ipvs.Table {
	service := func(address string) ipvs.Service {
		return ipvs.Service{
			ServiceID: ipvs.ServiceID{Protocol: ipvs.TCP, AddrPort: netip.MustParseAddrPort(address)},
			Scheduler: ipvs.WeightedRoundRobin,
		}
	}
	server := func(address string, weight uint32) ipvs.Destination {
		return ipvs.Destination{
			DestinationID: ipvs.DestinationID{AddrPort: netip.MustParseAddrPort(address)},
			Forward:       ipvs.DirectRoute,
			Weight:        weight,
		}
	}
	return ipvs.Table{
		{Service: service("10.0.0.1:80"), Destinations: []ipvs.Destination{server("10.0.0.2:80", 3), server("10.0.0.3:80", 1)}},
		{Service: service("10.0.0.1:443"), Destinations: []ipvs.Destination{server("10.0.0.2:443", 0)}},
	}
}

// Find the services without a server for new connections, in a table of any size.
func ExampleClient_TableEntries() {
	k := ipvstest.New()
	k.SetTable(someTable())
	client, err := k.Dial() // ipvs.Dial() for the kernel
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = client.Close() }()

	for entry, err := range client.TableEntries() {
		if err != nil {
			fmt.Println(err)
			return
		}
		weight := uint64(0)
		for _, d := range entry.Destinations {
			weight += uint64(d.Weight)
		}
		if weight == 0 {
			fmt.Println(entry.Service.ServiceID, "takes no new connections")
		}
	}
	// Output:
	// TCP 10.0.0.1:443 takes no new connections
}

// Read one service with its destinations, and their counters.
func ExampleClient_TableEntry() {
	k := ipvstest.New()
	k.SetTable(someTable())
	client, err := k.Dial() // ipvs.Dial() for the kernel
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = client.Close() }()

	web := ipvs.ServiceID{Protocol: ipvs.TCP, AddrPort: netip.MustParseAddrPort("10.0.0.1:80")}
	server := ipvs.DestinationID{AddrPort: netip.MustParseAddrPort("10.0.0.2:80")}
	k.UpdateDestination(web, server, func(d *ipvs.Destination) { // there is no traffic in the fake
		d.ActiveConns, d.InactiveConns = 2, 1
		d.Stats = ipvs.Stats{Conns: 12, InBytes: 7000, CPS: 4}
	})

	entry, err := client.TableEntry(web)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, d := range entry.Destinations {
		fmt.Println(d.DestinationID, "has", d.ActiveConns+d.InactiveConns, "of", d.Stats.Conns, "connections,", d.Stats.InBytes, "bytes from clients")
	}
	// Output:
	// 10.0.0.2:80 has 3 of 12 connections, 7000 bytes from clients
	// 10.0.0.3:80 has 0 of 0 connections, 0 bytes from clients
}

// How full the table of connections is.
func ExampleClient_Status() {
	k := ipvstest.New()
	k.SetStatus(ipvs.Status{Conns: ipvs.HashTable{Entries: 3000, Buckets: 65536, Bits: 16, LoadFactor: -4, Chains: [8]uint64{62604, 2866, 64, 2}}})
	client, err := k.Dial() // ipvs.Dial() for the kernel
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = client.Close() }()

	status, err := client.Status()
	if errors.Is(err, fs.ErrNotExist) {
		fmt.Println("before Linux 7.1 the table has a fixed size")
		return
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(status.Conns.Entries, "connections in", status.Conns.Buckets, "buckets,", status.Conns.Chains[0], "of them empty")
	// Output:
	// 3000 connections in 65536 buckets, 62604 of them empty
}

// The sums of the counters and rates of all services.
func ExampleClient_Totals() {
	k := ipvstest.New()
	k.SetTotals(ipvs.Stats{Conns: 1 << 33, InPkts: 1 << 40, CPS: 250}) // there is no traffic in the fake
	client, err := k.Dial()                                            // ipvs.Dial() for the kernel
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = client.Close() }()

	totals, err := client.Totals()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(totals.Conns, "connections,", totals.CPS, "per second")
	// Output:
	// 8589934592 connections, 250 per second
}
