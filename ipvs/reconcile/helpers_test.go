// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
)

// service returns a service with destinations, which are numbers.
func service(n int, destinations ...int) ipvs.TableEntry {
	entry := ipvs.TableEntry{Service: ipvs.Service{ServiceID: serviceID(n), Scheduler: "wrr"}}
	for _, d := range destinations {
		entry.Destinations = append(entry.Destinations, destination(d))
	}
	return entry
}

func serviceID(n int) ipvs.ServiceID {
	return ipvs.ServiceID{Protocol: ipvs.TCP, AddrPort: netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, byte(n)}), 80)}
}

func destination(n int) ipvs.Destination {
	return ipvs.Destination{DestinationID: destinationID(n), Forward: ipvs.DirectRoute, Weight: 1}
}

func destinationID(n int) ipvs.DestinationID {
	return ipvs.DestinationID{AddrPort: netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 1, 0, byte(n)}), 80)}
}

// services returns a state without settings.
func services(entries ...ipvs.TableEntry) State { return State{Services: slices.Values(entries)} }

// dial returns a client of a fake kernel.
func dial(t *testing.T, k *ipvstest.Kernel) *ipvs.Client {
	t.Helper()
	client, err := k.Dial()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// kernel returns a fake kernel with a table, and its client.
func kernel(t *testing.T, table ...ipvs.TableEntry) (*ipvstest.Kernel, *ipvs.Client) {
	t.Helper()
	k := ipvstest.New()
	k.SetTable(table)
	return k, dial(t, k)
}

// text returns a table as "1: 2 3*5, 4:", where destination 3 has the weight 5.
func text(table ipvs.Table) string {
	table.Sort()
	var all []string
	for _, entry := range table {
		s := fmt.Sprintf("%d:", entry.Service.AddrPort.Addr().As4()[3])
		for _, d := range entry.Destinations {
			s += fmt.Sprintf(" %d", d.AddrPort.Addr().As4()[3])
			if d.Weight != 1 {
				s += fmt.Sprintf("*%d", d.Weight)
			}
		}
		all = append(all, s)
	}
	return strings.Join(all, ", ")
}

// check compares a kernel's table with one in the words of text.
func check(t *testing.T, k *ipvstest.Kernel, want string) {
	t.Helper()
	if got := text(k.Table()); got != want {
		t.Errorf("the table is %q, want %q", got, want)
	}
}
