// SPDX-License-Identifier: Apache-2.0

package ipvstest_test

import (
	"errors"
	"fmt"
	"net/netip"
	"syscall"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
)

// retire is the function under test: it takes a server out of all services.
func retire(client *ipvs.Client, server ipvs.DestinationID) error {
	var errs []error
	for entry, err := range client.TableEntries() {
		if err != nil {
			return errors.Join(append(errs, err)...)
		}
		err = client.SetWeight(entry.Service.ServiceID, server, 0)
		if !errors.Is(err, ipvs.ErrNoDestination) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// A test of a function that takes an ipvs.Client: it sets up a table, calls the function,
// and looks at the table afterwards. Then the kernel refuses a change.
func ExampleKernel() {
	server := ipvs.DestinationID{AddrPort: netip.MustParseAddrPort("10.0.0.2:80")}
	service := func(mark uint32, servers ...ipvs.Destination) ipvs.TableEntry {
		return ipvs.TableEntry{Service: ipvs.Service{ServiceID: ipvs.ServiceID{FWMark: mark}, Scheduler: ipvs.RoundRobin}, Destinations: servers}
	}
	k := ipvstest.New()
	k.SetTable(ipvs.Table{
		service(1, ipvs.Destination{DestinationID: server, Weight: 3}),
		service(2),
		service(3, ipvs.Destination{DestinationID: server, Weight: 4}),
	})
	client, err := k.Dial()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = client.Close() }()

	k.Inject(ipvstest.Fault{Command: ipvs.CommandSetDestination, Effect: ipvstest.Refuse(syscall.ENOMEM)})
	fmt.Println(retire(client, server))
	for _, entry := range k.Table() {
		fmt.Println(entry.Service.ServiceID, entry.Destinations)
	}
	// Output:
	// ipvs: edit server 10.0.0.2:80 of FWM 1: Memory allocation problem
	// FWM 1 [10.0.0.2:80 Masq weight 3]
	// FWM 2 []
	// FWM 3 [10.0.0.2:80 Masq weight 0]
}
