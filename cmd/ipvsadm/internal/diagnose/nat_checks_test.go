// SPDX-License-Identifier: Apache-2.0

package diagnose_test

// nat is a director between two networks, with working services of address translation.
const nat = `
	link eth1
	address 192.0.2.1/24 eth0
	address 10.0.0.254/24 eth1
	address fd00::fe/64 eth1
	address 2001:db8::1/64 eth0
	route default via 192.0.2.254 eth0
	sysctl net/ipv4/ip_forward=1
	sysctl net/ipv4/conf/eth0/forwarding=1
	sysctl net/ipv4/conf/eth1/forwarding=1
	sysctl net/ipv6/conf/all/forwarding=1
	-A -t 192.0.2.1:80
	-a -t 192.0.2.1:80 -r 10.0.0.11:8080 -m
	-a -t 192.0.2.1:80 -r 10.0.0.12:8080 -m
	-A -t [2001:db8::1]:80
	-a -t [2001:db8::1]:80 -r fd00::11 -m
	traffic 192.0.2.1:80 10.0.0.11:8080 conns=3 in=30 out=20
`

// oneNet is a director on one network with its servers and clients.
const oneNet = `
	address 10.0.0.254/24 eth0
	address 10.0.0.1/32 eth0
	route default via 10.0.0.253 eth0
	sysctl net/ipv4/ip_forward=1
	sysctl net/ipv4/conf/eth0/forwarding=1
	-A -t 10.0.0.1:80
	-a -t 10.0.0.1:80 -r 10.0.0.11 -m
`

