// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"net/netip"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// TableAddrs returns the addresses of the services and destinations of a table.
func TableAddrs(table ipvs.Table) []netip.Addr {
	var addrs []netip.Addr
	for _, entry := range table {
		if entry.Service.FWMark == 0 {
			addrs = append(addrs, entry.Service.AddrPort.Addr())
		}
		for _, d := range entry.Destinations {
			addrs = append(addrs, d.AddrPort.Addr())
		}
	}
	return addrs
}

// ConnAddrs returns the client, virtual and destination addresses of connections.
func ConnAddrs(entries []ipvs.ConnEntry) []netip.Addr {
	addrs := make([]netip.Addr, 0, 3*len(entries))
	for _, e := range entries {
		addrs = append(addrs, e.Client.Addr(), e.Virtual.Addr(), e.Destination.Addr())
	}
	return addrs
}
