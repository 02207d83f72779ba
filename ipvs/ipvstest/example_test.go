package ipvstest_test

import (
	"errors"
	"fmt"
	"net/netip"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
	"golang.org/x/sys/unix"
)

func Example() {
	k := ipvstest.New()
	client, err := k.Dial()
	if err != nil {
		fmt.Println(err)
		return
	}
	web := ipvs.ServiceID{Protocol: ipvs.TCP, AddrPort: netip.MustParseAddrPort("10.0.0.1:80")}
	fmt.Println(client.NewService(ipvs.Service{ServiceID: web, Scheduler: "wlc", Netmask: ipvs.IPv4.HostNetmask()}))
	fmt.Println(client.NewService(ipvs.Service{ServiceID: web, Scheduler: "wlc"}))
	k.UpdateService(web, func(s *ipvs.Service) { s.Stats.Conns = 7 })
	s, err := client.Service(web)
	fmt.Println(s.Stats.Conns, err)
	// Output:
	// <nil>
	// ipvs: add service TCP 10.0.0.1:80: Service already exists
	// 7 <nil>
}

// The second change of a batch meets a kernel without memory.
func ExampleKernel_Inject() {
	k := ipvstest.New()
	client, err := k.Dial()
	if err != nil {
		fmt.Println(err)
		return
	}
	k.Inject(ipvstest.Fault{Command: ipvs.CommandFlush, Skip: 1, Effect: ipvstest.Refuse(unix.ENOMEM)})
	for _, err := range client.Apply([]ipvs.Change{ipvs.Flush(), ipvs.Flush(), ipvs.Flush()}) {
		fmt.Println(err, errors.Is(err, unix.ENOMEM))
	}
	// Output:
	// <nil> false
	// ipvs: flush: Memory allocation problem true
	// <nil> false
}
