// SPDX-License-Identifier: Apache-2.0

package ipvs_test

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
)

// Three connections of two clients.
func someConnections() []ipvs.ConnEntry {
	connection := func(client, server string) ipvs.ConnEntry {
		return ipvs.ConnEntry{
			Protocol:    "TCP",
			Client:      netip.MustParseAddrPort(client),
			Virtual:     netip.MustParseAddrPort("10.0.0.1:80"),
			Destination: netip.MustParseAddrPort(server),
			State:       "ESTABLISHED",
			Expires:     15 * time.Minute,
		}
	}
	return []ipvs.ConnEntry{
		connection("192.168.0.1:50000", "10.0.0.2:80"),
		connection("192.168.0.1:50001", "10.0.0.3:80"),
		connection("192.168.7.7:40000", "10.0.0.2:80"),
	}
}

func ExampleClient_ConnEntries() {
	k := ipvstest.New()
	k.SetConnEntries(someConnections()...)
	client, err := k.Dial() // ipvs.Dial() for the kernel
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = client.Close() }()

	local := ipvs.ConnFilter{State: "established", Client: netip.MustParsePrefix("192.168.0.0/24")}
	for e, err := range local.Select(client.ConnEntries()) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(e.Client, "at", e.Destination, "for", e.Expires)
	}
	// Output:
	// 192.168.0.1:50000 at 10.0.0.2:80 for 15m0s
	// 192.168.0.1:50001 at 10.0.0.3:80 for 15m0s
}

// Count the connections of a destination.
func ExampleConnFilter_Count() {
	k := ipvstest.New()
	k.SetConnEntries(someConnections()...)
	client, err := k.Dial() // ipvs.Dial() for the kernel
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = client.Close() }()

	server := ipvs.EndpointFilter{AddrPort: netip.MustParseAddrPort("10.0.0.2:80"), HasPort: true}
	filter := ipvs.ConnFilter{Protocol: "TCP", Destination: server}
	n, err := filter.Count(client.ConnEntries())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(n)
	// Output:
	// 2
}

// Find the clients with the most connections.
func ExampleConnGroup_Count() {
	k := ipvstest.New()
	k.SetConnEntries(someConnections()...)
	client, err := k.Dial() // ipvs.Dial() for the kernel
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = client.Close() }()

	counts, err := ipvs.ByClient.Count(client.ConnEntries())
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range counts.Sorted() {
		fmt.Println(c.Endpoint.Addr(), c.Entries)
	}
	// Output:
	// 192.168.0.1 2
	// 192.168.7.7 1
}
