// SPDX-License-Identifier: Apache-2.0

package kubeproxy_test

import (
	"fmt"
	"log"
	"net"

	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
	"github.com/ipvsadm-go/ipvsadm/testdata/kubeproxy"
)

// A Service of Kubernetes with session affinity gets two endpoints. One of them ends: its weight becomes 0, and it is
// removed once it has no connections.
//
// A program that controls the kernel calls ipvs.Dial instead of the Dial of a fake.
func Example() {
	client, err := ipvstest.New().Dial()
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	var table kubeproxy.Interface = kubeproxy.New(client)

	web := &kubeproxy.VirtualServer{
		Address: net.ParseIP("10.96.0.10"), Protocol: "TCP", Port: 443,
		Scheduler: "rr", Flags: kubeproxy.FlagPersistent, Timeout: 10800,
	}
	if err := table.AddVirtualServer(web); err != nil {
		log.Fatal(err)
	}
	for _, address := range []string{"10.244.1.7", "10.244.2.9"} {
		endpoint := &kubeproxy.RealServer{Address: net.ParseIP(address), Port: 8443, Weight: 1}
		if err := table.AddRealServer(web, endpoint); err != nil {
			log.Fatal(err)
		}
	}

	ending := &kubeproxy.RealServer{Address: net.ParseIP("10.244.1.7"), Port: 8443, Weight: 0}
	if err := table.UpdateRealServer(web, ending); err != nil {
		log.Fatal(err)
	}
	endpoints, err := table.GetRealServers(web)
	if err != nil {
		log.Fatal(err)
	}
	for _, endpoint := range endpoints {
		fmt.Println(endpoint, "weight", endpoint.Weight)
		if endpoint.Weight == 0 && endpoint.ActiveConn+endpoint.InactiveConn == 0 {
			fmt.Println("removed:", table.DeleteRealServer(web, endpoint))
		}
	}
	fmt.Println("added again:", table.AddVirtualServer(web))
	// Unordered output:
	// 10.244.1.7:8443 weight 0
	// removed: <nil>
	// 10.244.2.9:8443 weight 1
	// added again: ipvs: add service TCP 10.96.0.10:443: Service already exists
}
