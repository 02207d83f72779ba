// SPDX-License-Identifier: Apache-2.0

package ipvs_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
)

// A change is cancelled while the kernel works on it, as context.WithTimeout does after a
// time. The program then reads what has become of it.
func ExampleClient_WithContext() {
	k := ipvstest.New()
	client, err := k.Dial() // ipvs.Dial() for the kernel
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = client.Close() }()

	ctx, cancel := context.WithCancel(context.Background())
	proceed := make(chan struct{})
	k.Inject(ipvstest.Fault{Command: ipvs.CommandNewService, Effect: ipvstest.Before(func() {
		cancel()
		<-proceed
	})})

	web := ipvs.ServiceID{Protocol: ipvs.TCP, AddrPort: netip.MustParseAddrPort("10.0.0.1:80")}
	err = client.WithContext(ctx).NewService(ipvs.Service{ServiceID: web, Scheduler: ipvs.RoundRobin})
	fmt.Println(err, errors.Is(err, ipvs.ErrResultUnknown))
	close(proceed)

	// The client itself has no context, and its connection stays good.
	s, err := client.Service(web)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(s)
	// Output:
	// ipvs: result unknown: context canceled true
	// TCP 10.0.0.1:80 rr
}