var natRows = []row{
	{check: "nat-forward", when: "the machine forwards", facts: nat},
	{
		check: "nat-forward", when: "it does not",
		facts: nat + `
			sysctl net/ipv4/ip_forward=0
			sysctl net/ipv4/conf/eth0/forwarding=0
			sysctl net/ipv4/conf/eth1/forwarding=0
		`,
		finds: "TCP 192.0.2.1:80 -> 10.0.0.11:8080 is behind address translation on eth1, and net.ipv4.ip_forward is 0. | sysctl -w net.ipv4.ip_forward=1",
	},
	{
		check: "nat-forward", when: "the kernel has counted what it dropped",
		facts: nat + `
			sysctl net/ipv4/ip_forward=0
			sysctl net/ipv4/conf/eth1/forwarding=0
			counter InAddrErrors 12
		`,
		finds: "TCP 192.0.2.1:80 -> 10.0.0.11:8080 is behind address translation on eth1, and net.ipv4.ip_forward is 0. " +
			"So far the kernel has dropped 12 packets to other addresses (InAddrErrors). | sysctl -w net.ipv4.ip_forward=1",
	},
	{
		check: "nat-forward", when: "one interface does not",
		facts: nat + `
			sysctl net/ipv4/conf/eth1/forwarding=0
		`,
		finds: "TCP 192.0.2.1:80 -> 10.0.0.11:8080 is behind address translation on eth1, which does not forward. | " +
			"sysctl -w net.ipv4.conf.eth1.forwarding=1",
	},
	{
		check: "nat-forward", when: "the interface has a dot in its name",
		facts: nat + `
			link eth1.7
			address 10.7.0.1/24 eth1.7
			-a -t 192.0.2.1:80 -r 10.7.0.11:8080 -m
		`,
		finds: "TCP 192.0.2.1:80 -> 10.7.0.11:8080 is behind address translation on eth1.7, which does not forward. | " +
			"sysctl -w net/ipv4/conf/eth1.7/forwarding=1",
	},
	{
		check: "nat-forward", when: "not for IPv6",
		facts: nat + "sysctl net/ipv6/conf/all/forwarding=0",
		finds: "TCP [2001:db8::1]:80 -> [fd00::11]:80 is behind address translation on eth1, and net.ipv6.conf.all.forwarding is 0. | " +
			"sysctl -w net.ipv6.conf.all.forwarding=1",
	},
	{
		check: "nat-forward", when: "for IPv6 by the interface alone",
		facts: nat + `
			sysctl net/ipv6/conf/all/forwarding=0
			sysctl net/ipv6/conf/eth1/force_forwarding=1
		`,
	},
	{check: "nat-forward", when: "direct routing needs it not", facts: lan},
	{check: "nat-return", when: "answers came back, or nothing was sent", facts: nat},
	{
		check: "nat-return", when: "nothing comes back from one server",
		facts: nat + "traffic 192.0.2.1:80 10.0.0.12:8080 conns=3 in=9 out=0",
		finds: "TCP 192.0.2.1:80 -> 10.0.0.12:8080: 9 packets of 3 connections went to the server, and none came back.",
	},
	{
		check: "nat-return", when: "of UDP it may be right",
		facts: nat + `
			-A -u 192.0.2.1:514
			-a -u 192.0.2.1:514 -r 10.0.0.12:514 -m
			traffic 192.0.2.1:514 10.0.0.12:514 conns=3 in=9 out=0
		`,
		finds: "warning: UDP 192.0.2.1:514 -> 10.0.0.12:514: 9 packets of 3 connections went to the server, and none came back.",
	},
	{
		check: "nat-return", when: "the answer may be on its way",
		facts: nat + "traffic 192.0.2.1:80 10.0.0.12:8080 conns=1 in=2 out=0",
	},
	{
		check: "nat-onenet", when: "the client is on the network of the server",
		facts: oneNet, words: "--client 10.0.0.77",
		finds: "TCP 10.0.0.1:80 -> 10.0.0.11:80: The client 10.0.0.77 and the server are both on the network of eth0.",
	},
	{
		check: "nat-onenet", when: "no connection was opened",
		facts: oneNet + `
			connections 10.0.0.1:80 10.0.0.11:80 10.0.0.77 2 SYN_RECV
			connections 10.0.0.1:80 10.0.0.11:80 10.0.0.78 2
			connections 10.0.0.1:80 10.0.0.12:80 10.0.0.77 2
		`,
		words: "--client 10.0.0.77",
		finds: "TCP 10.0.0.1:80 -> 10.0.0.11:80: The client 10.0.0.77 and the server are both on the network of eth0.",
	},
	{
		check: "nat-onenet", when: "answers come back through the director",
		facts: oneNet + "connections 10.0.0.1:80 10.0.0.11:80 10.0.0.77 2 TIME_WAIT", words: "--client 10.0.0.77",
	},
	{check: "nat-onenet", when: "the client is elsewhere", facts: oneNet, words: "--client 198.51.100.7"},
	{check: "nat-onenet", when: "no client is named", facts: oneNet, finds: "error: not applicable"},
	{
		check: "nat-redirects", when: "the director sends redirects",
		facts: oneNet + `
			sysctl net/ipv4/conf/all/send_redirects=1
			sysctl net/ipv4/conf/eth0/send_redirects=1
		`,
		words: "--client 10.0.0.77",
		finds: "TCP 10.0.0.1:80 -> 10.0.0.11:80: The director sends redirects on eth0. | " +
			"sysctl -w net.ipv4.conf.all.send_redirects=0 | sysctl -w net.ipv4.conf.eth0.send_redirects=0",
		also: "nat-onenet",
	},
	{
		check: "ftp", when: "the module is not loaded",
		facts: nat + "-A -t 192.0.2.1:21\n-a -t 192.0.2.1:21 -r 10.0.0.11 -m",
		finds: "TCP 192.0.2.1:21: The module ip_vs_ftp is not loaded. | modprobe ip_vs_ftp",
	},
	{check: "ftp", when: "it is", facts: nat + "-A -t 192.0.2.1:21\n-a -t 192.0.2.1:21 -r 10.0.0.11 -m\nmodule ip_vs_ftp"},
	{check: "ftp", when: "direct routing needs it not", facts: lan + "-A -t 10.0.0.1:21\n-a -t 10.0.0.1:21 -r 10.0.0.11 -g"},
	{check: "nat-redirects", when: "it sends none", facts: oneNet, words: "--client 10.0.0.77", also: "nat-onenet"},
}
