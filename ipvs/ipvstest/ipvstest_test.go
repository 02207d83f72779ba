package ipvstest_test

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
)

func TestSmoke(t *testing.T) {
	k := ipvstest.New()
	c, err := k.Dial()
	if err != nil {
		t.Fatal(err)
	}
	id := ipvs.ServiceID{Protocol: ipvs.TCP, AddrPort: netip.MustParseAddrPort("10.0.0.1:80")}
	fmt.Println(c.NewService(ipvs.Service{ServiceID: id, Scheduler: "rr", Netmask: ^uint32(0)}))
	fmt.Println(c.NewService(ipvs.Service{ServiceID: id, Scheduler: "rr", Netmask: ^uint32(0)}))
	fmt.Println(c.NewDestination(id, ipvs.Destination{DestinationID: ipvs.DestinationID{AddrPort: netip.MustParseAddrPort("10.0.0.2:80")}, Weight: 1}))
	fmt.Println(c.Table())
	fmt.Println(c.Info())
	fmt.Println(c.Config())
	fmt.Println(c.StartDaemon(ipvs.Daemon{State: ipvs.Master, Interface: "eth0"}))
	fmt.Println(c.Daemons())
}
