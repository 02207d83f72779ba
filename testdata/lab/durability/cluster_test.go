// SPDX-License-Identifier: Apache-2.0

package durability

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"testing"
)

// A cluster is a client, a director with the virtual addresses 192.0.2.100 and 2001:db8::100, and servers.
//
//	client .10-.12 ──┐ 192.0.2.0/24, 2001:db8::/64        10.0.0.0/24, fd00::/64
//	d1-d3  .31-.33 ──┴──────────── front ── director ── back ──────── m1-m4 .21-.24
//
// d1 to d3 have the virtual addresses too, on lo, and answer the client directly. m1 to m4 answer through the director,
// which masquerades.
type cluster struct{ client, director *host }

func newCluster(t *testing.T) *cluster {
	t.Helper()
	lan := newHost(t)
	must(t, lan.Links.AddBridge("front"))
	must(t, lan.Links.AddBridge("back"))
	join := func(h *host, name, device, bridge string, addresses ...string) {
		t.Helper()
		must(t, lan.Links.AddBridgePort(bridge, name+device, h.Links, device))
		must(t, h.Links.AddAddresses(device, addresses...))
	}
	c := &cluster{newHost(t), newHost(t)}
	join(c.client, "client", "eth0", "front", "192.0.2.10/24", "192.0.2.11/24", "192.0.2.12/24", "2001:db8::10/64")
	join(c.director, "director", "eth0", "front", "192.0.2.1/24", "192.0.2.100/32", "2001:db8::1/64", "2001:db8::100/128")
	join(c.director, "director", "eth1", "back", "10.0.0.1/24", "fd00::1/64")
	// A client whose server was given the weight 0 goes to another one from its next connection on, also if persistent:
	// else the server could never be taken out.
	sysctl(t, c.director, "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1", "net.ipv4.vs.expire_quiescent_template=1")
	for n := 1; n <= 4; n++ {
		m := newHost(t)
		name := fmt.Sprint("m", n)
		join(m, name, "eth0", "back", fmt.Sprintf("10.0.0.2%d/24", n), fmt.Sprintf("fd00::2%d/64", n))
		must(t, m.Links.AddGateways("10.0.0.1", "fd00::1"))
		// A port for each service: since masquerading leaves the client's address and port alone, two connections from one
		// port to two services would be one on the server.
		for _, port := range []string{":8080", ":8082", ":8083", ":8084"} {
			serveWeb(t, m, name, port)
		}
		serveDatagrams(t, m, name, ":5353")
	}
	for n := 1; n <= 3; n++ {
		d := newHost(t)
		sysctl(t, d, "net.ipv4.conf.all.arp_ignore=1", "net.ipv4.conf.all.arp_announce=2")
		name := fmt.Sprint("d", n)
		join(d, name, "eth0", "front", fmt.Sprintf("192.0.2.3%d/24", n), fmt.Sprintf("2001:db8::3%d/64", n))
		must(t, d.Links.AddAddresses("lo", "192.0.2.100/32", "2001:db8::100/128"))
		serveWeb(t, d, name, ":81")
	}
	return c
}

func sysctl(t *testing.T, h *host, settings ...string) {
	t.Helper()
	_, err := h.Shell(`sysctl -qw "$@"`, settings...)
	must(t, err)
}

// serveWeb answers every request with the server's name.
func serveWeb(t *testing.T, h *host, name, address string) {
	t.Helper()
	var listener net.Listener
	var err error
	h.Do(func() { listener, err = net.Listen("tcp", address) })
	must(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go answer(conn, name)
		}
	}()
}

func answer(conn net.Conn, name string) {
	defer conn.Close()
	for reader := bufio.NewReader(conn); ; {
		if _, err := http.ReadRequest(reader); err != nil {
			return
		}
		if _, err := fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(name), name); err != nil {
			return
		}
	}
}

// serveDatagrams answers every datagram with the server's name.
func serveDatagrams(t *testing.T, h *host, name, address string) {
	t.Helper()
	var conn net.PacketConn
	var err error
	h.Do(func() { conn, err = net.ListenPacket("udp", address) })
	must(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	go func() {
		buffer := make([]byte, 100)
		for {
			_, from, err := conn.ReadFrom(buffer)
			if err != nil {
				return
			}
			_, _ = conn.WriteTo([]byte(name), from)
		}
	}()
}
