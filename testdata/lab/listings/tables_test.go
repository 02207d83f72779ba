// SPDX-License-Identifier: Apache-2.0

package listings

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// A testTable is what a listing is about, and one of its services.
type testTable struct {
	name  string
	rules string
	one   ipvs.ServiceID // zero if there is none
	words string         // as the command line names it
}

var web = ipvs.ServiceID{Protocol: ipvs.TCP, AddrPort: netip.MustParseAddrPort("10.0.0.1:80")}

var testTables = []testTable{
	{name: "empty"},
	{name: "small", rules: smallRules, one: web, words: "-t 10.0.0.1:80"},
	{name: "mixed", rules: mixedRules, one: web, words: "-t 10.0.0.1:80"},
	{name: "large", rules: largeRules(), one: web, words: "-t 10.0.0.1:80"},
}

// smallRules has all kinds of services and destinations, but for those of mixedRules.
const smallRules = `-A -t 10.0.0.1:80 -s wlc
-a -t 10.0.0.1:80 -r 10.0.0.2:8080 -m -w 3 -x 5 -y 2
-a -t 10.0.0.1:80 -r 10.0.0.3:80 -g -w 0
-a -t 10.0.0.1:80 -r 10.0.0.4:80 -i -w 2
-a -t 10.0.0.1:80 -r 10.0.0.5:80 -i --tun-type gue --tun-port 6080
-a -t 10.0.0.1:80 -r 10.0.0.6:80 -i --tun-type gue --tun-port 6081 --tun-csum
-a -t 10.0.0.1:80 -r 10.0.0.7:80 -i --tun-type gue --tun-port 6082 --tun-remcsum
-a -t 10.0.0.1:80 -r 10.0.0.8:80 -i --tun-type gre
-a -t 10.0.0.1:80 -r 10.0.0.9:80 -i --tun-type gre --tun-csum
-A -t 10.0.0.1:21
-A -t 10.0.0.1:443 -s sh -b sh-fallback,sh-port -p 600 -M 255.255.255.0
-a -t 10.0.0.1:443 -r 10.0.0.2:443 -m -w 2147483647
-A -t 10.0.0.1:444 -s mh -b mh-port
-A -t 10.0.0.1:0 -s rr -p 300
-a -t 10.0.0.1:0 -r 10.0.0.2:0 -g
-A -u 10.0.0.1:53 -s rr -o -b flag-1,flag-3
-a -u 10.0.0.1:53 -r 10.0.0.2:53 -m
-A -u 10.0.0.1:54 -s rr
-a -u 10.0.0.1:54 -r 10.0.0.2:54 -m
-a -u 10.0.0.1:54 -r 10.0.0.3:54 -m
-A -u 10.0.0.1:5060 -s rr -p 120 --pe sip
-a -u 10.0.0.1:5060 -r 10.0.0.2:5060 -m
-A --sctp-service 10.0.0.1:9899 -s wrr
-a --sctp-service 10.0.0.1:9899 -r 10.0.0.2:9899 -m -x 2147483647
-A -f 7 -s lc
-a -f 7 -r 10.0.0.2:0 -g
-A -f 8 -6 -s rr -p 60 -M 64
-a -f 8 -6 -r [fd00::2]:0 -g
-A -t [fd00::1]:80 -s lc
-a -t [fd00::1]:80 -r [fd00::2]:8080 -m
-A -u [2001:db8:1111:2222:3333:4444:5555:6666]:65535 -s rr
-a -u [2001:db8:1111:2222:3333:4444:5555:6666]:65535 -r [2001:db8:1111:2222:3333:4444:5555:7777]:65535 -m
--set 901 121 301
--start-daemon master --mcast-interface eth0 --syncid 7
--start-daemon backup --mcast-interface eth0 --syncid 8 --sync-maxlen 1400 --mcast-group 224.0.1.90 --mcast-port 9000 --mcast-ttl 3
`

// mixedRules has destinations of both families in one service. The kernel has no sync daemons then.
const mixedRules = `-A -t 10.0.0.1:80 -s wlc
-a -t 10.0.0.1:80 -r [fd00::9]:80 -i
-a -t 10.0.0.1:80 -r 10.0.0.2:80 -i
-A -t [fd00::1]:80 -s lc
-a -t [fd00::1]:80 -r [fd00::2]:8080 -m
-a -t [fd00::1]:80 -r 10.0.0.9:80 -i
-a -t [fd00::1]:80 -r 203.0.113.9:80 -i --tun-type gue --tun-port 6080
`

// largeRules has 1000 services with 10 destinations each.
func largeRules() string {
	var rules strings.Builder
	for i := range 1000 {
		service := fmt.Sprintf("-t 10.0.%d.1:%d", i/100, 80+i%100)
		fmt.Fprintf(&rules, "-A %s -s wlc\n", service)
		for j := range 10 {
			fmt.Fprintf(&rules, "-a %s -r 10.1.%d.%d:80 -m -w %d\n", service, i%200, 2+j, j)
		}
	}
	return rules.String()
}

// newTable makes the table in a namespace of its own, and lets packets pass through it, so that its counters are not all 0.
func newTable(t *testing.T, table testTable) *host {
	t.Helper()
	h := newHost(t)
	must(t, h.Links.AddUplink())
	h.run(t, ours, table.rules, "-R")
	if table.rules == "" {
		return h
	}
	h.Do(func() { beginConnections(t, "10.0.0.1:80", 1) })
	if table.name == "small" {
		h.Do(func() {
			beginConnections(t, "10.0.0.1:80", 20)
			beginConnections(t, "10.0.0.1:443", 3)
			beginConnections(t, "10.0.0.1:99", 2)
			beginConnections(t, "[fd00::1]:80", 2)
			sendDatagrams(t, "10.0.0.1:53", 3, 4)
			sendDatagrams(t, "10.0.0.1:54", 100, 9000)
			sendDatagrams(t, "[2001:db8:1111:2222:3333:4444:5555:6666]:65535", 5, 0)
		})
	}
	return h
}

// beginConnections sends that many SYNs from the thread's namespace. Nobody answers.
func beginConnections(t *testing.T, to string, count int) {
	family, address := socketAddress(to)
	for range count {
		fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
		if err == nil {
			err = unix.Connect(fd, address)
			_ = unix.Close(fd)
		}
		if err != nil && err != unix.EINPROGRESS {
			t.Errorf("connect to %s: %v", to, err)
		}
	}
}

// sendDatagrams sends that many of that size, all from one port.
func sendDatagrams(t *testing.T, to string, count, size int) {
	family, address := socketAddress(to)
	fd, err := unix.Socket(family, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	for range count {
		if err == nil {
			err = unix.Sendto(fd, make([]byte, size), 0, address)
		}
	}
	if err != nil {
		t.Errorf("send to %s: %v", to, err)
	}
	_ = unix.Close(fd)
}

func socketAddress(text string) (family int, address unix.Sockaddr) {
	to := netip.MustParseAddrPort(text)
	if to.Addr().Is4() {
		return unix.AF_INET, &unix.SockaddrInet4{Port: int(to.Port()), Addr: to.Addr().As4()}
	}
	return unix.AF_INET6, &unix.SockaddrInet6{Port: int(to.Port()), Addr: to.Addr().As16()}
}
