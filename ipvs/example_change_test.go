// SPDX-License-Identifier: Apache-2.0

package ipvs_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
)

// Change the kernel's table to another one, with the fewest changes. Package reconcile
// does the same beside other writers, and for a part of the table.
func ExampleDiff() {
	k := ipvstest.New()
	k.SetTable(someTable())
	client, err := k.Dial() // ipvs.Dial() for the kernel
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = client.Close() }()

	now, err := client.Table()
	if err != nil {
		fmt.Println(err)
		return
	}
	desired := someTable()[:1]
	desired[0].Destinations[0].Weight = 5

	changes := ipvs.Diff(now, desired)
	fmt.Println(len(changes), "changes", errors.Join(client.Apply(changes)...))
	for entry, err := range client.TableEntries() {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(entry.Service, entry.Destinations)
	}
	// Output:
	// 2 changes <nil>
	// TCP 10.0.0.1:80 wrr [10.0.0.2:80 Route weight 5 10.0.0.3:80 Route weight 1]
}

// Take a server out of service, and delete it once its connections have ended.
func ExampleClient_DrainDestination() {
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
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	if err := client.WithContext(ctx).DrainDestination(web, server); err != nil {
		fmt.Println(err) // its weight is 0, and its connections go on
		return
	}
	fmt.Println("deleted:", client.DelDestination(web, server))
	// Output:
	// deleted: <nil>
}

// Set one timeout; the others stay.
func ExampleClient_SetTimeouts() {
	client, err := ipvstest.New().Dial() // ipvs.Dial() for the kernel
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = client.Close() }()

	udp, err := ipvs.Seconds(time.Minute)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := client.SetTimeouts(ipvs.Timeouts{UDP: udp}); err != nil {
		fmt.Println(err)
		return
	}
	timeouts, err := client.Timeouts()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(timeouts)
	fmt.Println(timeouts.Durations())
	// Output:
	// {900 120 60}
	// 15m0s 2m0s 1m0s
}
