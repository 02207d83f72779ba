// SPDX-License-Identifier: Apache-2.0

package diagnose_test

var backendRows = []row{
	{check: "dr-gateway", when: "the server is on the network", facts: lan},
	{
		check: "dr-gateway", when: "the address is mistyped",
		facts: lan + `
			-A -t 10.0.0.1:443
			-a -t 10.0.0.1:443 -r 172.128.10.31
		`,
		finds: "TCP 10.0.0.1:443 -> 172.128.10.31:443: The route to 172.128.10.31 goes by the gateway 10.0.0.253 on eth0. | " +
			"ipvsadm -e --keep -t 10.0.0.1:443 -r 172.128.10.31:443 -i",
	},
	{
		check: "dr-gateway", when: "of several services",
		facts: lan + `
			-A -t 10.0.0.1:443
			-a -t 10.0.0.1:443 -r 172.128.10.31
			-A -u 10.0.0.1:443
			-a -u 10.0.0.1:443 -r 172.128.10.31
		`,
		finds: "TCP 10.0.0.1:443 -> 172.128.10.31:443 (and 1 other service): The route to 172.128.10.31 goes by the gateway 10.0.0.253 on eth0. | " +
			"ipvsadm -e --keep -t 10.0.0.1:443 -r 172.128.10.31:443 -i | ipvsadm -e --keep -u 10.0.0.1:443 -r 172.128.10.31:443 -i",
	},
	{
		check: "dr-gateway", when: "a route for the server alone",
		facts: lan + `
			route 10.9.0.5/32 via 10.0.0.11 eth0
			-A -t 10.0.0.1:443
			-a -t 10.0.0.1:443 -r 10.9.0.5
		`,
		finds: "warning: TCP 10.0.0.1:443 -> 10.9.0.5:443: The route to 10.9.0.5 goes by the gateway 10.0.0.11 on eth0. | " +
			"ipvsadm -e --keep -t 10.0.0.1:443 -r 10.9.0.5:443 -i",
	},
	{
		check: "dr-gateway", when: "a route for a network of the server, such as that of its containers",
		facts: lan + `
			route 10.9.0.0/24 via 10.0.0.11 eth0
			-A -t 10.0.0.1:443
			-a -t 10.0.0.1:443 -r 10.9.0.1
		`,
		finds: "warning: TCP 10.0.0.1:443 -> 10.9.0.1:443: The route to 10.9.0.1 goes by the gateway 10.0.0.11 on eth0. | " +
			"ipvsadm -e --keep -t 10.0.0.1:443 -r 10.9.0.1:443 -i",
	},
	{
		check: "dr-gateway", when: "tunnels and address translation take gateways",
		facts: lan + `
			sysctl net/ipv4/ip_forward=1
			sysctl net/ipv4/conf/eth0/forwarding=1
			link eth0 mtu=1600
			-A -t 10.0.0.1:443
			-a -t 10.0.0.1:443 -r 172.128.10.31 -i
			-a -t 10.0.0.1:443 -r 172.128.10.32 -m
		`,
	},
	{
		check: "rs-unreachable", when: "there is no route",
		facts: `
			address 10.0.0.254/24 eth0
			address 10.0.0.1/32 eth0
			-A -t 10.0.0.1:80
			-a -t 10.0.0.1:80 -r 10.9.0.5
		`,
		finds: "TCP 10.0.0.1:80 -> 10.9.0.5:80: The kernel has no route to 10.9.0.5.",
	},
	{
		check: "rs-unreachable", when: "a route refuses packets",
		facts: lan + `
			route unreachable 10.9.0.0/16
			-A -t 10.0.0.1:443
			-a -t 10.0.0.1:443 -r 10.9.0.5
		`,
		finds: "TCP 10.0.0.1:443 -> 10.9.0.5:443: The kernel has no route to 10.9.0.5.",
	},
	{check: "rs-unreachable", when: "there is a route", facts: lan},
	{
		check: "rs-local", when: "the director is a server",
		facts: lan + "-a -t 10.0.0.1:80 -r 10.0.0.254",
		finds: "TCP 10.0.0.1:80 -> 10.0.0.254:80: 10.0.0.254 is an address of this machine.",
	},
	{check: "rs-local", when: "it is not", facts: lan},
	{
		check: "rs-local", when: "an address on lo makes its network local",
		facts: `
			address 127.0.0.1/8 lo
			address 10.0.0.254/24 eth0
			address 10.0.0.1/24 lo
			route local 10.0.0.0/24
			-A -t 10.0.0.1:80
			-a -t 10.0.0.1:80 -r 10.0.0.11
		`,
		finds: "fault: TCP 10.0.0.1:80 -> 10.0.0.11:80: The kernel takes packets to 10.0.0.11 for its own, although no interface has that address. " +
			"Its network is local: 10.0.0.1/24 is on lo. | ip address add 10.0.0.1/32 dev lo | ip address delete 10.0.0.1/24 dev lo",
	},
	{
		check: "rs-local", when: "a route makes it local",
		facts: lan + "route local 10.0.0.12/32",
		finds: "TCP 10.0.0.1:80 -> 10.0.0.12:80: The kernel takes packets to 10.0.0.12 for its own, although no interface has that address.",
	},
	{
		check: "rs-neigh", when: "one server does not answer",
		facts: lan + `
			neighbour 10.0.0.11 eth0 failed
			neighbour 10.0.0.12 eth0 02:00:00:00:00:12
		`,
		finds: "TCP 10.0.0.1:80 -> 10.0.0.11:80: 10.0.0.11 does not answer ARP requests on eth0.",
	},
	{
		check: "rs-neigh", when: "the kernel is still asking",
		facts: lan + "neighbour 10.0.0.11 eth0 incomplete",
		finds: "warning: TCP 10.0.0.1:80 -> 10.0.0.11:80: 10.0.0.11 has not answered ARP requests on eth0 yet.",
	},
	{
		check: "rs-neigh", when: "the server was drained",
		facts: lan + `
			-a -t 10.0.0.1:80 -r 10.0.0.13 -w 0
			neighbour 10.0.0.13 eth0 failed
		`,
	},
	{check: "rs-neigh", when: "nobody has asked yet", facts: lan},
	{
		check: "rs-same-mac", when: "a router answers for both",
		facts: lan + `
			neighbour 10.0.0.11 eth0 02:00:00:00:00:01
			neighbour 10.0.0.12 eth0 02:00:00:00:00:01
		`,
		finds: "TCP 10.0.0.1:80 -> 10.0.0.12:80: 10.0.0.11 and 10.0.0.12 both have 02:00:00:00:00:01 on eth0.",
	},
	{
		check: "rs-same-mac", when: "they differ, and one server is in two services",
		facts: lan + `
			neighbour 10.0.0.11 eth0 02:00:00:00:00:01
			neighbour 10.0.0.12 eth0 02:00:00:00:00:02
			sysctl net/ipv4/ip_forward=1
			sysctl net/ipv4/conf/eth0/forwarding=1
			-A -t 10.0.0.1:443
			-a -t 10.0.0.1:443 -r 10.0.0.11 -m
		`,
	},
	{
		check: "rs-wrong-if", when: "by a tunnel",
		facts: lan + `
			link tun1 kind=ipip noarp
			address 10.7.0.1/24 tun1
			-A -t 10.0.0.1:443
			-a -t 10.0.0.1:443 -r 10.7.0.5
		`,
		finds: "TCP 10.0.0.1:443 -> 10.7.0.5:443: Packets for 10.7.0.5 leave by tun1, which is a tunnel (ipip).",
	},
	{check: "rs-wrong-if", when: "by the network", facts: lan},
	{
		check: "tun-mtu", when: "an interface of 1500 bytes",
		facts: lan + `
			-A -t 10.0.0.1:443
			-a -t 10.0.0.1:443 -r 10.9.0.5 -i
			-A -t 10.0.0.1:444
			-a -t 10.0.0.1:444 -r 10.9.0.5 -i --tun-type gue --tun-port 6080
		`,
		finds: "TCP 10.0.0.1:443 -> 10.9.0.5:443 (and 1 other service): eth0 has an MTU of 1500; around packets of 1500 bytes a tunnel needs 1532.",
	},
	{
		check: "tun-mtu", when: "there is room",
		facts: lan + `
			link eth0 mtu=1520
			-A -t 10.0.0.1:443
			-a -t 10.0.0.1:443 -r 10.9.0.5 -i
		`,
	},
	{
		check: "tun-mtu", when: "the route has less room than the interface",
		facts: lan + `
			link eth0 mtu=9000
			route 10.9.0.0/16 via 10.0.0.253 eth0 mtu=1500
			-A -t 10.0.0.1:443
			-a -t 10.0.0.1:443 -r 10.9.0.5 -i
		`,
		finds: "TCP 10.0.0.1:443 -> 10.9.0.5:443: The route to 10.9.0.5 has an MTU of 1500; around packets of 1500 bytes a tunnel needs 1520.",
	},
}
