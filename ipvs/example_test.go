// SPDX-License-Identifier: Apache-2.0

package ipvs_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
)

func Example() {
	client, err := ipvstest.New().Dial() // ipvs.Dial() for the kernel
	if err != nil {
		fmt.Println(err) // errors.Is(err, ipvs.ErrNoIPVS) if the module is not loaded
		return
	}
	defer func() { _ = client.Close() }()

	web := ipvs.Service{
		ServiceID: ipvs.ServiceID{Protocol: ipvs.TCP, AddrPort: netip.MustParseAddrPort("10.0.0.1:80")},
		Scheduler: "wrr",
	}
	server := ipvs.Destination{
		DestinationID: ipvs.DestinationID{AddrPort: netip.MustParseAddrPort("10.0.0.2:80")},
		Forward:       ipvs.DirectRoute,
		Weight:        1,
	}
	// Many changes at a time; the error of each comes back.
	errs := client.Apply([]ipvs.Change{
		ipvs.NewService(web),
		ipvs.NewDestination(web.ServiceID, server),
		ipvs.NewService(web),
	})
	fmt.Println(errors.Join(errs...))

	table, err := client.Table()
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, entry := range table {
		fmt.Println(entry.Service)
		for _, d := range entry.Destinations {
			fmt.Println(" ", d)
		}
	}
	// Output:
	// ipvs: add service TCP 10.0.0.1:80: Service already exists
	// TCP 10.0.0.1:80 wrr
	//   10.0.0.2:80 Route weight 1
}

func ExampleParseServiceID() {
	for _, text := range []string{"tcp 10.0.0.1:80", "FWM 7 IPv6", "10.0.0.1:80"} {
		id, err := ipvs.ParseServiceID(text)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(id, id.AddressFamily())
	}
	// Output:
	// TCP 10.0.0.1:80 IPv4
	// FWM 7 IPv6 IPv6
	// ipvs: service "10.0.0.1:80": want a protocol, an address and a port, as in "TCP 10.0.0.1:80", or a firewall mark, as in "FWM 7" or "FWM 7 IPv6"
}

// A table of a configuration file. Diff compares it with that of Client.Table.
func ExampleTable_json() {
	var table ipvs.Table
	err := json.Unmarshal([]byte(`[{
		"service": {"id": "TCP 10.0.0.1:80", "scheduler": "wlc", "flags": "persistent", "persistence_timeout": 300},
		"destinations": [{"id": "10.0.0.2:80", "forward": "route", "weight": 1}]
	}]`), &table)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(table[0].Service)
	fmt.Println(table[0].Destinations[0])
	// Output:
	// TCP 10.0.0.1:80 wlc persistent 300s
	// 10.0.0.2:80 Route weight 1
}
