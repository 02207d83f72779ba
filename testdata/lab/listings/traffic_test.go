// SPDX-License-Identifier: Apache-2.0

package listings

import (
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// trafficRules masquerade, so that the director sees the packets of both directions.
const trafficRules = `-A -t 192.0.2.100:80 -s rr
-a -t 192.0.2.100:80 -r 10.0.0.21:8080 -m
-a -t 192.0.2.100:80 -r 10.0.0.22:8080 -m -w 2
-A -t [2001:db8::100]:80 -s wlc -p 60
-a -t [2001:db8::100]:80 -r [fd00::21]:8080 -m
-A -u 192.0.2.100:53 -s rr
-a -u 192.0.2.100:53 -r 10.0.0.21:5353 -m
-a -u 192.0.2.100:53 -r 10.0.0.22:5353 -m
`

// TestTraffic lists while packets pass. Each listing must be whole, and its counters lie between what the kernel said before
// and after. When the packets have stopped, the two are the same, and the listing is held to the last of them. For two
// minutes more, while connections end, their numbers go down.
func TestTraffic(t *testing.T) {
	director, client := newCluster(t)
	director.run(t, ours, trafficRules, "-R")
	stop := startTraffic(t, client)
	before := director.kernel(t, services, ipvs.ServiceID{}, true)
	for range 3 {
		director.holdsInTraffic(t, busy)
		before = director.grown(t, before)
	}
	fmt.Printf("%d requests were answered while listings were taken\n", stop())
	director.holdsInTraffic(t, ending)
}

// grown waits until all counters have grown: the kernel adds up every two seconds, and each server has to be chosen.
func (h *host) grown(t *testing.T, before *reading) *reading {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) {
		after := h.kernel(t, services, ipvs.ServiceID{}, true)
		var early []string
		for a, text := range before.facts {
			if strings.HasPrefix(a.name, "stats.") && (after.facts[a] == text || !exactly("", text, "0", after.facts[a])) {
				early = append(early, fmt.Sprintf("%v was %s and is %s", a, text, after.facts[a]))
			}
		}
		if len(early) == 0 {
			return after
		}
		if time.Now().After(deadline) {
			t.Fatal("counters should have grown: ", early)
		}
	}
}

func (h *host) holdsInTraffic(t *testing.T, p pace) {
	t.Helper()
	for _, f := range forms {
		for _, m := range modes {
			if m.subject == connections {
				h.connectionsAreWhole(t, f, m)
			} else {
				h.holds(t, f, m, ipvs.ServiceID{}, p)
			}
		}
	}
}

// connectionsAreWhole reads a listing of connections, which come and go, so that only some can be compared: those that are
// there before and after.
func (h *host) connectionsAreWhole(t *testing.T, f *form, m mode) {
	t.Helper()
	kernel := func() *reading { return h.kernel(t, connections, ipvs.ServiceID{}, true) }
	span, output := around(t, busy, kernel, func() string { return h.list(t, ours, "-c", "--output", f.name) })
	shown := f.read(t, m, output)
	if len(shown.order) == 0 {
		t.Errorf("%s shows no connections", f.name)
	}
	for a, text := range shown.facts {
		before, known := span.before.facts[a]
		if after, ok := span.after.facts[a]; known && ok && !changes[a.name] && !f.same(a.name, text, before, after) {
			t.Errorf("%v is %q: the kernel says %q before and %q after", a, text, before, after)
		}
	}
}

// changes are facts of connections that need not lie between two readings.
var changes = map[string]bool{"expires": true, "state": true, "entries": true}

// newCluster makes a client, a director and, in one namespace, the servers that answer what they are sent.
func newCluster(t *testing.T) (director, client *host) {
	t.Helper()
	director, client = newHost(t), newHost(t)
	servers := newHost(t)
	must(t, director.Links.AddVeth("front", client.Links, "eth0"))
	must(t, director.Links.AddVeth("back", servers.Links, "eth0"))
	_, err := director.Shell("sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1")
	must(t, err)
	must(t, director.Links.AddAddresses("front", "192.0.2.1/24", "192.0.2.100/32", "2001:db8::1/64", "2001:db8::100/128"))
	must(t, director.Links.AddAddresses("back", "10.0.0.1/24", "fd00::1/64"))
	must(t, client.Links.AddAddresses("eth0", "192.0.2.10/24", "2001:db8::10/64"))
	must(t, servers.Links.AddAddresses("eth0", "10.0.0.21/24", "10.0.0.22/24", "fd00::21/64"))
	must(t, servers.Links.AddGateways("10.0.0.1", "fd00::1"))
	answerEverything(t, servers)
	return director, client
}

func answerEverything(t *testing.T, servers *host) {
	t.Helper()
	var listener net.Listener
	var packets net.PacketConn
	var err error
	servers.Do(func() {
		if listener, err = net.Listen("tcp", ":8080"); err == nil {
			packets, err = net.ListenPacket("udp4", "10.0.0.21:5353")
		}
	})
	must(t, err)
	var second net.PacketConn
	servers.Do(func() { second, err = net.ListenPacket("udp4", "10.0.0.22:5353") })
	must(t, err)
	t.Cleanup(func() { _, _, _ = listener.Close(), packets.Close(), second.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() { defer conn.Close(); _, _ = io.Copy(conn, conn) }()
		}
	}()
	for _, p := range []net.PacketConn{packets, second} {
		go func() {
			buffer := make([]byte, 2000)
			for {
				n, from, err := p.ReadFrom(buffer)
				if err != nil {
					return
				}
				_, _ = p.WriteTo(buffer[:n], from)
			}
		}()
	}
}

// startTraffic makes requests, not so many that the connections of the last minutes keep all busy, until stop is called, which says how many were answered.
func startTraffic(t *testing.T, client *host) (stop func() int64) {
	t.Helper()
	var stopped atomic.Bool
	var answered atomic.Int64
	var group, begun sync.WaitGroup
	for network, services := range map[string][]string{
		"tcp": {"192.0.2.100:80", "192.0.2.100:80", "[2001:db8::100]:80"}, "udp": {"192.0.2.100:53"},
	} {
		for _, service := range services {
			group.Add(1)
			begun.Add(1)
			begin := sync.OnceFunc(begun.Done)
			must(t, client.Go(func() {
				defer group.Done()
				defer begin()
				for !stopped.Load() {
					if err := ask(network, service); err != nil {
						t.Errorf("%s %s: %v", network, service, err)
						return
					}
					answered.Add(1)
					begin()
					time.Sleep(50 * time.Millisecond)
				}
			}))
		}
	}
	stop = sync.OnceValue(func() int64 { stopped.Store(true); group.Wait(); return answered.Load() })
	t.Cleanup(func() { stop() })
	begun.Wait()
	return stop
}

// ask sends some text on a socket of its own and waits for the same.
func ask(network, service string) error {
	conn, err := net.DialTimeout(network, service, 30*time.Second)
	if err != nil {
		return err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
	question := make([]byte, 500)
	if _, err := conn.Write(question); err != nil {
		return err
	}
	_, err = io.ReadFull(conn, question)
	return err
}
