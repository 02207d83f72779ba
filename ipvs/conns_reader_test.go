// SPDX-License-Identifier: Apache-2.0

package ipvs_test

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

func connEntry(protocol, client, destination string) ipvs.ConnEntry {
	return ipvs.ConnEntry{
		Protocol: protocol, State: "ESTABLISHED", Client: netip.MustParseAddrPort(client),
		Virtual: netip.MustParseAddrPort("10.0.0.1:80"), Destination: netip.MustParseAddrPort(destination),
	}
}

func TestSelectAndCountConnEntries(t *testing.T) {
	k, c := faulty(t)
	first := connEntry("TCP", "192.168.0.1:50000", "10.0.0.2:80")
	second := connEntry("TCP", "192.168.0.2:50000", "10.0.0.2:80")
	third := connEntry("UDP", "192.168.0.1:50000", "10.0.0.2:80")
	fourth := connEntry("TCP", "192.168.0.1:50001", "10.0.0.3:80")
	k.SetConnEntries(first, second, third, fourth)

	server := ipvs.ConnFilter{Protocol: "TCP", Destination: ipvs.EndpointFilter{AddrPort: first.Destination, HasPort: true}}
	got, err := collect(server.Select(c.ConnEntries()))
	must(t, err)
	wantEqual(t, "of a server", got, []ipvs.ConnEntry{first, second})
	if n, err := server.Count(c.ConnEntries()); n != 2 || err != nil {
		t.Errorf("of a server: %d, %v", n, err)
	}
	if n, err := new(ipvs.ConnFilter).Count(c.ConnEntries()); n != 4 || err != nil {
		t.Errorf("all: %d, %v", n, err)
	}
	for range server.Select(c.ConnEntries()) {
		break
	}
	counts, err := ipvs.ByClient.Count(c.ConnEntries())
	must(t, err)
	wantEqual(t, "of clients", counts.Sorted(), []ipvs.ConnCount{
		{ConnKey: ipvs.ConnKey{Endpoint: netip.MustParseAddrPort("192.168.0.1:0")}, Entries: 3},
		{ConnKey: ipvs.ConnKey{Endpoint: netip.MustParseAddrPort("192.168.0.2:0")}, Entries: 1},
	})

	k.SetConnEntries()
	if counts, err := ipvs.ByState.Count(c.ConnEntries()); counts == nil || len(counts) != 0 || err != nil {
		t.Errorf("no entries: %v, %v", counts, err)
	}
}

// A count is of all entries or none: half a list is an error.
func TestCountOfMalformedConnEntries(t *testing.T) {
	const titles, good, bad = "Pro FromIP\n", "TCP C0A80001 C350 0A000001 0050 0A000002 0050 ESTABLISHED 900\n", "TCP\n"
	var filter ipvs.ConnFilter
	if n, err := filter.Count(ipvs.ConnEntries(strings.NewReader(titles + good))); n != 1 || err != nil {
		t.Fatalf("good: %d, %v", n, err)
	}
	for what, text := range map[string]string{"empty": "", "second line": titles + good + bad} {
		entries := ipvs.ConnEntries(strings.NewReader(text))
		n, err := filter.Count(entries)
		wantOnePrefix(t, what, err)
		counts, err := ipvs.ByClient.Count(entries)
		wantOnePrefix(t, what, err)
		filter := ipvs.ConnFilter{State: "NONE"} // an error is no entry that a filter leaves out
		_, err = collect(filter.Select(entries))
		wantOnePrefix(t, what, err)
		if n != 0 || counts != nil {
			t.Errorf("%s: %d, %v", what, n, counts)
		}
	}
}

// The kernel's own list, and its own count at the destination.
func TestCountConnEntriesOfKernel(t *testing.T) {
	if os.Getenv("IPVS_KERNEL") != "1" {
		t.Skip("needs a kernel with ip_vs: IPVS_KERNEL=1")
	}
	runtime.LockOSThread()
	c := kernelWorld(t).client(t)
	id := ipvs.ServiceID{Protocol: ipvs.UDP, AddrPort: netip.MustParseAddrPort("192.0.2.1:5000")}
	server := destination("192.0.2.1:5001")
	must(t, errors.Join(c.NewService(service(id)), c.NewDestination(id, server)))
	for range 3 {
		conn, err := net.Dial("udp", id.AddrPort.String())
		must(t, err)
		defer func() { _ = conn.Close() }()
		_, err = conn.Write([]byte("hello"))
		must(t, err)
	}
	filter := ipvs.ConnFilter{Protocol: "UDP", Destination: ipvs.EndpointFilter{AddrPort: server.AddrPort, HasPort: true}}
	if n, err := filter.Count(c.ConnEntries()); n != 3 || err != nil {
		t.Errorf("counted %d, %v", n, err)
	}
	destinations, err := c.Destinations(id)
	must(t, err)
	if d := destinations[0]; d.ActiveConns+d.InactiveConns != 3 {
		t.Errorf("the kernel counted %d and %d", d.ActiveConns, d.InactiveConns)
	}
}
