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

func Example() {
	k := ipvstest.New()
	client, err := k.Dial()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = client.Close() }()
	web := ipvs.ServiceID{Protocol: ipvs.TCP, AddrPort: netip.MustParseAddrPort("10.0.0.1:80")}
	fmt.Println(client.NewService(ipvs.Service{ServiceID: web, Scheduler: "wlc"}))
	fmt.Println(client.NewService(ipvs.Service{ServiceID: web, Scheduler: "wlc"}))
	k.UpdateService(web, func(s *ipvs.Service) { s.Stats.Conns = 7 })
	s, err := client.Service(web)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(s.Stats.Conns)
	// Output:
	// <nil>
	// ipvs: add service TCP 10.0.0.1:80: Service already exists
	// 7
}

// The kernel refuses the second of three changes.
func ExampleKernel_Inject() {
	k := ipvstest.New()
	client, err := k.Dial()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = client.Close() }()
	k.Inject(ipvstest.Fault{Command: ipvs.CommandFlush, Skip: 1, Effect: ipvstest.Refuse(syscall.ENOMEM)})
	for _, err := range client.Apply([]ipvs.Change{ipvs.Flush(), ipvs.Flush(), ipvs.Flush()}) {
		fmt.Println(err, errors.Is(err, syscall.ENOMEM))
	}
	// Output:
	// <nil> false
	// ipvs: flush: Memory allocation problem true
	// <nil> false
}
