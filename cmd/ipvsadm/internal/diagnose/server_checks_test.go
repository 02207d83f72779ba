// SPDX-License-Identifier: Apache-2.0

package diagnose_test

import "strings"

// directServer is a real server of direct routing that is set up well.
const directServer = `
	address 127.0.0.1/8 lo
	address 10.0.0.11/24 eth0
	address 10.0.0.1/32 lo
	route default via 10.0.0.253 eth0
	sysctl net/ipv4/conf/all/arp_ignore=1
	sysctl net/ipv4/conf/all/arp_announce=2
	listener tcp 0.0.0.0:80
`

// withoutVIP is one without the virtual address.
const withoutVIP = `
	address 10.0.0.11/24 eth0
	route default via 10.0.0.253 eth0
	listener tcp 0.0.0.0:80
`

// farServer is a real server of direct routing on a network that has no virtual addresses.
const farServer = `
	address 127.0.0.1/8 lo
	address 192.168.7.11/24 eth0
	address 10.0.0.1/32 lo
	route default via 192.168.7.253 eth0
	listener tcp 10.0.0.1:80
`

// tunnelServer is one of a tunnel.
const tunnelServer = farServer + `
	route default via 192.168.7.253 eth0 advmss=1440
	link tunl0 kind=ipip noarp
`

// natServer is one behind address translation.
const natServer = `
	address 10.0.0.11/24 eth0
	route default via 10.0.0.254 eth0
	listener tcp 10.0.0.11:8080
`

const (
	direct     = "real-server -t 10.0.0.1:80 -g"
	tunnel     = "real-server -t 10.0.0.1:80 -i"
	translated = "real-server -t 192.0.2.1:80 -m -r 10.0.0.11:8080"
)

