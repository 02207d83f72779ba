package ipvs_test

import (
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
		Netmask:   ipvs.IPv4.HostNetmask(),
	}
	server := ipvs.Destination{
		DestinationID: ipvs.DestinationID{AddrPort: netip.MustParseAddrPort("10.0.0.2:80")},
		Forward:       ipvs.DirectRoute,
		Weight:        1,
	}
	// Many changes in one send; the error of each comes back.
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
		fmt.Println(entry.Service.ServiceID, entry.Service.Scheduler)
		for _, d := range entry.Destinations {
			fmt.Println(" ", d.DestinationID, d.Forward, d.Weight)
		}
	}
	// Output:
	// ipvs: add service TCP 10.0.0.1:80: Service already exists
	// TCP 10.0.0.1:80 wrr
	//   10.0.0.2:80 Route 1
}