var serverRows = []row{
	{check: "r-vip", when: "lo has the address", facts: directServer, words: direct},
	{
		check: "r-vip", when: "no interface has the address",
		facts: withoutVIP, words: direct,
		finds: "No interface has 10.0.0.1, and no local route. | ip address add 10.0.0.1/32 dev lo",
	},
	{
		check: "r-vip", when: "a firewall may redirect packets",
		facts: withoutVIP + "module xt_nat", words: direct,
		finds: "warning: No interface has 10.0.0.1, and no local route. But the module xt_nat is loaded: a firewall may redirect packets to this machine. | ip address add 10.0.0.1/32 dev lo",
	},
	{
		check: "r-vip", when: "the interface is down",
		facts: `
			address fd00::11/64 eth0
			link dummy0 kind=dummy noarp down
			address fd00::1/128 dummy0
			listener tcp [::]:80
		`,
		words: "real-server -t [fd00::1]:80 -g",
		finds: "fd00::1 is on dummy0, which is down. | ip link set dummy0 up",
	},
	{
		check: "r-vip", when: "another machine has the address of IPv6",
		facts: `
			address fd00::11/64 eth0
			address fd00::1/64 eth0 tentative duplicate
			listener tcp [::]:80
		`,
		words: "real-server -t [fd00::1]:80 -g",
		finds: "fd00::1 is on eth0, and the kernel does not use it: another machine has it, too. | ip address delete fd00::1/64 dev eth0 | ip address add fd00::1/128 dev lo",
	},
	{
		check: "r-vip", when: "the kernel still asks for the address",
		facts: `
			address fd00::11/64 eth0
			link dummy0 kind=dummy noarp
			address fd00::1/128 dummy0 tentative
			listener tcp [::]:80
		`,
		words: "real-server -t [fd00::1]:80 -g",
		finds: "warning: fd00::1 is tentative on dummy0: the kernel still asks whether another machine has it.",
	},
	{
		check: "r-vip", when: "the address is in a VRF",
		facts: withoutVIP + `
			link dummy0 kind=dummy noarp
			address 10.9.0.1/32 dummy0
			route unreachable 10.9.0.1/32
			sysctl net/ipv4/conf/all/arp_ignore=1
			sysctl net/ipv4/conf/all/arp_announce=2
			policy selective
		`,
		words: "real-server -t 10.9.0.1:80 -g",
		finds: "warning: 10.9.0.1 is on dummy0, and the kernel does not take packets to it for its own. But policy rules go by more than the destination, " +
			"and may make it local for packets that come in.",
	},
	{check: "r-vip", when: "a local route has the address", facts: withoutVIP + "route local 10.0.0.1/32", words: direct},
	{
		check: "r-vip", when: "IPv6",
		facts: "address fd00::11/64 eth0\nlistener tcp [::]:80", words: "real-server -t [fd00::1]:80 -g",
		finds: "No interface has fd00::1, and no local route. | ip address add fd00::1/128 dev lo",
	},
	{check: "r-vip", when: "address translation needs none", facts: natServer, words: translated, finds: "error: not applicable"},
	{check: "r-vip-prefix", when: "the address alone", facts: directServer, words: direct},
	{
		check: "r-vip-prefix", when: "the length of the network",
		facts: `
			address 10.0.0.11/24 eth0
			address 10.0.0.1/24 lo
			sysctl net/ipv4/conf/all/arp_ignore=1
			sysctl net/ipv4/conf/all/arp_announce=2
			listener tcp 0.0.0.0:80
		`,
		words: direct,
		finds: "10.0.0.1/24 is on lo. | ip address add 10.0.0.1/32 dev lo | ip address delete 10.0.0.1/24 dev lo",
	},
	{check: "r-arp-ignore", when: "it is set for all", facts: directServer, words: direct},
	{
		check: "r-arp-ignore", when: "it is 0",
		facts: directServer + "sysctl net/ipv4/conf/all/arp_ignore=0", words: direct,
		finds: "arp_ignore is 0 on eth0: it answers ARP requests for addresses of other interfaces. | sysctl -w net.ipv4.conf.all.arp_ignore=1",
	},
	{
		check: "r-arp-ignore", when: "it is set for lo only, which is never asked",
		facts: directServer + `
			sysctl net/ipv4/conf/all/arp_ignore=0
			sysctl net/ipv4/conf/lo/arp_ignore=1
		`,
		words: direct,
		finds: "arp_ignore is 0 on eth0: it answers ARP requests for addresses of other interfaces. | sysctl -w net.ipv4.conf.all.arp_ignore=1",
	},
	{
		check: "r-arp-ignore", when: "it is 3, which is for other addresses",
		facts: directServer + `
			sysctl net/ipv4/conf/all/arp_ignore=1
			sysctl net/ipv4/conf/eth0/arp_ignore=3
		`,
		words: direct,
		finds: "arp_ignore is 3 on eth0: it answers ARP requests for addresses of other interfaces. | sysctl -w net.ipv4.conf.all.arp_ignore=1 | " +
			"sysctl -w net.ipv4.conf.eth0.arp_ignore=1",
	},
	{
		check: "r-arp-ignore", when: "it is 3, for an address of the scope host",
		facts: strings.Replace(directServer, "10.0.0.1/32 lo", "10.0.0.1/32 lo host", 1) + "sysctl net/ipv4/conf/all/arp_ignore=3", words: direct,
	},
	{
		check: "r-arp-ignore", when: "the kernel does not know the value",
		facts: directServer + "sysctl net/ipv4/conf/all/arp_ignore=9", words: direct,
		finds: "arp_ignore is 9 on eth0: it answers ARP requests for addresses of other interfaces. | sysctl -w net.ipv4.conf.all.arp_ignore=1",
	},
	{check: "r-arp-ignore", when: "it answers for nothing", facts: directServer + "sysctl net/ipv4/conf/all/arp_ignore=8", words: direct},
	{
		check: "r-arp-announce", when: "it is more than 2, which is the same as 0",
		facts: directServer + "sysctl net/ipv4/conf/eth0/arp_announce=3", words: direct,
		finds: "arp_announce is 3 on eth0: it puts addresses of other interfaces into ARP requests. | sysctl -w net.ipv4.conf.all.arp_announce=2 | " +
			"sysctl -w net.ipv4.conf.eth0.arp_announce=2",
	},
	{
		check: "r-arp-ignore", when: "it is set for the interface only",
		facts: directServer + `
			sysctl net/ipv4/conf/all/arp_ignore=0
			sysctl net/ipv4/conf/eth0/arp_ignore=1
		`,
		words: direct,
	},
	{
		check: "r-arp-ignore", when: "an interface without a network comes first",
		facts: `
			link eth9
			link eth1
			address 10.0.0.11/24 eth1
			address 10.0.0.1/32 lo
			sysctl net/ipv4/conf/all/arp_announce=2
			listener tcp 0.0.0.0:80
		`,
		words: direct,
		finds: "arp_ignore is 0 on eth1: it answers ARP requests for addresses of other interfaces. | sysctl -w net.ipv4.conf.all.arp_ignore=1",
	},
	{
		check: "r-arp-ignore", when: "it is set for the bond, and not for its parts",
		facts: `
			link eth0 enslaved
			link bond0 kind=bond
			address 10.0.0.11/24 bond0
			address 10.0.0.1/32 lo
			sysctl net/ipv4/conf/bond0/arp_ignore=1
			sysctl net/ipv4/conf/bond0/arp_announce=2
			listener tcp 0.0.0.0:80
		`,
		words: direct,
	},
	{
		check: "r-arp-ignore", when: "the address is on the interface itself",
		facts: withoutVIP + `
			address 10.0.0.1/32 eth0
			sysctl net/ipv4/conf/all/arp_ignore=1
			sysctl net/ipv4/conf/all/arp_announce=2
		`,
		words: direct,
		finds: "10.0.0.1 is on eth0 itself, which answers for it whatever arp_ignore says. | sysctl -w net.ipv4.conf.all.arp_ignore=1 | " +
			"sysctl -w net.ipv4.conf.all.arp_announce=2 | ip address delete 10.0.0.1/32 dev eth0 | ip address add 10.0.0.1/32 dev lo",
	},
	{
		check: "r-arp-ignore", when: "the network has no virtual addresses",
		facts: farServer, words: direct,
		finds: "warning: arp_ignore is 0 on eth0: it answers ARP requests for addresses of other interfaces. | sysctl -w net.ipv4.conf.all.arp_ignore=1",
		also:  "r-arp-announce",
	},
	{
		check: "r-arp-ignore", when: "arptables may drop the answers",
		facts: directServer + `
			sysctl net/ipv4/conf/all/arp_ignore=0
			module arptable_filter
		`,
		words: direct,
		finds: "warning: arp_ignore is 0 on eth0: it answers ARP requests for addresses of other interfaces. But the module arptable_filter is loaded: arptables may drop such packets. | sysctl -w net.ipv4.conf.all.arp_ignore=1",
	},
	{check: "r-arp-ignore", when: "a tunnel from another network", facts: tunnelServer, words: tunnel},
	{
		check: "r-arp-ignore", when: "one of two interfaces",
		facts: directServer + `
			link eth1
			address 192.168.7.11/24 eth1
			sysctl net/ipv4/conf/all/arp_ignore=0
			sysctl net/ipv4/conf/eth0/arp_ignore=1
		`,
		words: direct,
		finds: "warning: arp_ignore is 0 on eth1: it answers ARP requests for addresses of other interfaces. | sysctl -w net.ipv4.conf.all.arp_ignore=1",
	},
	{
		check: "r-arp-ignore", when: "IPv6, with the address on lo",
		facts: `
			address fd00::11/64 eth0
			address fd00::1/128 lo
			listener tcp [::]:80
		`,
		words: "real-server -t [fd00::1]:80 -g",
	},
	{
		check: "r-arp-ignore", when: "IPv6, with the address on the interface",
		facts: `
			address fd00::11/64 eth0
			address fd00::1/128 eth0
			listener tcp [::]:80
		`,
		words: "real-server -t [fd00::1]:80 -g",
		finds: "fd00::1 is on eth0 itself, which answers neighbour solicitations for it. | ip address delete fd00::1/128 dev eth0 | ip address add fd00::1/128 dev lo",
	},
	{check: "r-arp-announce", when: "it is set for all", facts: directServer, words: direct},
	{
		check: "r-arp-announce", when: "it is too small",
		facts: directServer + "sysctl net/ipv4/conf/all/arp_announce=1", words: direct,
		finds: "arp_announce is 1 on eth0: it puts addresses of other interfaces into ARP requests. | sysctl -w net.ipv4.conf.all.arp_announce=2",
	},
	{check: "r-arp-announce", when: "there is no virtual address", facts: withoutVIP, words: direct, finds: "error: not applicable", also: "r-vip"},
	{check: "r-listen", when: "on all addresses", facts: directServer, words: direct},
	{check: "r-listen", when: "on all addresses of both families", facts: natServer + "listener tcp [::]:8080", words: translated},
	{
		check: "r-listen", when: "nobody",
		facts: natServer, words: "real-server -t 192.0.2.1:80 -m -r 10.0.0.11:9090",
		finds: "No program listens on 10.0.0.11:9090. One listens on 10.0.0.11:8080.",
	},
	{
		check: "r-listen", when: "only on the server's own address",
		facts: farServer + `
			sysctl net/ipv4/conf/all/arp_ignore=1
			sysctl net/ipv4/conf/all/arp_announce=2
			listener tcp 192.168.7.11:443
		`,
		words: "real-server -t 10.0.0.1:443 -g",
		finds: "No program listens on 10.0.0.1:443. One listens on 192.168.7.11:443.",
	},
	{
		check: "r-listen", when: "nobody, but a firewall may redirect",
		facts: natServer + "module xt_nat", words: "real-server -t 192.0.2.1:80 -m -r 10.0.0.12:9090",
		finds: "warning: No program listens on 10.0.0.12:9090. But the module xt_nat is loaded: a firewall may redirect packets to this machine.",
	},
	{
		check: "r-listen", when: "the port of the server is not known",
		facts: natServer, words: "real-server -t 192.0.2.1:80 -m",
		finds: "error: with -m, the address and port of the server: -r is missing",
	},
	{check: "r-nat-route", when: "by the director", facts: natServer, words: translated + " --director 10.0.0.254"},
	{
		check: "r-nat-route", when: "by another router",
		facts: natServer + `
			neighbour 10.0.0.254 eth0 02:00:00:00:00:fe
			neighbour 10.0.0.1 eth0 02:00:00:00:00:01
		`,
		words: translated + " --director 10.0.0.1",
		finds: "Packets to clients leave by the gateway 10.0.0.254, not by the director 10.0.0.1. | ip route replace default via 10.0.0.1",
	},
	{
		check: "r-nat-route", when: "by an address that no machine has",
		facts: natServer + "neighbour 10.0.0.254 eth0 failed", words: translated + " --director 10.0.0.1",
		finds: "Packets to clients leave by the gateway 10.0.0.254, not by the director 10.0.0.1. | ip route replace default via 10.0.0.1",
	},
	{
		check: "r-nat-route", when: "by another address of the director",
		facts: natServer + `
			neighbour 10.0.0.254 eth0 02:00:00:00:00:01
			neighbour 10.0.0.1 eth0 02:00:00:00:00:01
		`,
		words: translated + " --director 10.0.0.1",
	},
	{
		check: "r-nat-route", when: "perhaps by another address of the director",
		facts: natServer + "neighbour 10.0.0.254 eth0 02:00:00:00:00:fe", words: translated + " --director 10.0.0.1",
		finds: "warning: Packets to clients leave by the gateway 10.0.0.254, not by the director 10.0.0.1. " +
			"But it is not known whether the gateway is another address of the director. | ip route replace default via 10.0.0.1",
	},
	{
		check: "r-nat-route", when: "to a client on the same network",
		facts: natServer, words: translated + " --director 10.0.0.254 --client 10.0.0.77",
		finds: "Packets to 10.0.0.77 leave by eth0 without a gateway, not by the director 10.0.0.254. | ip route replace 10.0.0.77/32 via 10.0.0.254",
	},
	{
		check: "r-nat-route", when: "to a client with a route of its own",
		facts: natServer + "route 198.51.100.0/24 via 10.0.0.9 eth0\nneighbour 10.0.0.9 eth0 failed", words: translated + " --director 10.0.0.254 --client 198.51.100.7",
		finds: "Packets to 198.51.100.7 leave by the gateway 10.0.0.9, not by the director 10.0.0.254. | ip route replace 198.51.100.7/32 via 10.0.0.254",
	},
	{
		check: "r-nat-route", when: "to nowhere",
		facts: "address 10.0.0.11/24 eth0\nlistener tcp 10.0.0.11:8080", words: translated + " --director 10.0.0.254 --client 198.51.100.7",
		finds: "There is no route to 198.51.100.7. | ip route replace default via 10.0.0.254",
	},
	{
		check: "r-nat-route", when: "there is no default route, and nobody knows a client",
		facts: "address 10.0.0.11/24 eth0\nlistener tcp 10.0.0.11:8080", words: translated + " --director 10.0.0.254",
		finds: "error: there is no default route: name a client with --client",
	},
	{
		check: "r-nat-route", when: "the director is not known",
		facts: natServer, words: translated,
		finds: "error: the address of the director: --director is missing",
	},
	{check: "r-route-back", when: "by a router", facts: directServer, words: direct + " --director 10.0.0.254"},
	{
		check: "r-route-back", when: "by the director",
		facts: directServer, words: direct + " --director 10.0.0.253",
		finds: "warning: Packets to clients leave by the director 10.0.0.253.",
	},
	{
		check: "r-route-back", when: "to nowhere",
		facts: directServer + "route unreachable 198.51.100.0/24", words: direct + " --client 198.51.100.7",
		finds: "There is no route from 10.0.0.1 to 198.51.100.7.",
	},
	{check: "r-tunl", when: "the interface is up", facts: tunnelServer, words: tunnel},
	{
		check: "r-tunl", when: "there is none",
		facts: farServer, words: tunnel,
		finds: "There is no interface of a tunnel. | modprobe ipip | ip link set tunl0 up",
	},
	{
		check: "r-tunl", when: "it is down",
		facts: farServer + "link tunl0 kind=ipip noarp down", words: tunnel,
		finds: "tunl0 is down. | ip link set tunl0 up",
	},
	{check: "r-tunl-rp", when: "no filter", facts: tunnelServer, words: tunnel},
	{
		check: "r-tunl-rp", when: "the filter of all interfaces",
		facts: tunnelServer + "sysctl net/ipv4/conf/all/rp_filter=1", words: tunnel,
		finds: "rp_filter is 1 on tunl0, and packets to clients leave by eth0. | sysctl -w net.ipv4.conf.tunl0.rp_filter=2",
	},
	{
		check: "r-tunl-rp", when: "any route will do",
		facts: tunnelServer + `
			sysctl net/ipv4/conf/all/rp_filter=1
			sysctl net/ipv4/conf/tunl0/rp_filter=2
		`,
		words: tunnel,
	},
}
