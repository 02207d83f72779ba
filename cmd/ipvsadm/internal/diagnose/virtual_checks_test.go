// SPDX-License-Identifier: Apache-2.0

package diagnose_test

// lan is a director on one network, with a working service.
const lan = `
	address 127.0.0.1/8 lo
	address 10.0.0.254/24 eth0
	address 10.0.0.1/32 eth0
	route default via 10.0.0.253 eth0
	-A -t 10.0.0.1:80 -s rr
	-a -t 10.0.0.1:80 -r 10.0.0.11 -g
	-a -t 10.0.0.1:80 -r 10.0.0.12 -g
`

var virtualRows = []row{
	{check: "vip-missing", when: "an interface has the address", facts: lan},
	{
		check: "vip-missing", when: "no interface has the address",
		facts: `
			address 10.0.0.254/24 eth0
			-A -t 10.0.0.1:80
			-a -t 10.0.0.1:80 -r 10.0.0.11
		`,
		finds: "TCP 10.0.0.1:80: No interface has 10.0.0.1, and no local route. | ip address add 10.0.0.1/32 dev eth0",
	},
	{
		check: "vip-missing", when: "of several services, and on no network",
		facts: `
			link eth1
			address 192.0.2.2/24 eth1
			address 10.0.0.254/24 eth0
			route default via 192.0.2.1 eth1
			-A -t 10.9.9.9:80
			-a -t 10.9.9.9:80 -r 10.0.0.11
			-A -t 10.9.9.9:443
			-a -t 10.9.9.9:443 -r 10.0.0.11
			-A -u 10.9.9.9:53
			-a -u 10.9.9.9:53 -r 10.0.0.11
		`,
		finds: "10.9.9.9 (TCP 10.9.9.9:80 and 2 other services): No interface has 10.9.9.9, and no local route. | ip address add 10.9.9.9/32 dev eth1",
	},
	{
		check: "vip-missing", when: "on no network, and without a default route",
		facts: `
			link eth0 down
			link lan7
			address 10.0.0.254/24 lan7
			-A -t 10.9.9.9:80
			-a -t 10.9.9.9:80 -r 10.0.0.11
		`,
		finds: "TCP 10.9.9.9:80: No interface has 10.9.9.9, and no local route. | ip address add 10.9.9.9/32 dev lan7",
	},
	{
		check: "vip-missing", when: "there is nothing but lo",
		facts: `
			link eth0 down
			-A -t 10.9.9.9:80
			-a -t 10.9.9.9:80 -r 127.0.0.1
		`,
		finds: "TCP 10.9.9.9:80: No interface has 10.9.9.9, and no local route.",
		also:  "rs-unreachable",
	},
	{
		check: "vip-missing", when: "a local route has the address",
		facts: `
			address 10.0.0.254/24 eth0
			route local 10.0.0.0/28
			-A -t 10.0.0.1:80
			-a -t 10.0.0.1:80 -r 10.0.0.21
		`,
	},
	{
		check: "vip-missing", when: "it is local for packets with a mark",
		facts: `
			address 10.0.0.254/24 eth0
			policy mark=1 table=100
			route local 0.0.0.0/0 mark=1
			-A -t 10.9.0.1:80
			-a -t 10.9.0.1:80 -r 10.0.0.11
		`,
	},
	{
		check: "vip-missing", when: "policy rules may make it local",
		facts: `
			address 10.0.0.254/24 eth0
			policy selective
			-A -t 10.0.0.1:80
			-a -t 10.0.0.1:80 -r 10.0.0.11
		`,
		finds: "warning: TCP 10.0.0.1:80: No interface has 10.0.0.1, and no local route. But policy rules go by more than the destination, " +
			"and may make it local for packets that come in. | ip address add 10.0.0.1/32 dev eth0",
	},
	{
		check: "vip-missing", when: "keepalived may let another director have it",
		facts: `
			address 10.0.0.254/24 eth0
			manager keepalived
			sysctl net/ipv4/vs/expire_nodest_conn=1
			-A -t 10.0.0.1:80
			-a -t 10.0.0.1:80 -r 10.0.0.11
		`,
		finds: "warning: TCP 10.0.0.1:80: No interface has 10.0.0.1, and no local route. But keepalived runs here: " +
			"that is right on a director that waits for another one to fail.",
	},
	{
		check: "vip-missing", when: "a backup sync daemon runs",
		facts: `
			address 10.0.0.254/24 eth0
			daemon backup eth0 7
			-A -t 10.0.0.1:80
			-a -t 10.0.0.1:80 -r 10.0.0.11
		`,
		finds: "warning: TCP 10.0.0.1:80: No interface has 10.0.0.1, and no local route. But a backup sync daemon runs here: " +
			"that is right on a director that waits for another one to fail.",
	},
	{
		check: "vip-missing", when: "nobody can tell which sync daemons run",
		facts: `
			address 10.0.0.254/24 eth0
			unreadable daemons
			-A -t 10.0.0.1:80
			-a -t 10.0.0.1:80 -r 10.0.0.11
		`,
		finds: "warning: TCP 10.0.0.1:80: No interface has 10.0.0.1, and no local route. But which sync daemons run here is not known: " +
			"that is right on a director that waits for another one to fail.",
	},
	{
		check: "vip-missing", when: "only ldirectord runs",
		facts: `
			address 10.0.0.254/24 eth0
			manager ldirectord
			sysctl net/ipv4/vs/expire_nodest_conn=1
			-A -t 10.0.0.1:80
			-a -t 10.0.0.1:80 -r 10.0.0.11
		`,
		finds: "TCP 10.0.0.1:80: No interface has 10.0.0.1, and no local route. | ip address add 10.0.0.1/32 dev eth0",
	},
	{
		check: "vip-missing", when: "IPv6",
		facts: `
			address fd00::fe/64 eth0
			-A -t [fd00::1]:80
			-a -t [fd00::1]:80 -r fd00::11
		`,
		finds: "TCP [fd00::1]:80: No interface has fd00::1, and no local route. | ip address add fd00::1/128 dev eth0",
	},
	{
		check: "vip-missing", when: "a firewall mark and a service of all addresses have none",
		facts: `
			address 10.0.0.254/24 eth0
			-A -f 7
			-a -f 7 -r 10.0.0.11
			-A -t 0.0.0.0:80
			-a -t 0.0.0.0:80 -r 10.0.0.11
		`,
		also: "fwmark-none",
	},
	{check: "vip-down", when: "the interface is up", facts: lan},
	{
		check: "vip-down", when: "the interface is down",
		facts: lan + `
			link eth1 down
			address 10.0.7.1/32 eth1
			-A -t 10.0.7.1:80
			-a -t 10.0.7.1:80 -r 10.0.0.11
		`,
		finds: "TCP 10.0.7.1:80: 10.0.7.1 is on eth1, which is down. | ip link set eth1 up",
	},
	{
		check: "vip-down", when: "no cable",
		facts: lan + `
			link eth1 nocarrier
			address 10.0.7.1/32 eth1
			-A -t 10.0.7.1:80
			-a -t 10.0.7.1:80 -r 10.0.0.11
		`,
		finds: "TCP 10.0.7.1:80: 10.0.7.1 is on eth1, which has no carrier.",
	},
	{
		check: "vip-down", when: "IPv6",
		facts: lan + `
			link eth1 down
			address fd00::fe/64 eth0
			address fd00::1/128 eth1
			-A -t [fd00::1]:80
			-a -t [fd00::1]:80 -r fd00::11
		`,
		finds: "fault: TCP [fd00::1]:80: fd00::1 is on eth1, which is down. | ip link set eth1 up",
	},
	{
		check: "vip-down", when: "IPv6, and the kernel could not ask for the address yet",
		facts: lan + `
			link eth1 down
			address fd00::fe/64 eth0
			address fd00::1/128 eth1 tentative
			-A -t [fd00::1]:80
			-a -t [fd00::1]:80 -r fd00::11
		`,
		finds: "fault: TCP [fd00::1]:80: fd00::1 is on eth1, which is down. | ip link set eth1 up",
	},
	{
		check: "vip-down", when: "another interface has the address, too",
		facts: lan + `
			link eth1 down
			address 10.0.0.1/32 eth1
		`,
	},
	{check: "vip-noarp", when: "the address is on an interface with ARP", facts: lan},
	{
		check: "vip-noarp", when: "on lo, and eth0 answers for it",
		facts: lan + `
			address 10.0.0.2/32 lo
			-A -t 10.0.0.2:80
			-a -t 10.0.0.2:80 -r 10.0.0.11
		`,
	},
	{
		check: "vip-noarp", when: "on lo, and no interface answers for it",
		facts: lan + `
			address 10.0.0.2/32 lo
			sysctl net/ipv4/conf/all/arp_ignore=1
			-A -t 10.0.0.2:80
			-a -t 10.0.0.2:80 -r 10.0.0.11
		`,
		finds: "TCP 10.0.0.2:80: 10.0.0.2 is only on lo, and eth0 does not answer ARP requests for it: arp_ignore is set. | ip address add 10.0.0.2/32 dev eth0",
	},
	{
		check: "vip-noarp", when: "on lo, and eth0 answers for it with arp_ignore",
		facts: lan + `
			address 10.0.0.2/32 lo
			sysctl net/ipv4/conf/all/arp_ignore=3
			-A -t 10.0.0.2:80
			-a -t 10.0.0.2:80 -r 10.0.0.11
		`,
	},
	{
		check: "vip-noarp", when: "the interface of kube-proxy",
		facts: lan + `
			link kube-ipvs0 noarp
			address 10.0.0.2/32 kube-ipvs0
			sysctl net/ipv4/conf/all/arp_ignore=1
			-A -t 10.0.0.2:80
			-a -t 10.0.0.2:80 -r 10.0.0.11
		`,
	},
	{
		check: "vip-duplicate", when: "another machine has the address",
		facts: `
			address fd00::fe/64 eth0
			address fd00::1/128 eth0 duplicate
			-A -t [fd00::1]:80
			-a -t [fd00::1]:80 -r fd00::11
		`,
		finds: "TCP [fd00::1]:80: Another machine has fd00::1: the kernel has found that when the address was added to eth0.",
	},
	{
		check: "vip-duplicate", when: "the kernel still asks",
		facts: `
			address fd00::fe/64 eth0
			address fd00::1/128 eth0 tentative
			-A -t [fd00::1]:80
			-a -t [fd00::1]:80 -r fd00::11
		`,
		finds: "warning: TCP [fd00::1]:80: fd00::1 is tentative on eth0: the kernel still asks whether another machine has it.",
	},
	{check: "vip-duplicate", when: "nobody else has the address", facts: lan},
	{
		check: "vip-elsewhere", when: "a real server answers",
		facts: lan + `
			neighbour 10.0.0.12 eth0 02:00:00:00:00:12
			answer 10.0.0.1 eth0 02:00:00:00:00:12
		`,
		words: "--probe",
		finds: "TCP 10.0.0.1:80: 02:00:00:00:00:12 on eth0 (server 10.0.0.12) answers for 10.0.0.1.",
	},
	{
		check: "vip-elsewhere", when: "several machines answer",
		facts: lan + `
			answer 10.0.0.1 eth0 02:00:00:00:00:12
			answer 10.0.0.1 eth0 02:00:00:00:00:13
		`,
		words: "--probe",
		finds: "TCP 10.0.0.1:80: 02:00:00:00:00:12 on eth0, 02:00:00:00:00:13 on eth0 answer for 10.0.0.1.",
	},
	{
		check: "vip-elsewhere", when: "the address is on lo, and its network on eth0",
		facts: lan + `
			address fd00::fe/64 eth0
			address fd00::1/128 lo
			-A -t [fd00::1]:80
			-a -t [fd00::1]:80 -r fd00::11
			answer fd00::1 eth0 02:00:00:00:00:12
		`,
		words: "--probe",
		finds: "TCP [fd00::1]:80: 02:00:00:00:00:12 on eth0 answers for fd00::1.",
	},
	{
		check: "vip-elsewhere", when: "another director has the address, and this one does not",
		facts: `
			address 10.0.0.254/24 eth0
			daemon backup eth0 7
			-A -t 10.0.0.1:80
			-a -t 10.0.0.1:80 -r 10.0.0.11
			answer 10.0.0.1 eth0 02:00:00:00:00:12
		`,
		words: "--probe", also: "vip-missing",
	},
	{
		check: "vip-elsewhere", when: "nobody can be asked with IPv6",
		facts: lan + `
			address fd00::1/64 eth0
			-A -t [fd00::1]:80
			-a -t [fd00::1]:80 -r fd00::11
			answer 10.0.0.1 eth0 02:00:00:00:00:12
			unreadable answers6
		`,
		words: "--probe",
		finds: `
			TCP 10.0.0.1:80: 02:00:00:00:00:12 on eth0 answers for 10.0.0.1.
			error: answers6: permission denied
		`,
	},
	{check: "vip-elsewhere", when: "nobody answers", facts: lan, words: "--probe"},
	{
		check: "vip-elsewhere", when: "nobody is asked", facts: lan + "answer 10.0.0.1 eth0 02:00:00:00:00:12",
		finds: "error: not applicable",
	},
	{
		check: "rp-filter", when: "answers leave by another interface",
		facts: lan + `
			link eth1
			address 192.0.2.1/24 eth1
			sysctl net/ipv4/conf/all/rp_filter=1
		`,
		words: "--client 192.0.2.77",
		finds: "TCP 10.0.0.1:80: 10.0.0.1 is on eth0 with rp_filter 1, and packets to 192.0.2.77 leave by eth1. | sysctl -w net.ipv4.conf.eth0.rp_filter=2",
	},
	{
		check: "rp-filter", when: "the address is on lo, and the client on the network of another interface than the route",
		facts: lan + `
			link eth1
			address 192.0.2.1/24 eth1
			address 10.0.0.2/32 lo
			route 10.0.0.77/32 via 192.0.2.7 eth1
			sysctl net/ipv4/conf/all/rp_filter=1
			sysctl net/ipv4/conf/eth0/rp_filter=0
			-A -t 10.0.0.2:80
			-a -t 10.0.0.2:80 -r 10.0.0.11
			-D -t 10.0.0.1:80
		`,
		words: "--client 10.0.0.77",
		finds: "TCP 10.0.0.2:80: 10.0.0.77 is on eth0 with rp_filter 1, and packets to 10.0.0.77 leave by eth1. | sysctl -w net.ipv4.conf.eth0.rp_filter=2",
	},
	{
		check: "rp-filter", when: "answers from the address leave by its interface, because of a policy rule",
		facts: lan + `
			link eth1
			address 192.0.2.1/24 eth1
			route 192.0.2.77/32 eth0 from=10.0.0.1
			sysctl net/ipv4/conf/all/rp_filter=1
		`,
		words: "--client 192.0.2.77",
	},
	{
		check: "rp-filter", when: "an address of IPv6",
		facts: `
			link eth1
			address 192.0.2.1/24 eth1
			address fd00::1/64 eth0
			sysctl net/ipv4/conf/all/rp_filter=1
			-A -t [fd00::1]:80
			-a -t [fd00::1]:80 -r fd00::11
		`,
		words: "--client 192.0.2.77",
	},
	{check: "rp-filter", when: "they leave by the same one", facts: lan + "sysctl net/ipv4/conf/all/rp_filter=1", words: "--client 192.0.2.77"},
	{check: "local-client", when: "the director itself", facts: lan, words: "--client 10.0.0.254", finds: "10.0.0.254 is an address of this machine."},
	{check: "local-client", when: "another machine", facts: lan, words: "--client 10.0.0.77"},
	{
		check: "rp-filter", when: "the kernel has counted what it dropped",
		facts: lan + `
			link eth1
			address 192.0.2.1/24 eth1
			sysctl net/ipv4/conf/all/rp_filter=1
			counter IPReversePathFilter 7
		`,
		words: "--client 192.0.2.77",
		finds: "TCP 10.0.0.1:80: 10.0.0.1 is on eth0 with rp_filter 1, and packets to 192.0.2.77 leave by eth1. " +
			"So far the kernel has dropped 7 packets because of rp_filter (IPReversePathFilter). | sysctl -w net.ipv4.conf.eth0.rp_filter=2",
	},
	{
		check: "vip-prefix", when: "packets leave with the virtual address",
		facts: `
			address 10.0.0.1/24 eth0
			address 10.0.0.254/24 eth0
			-A -t 10.0.0.1:80
			-a -t 10.0.0.1:80 -r 10.0.0.11
		`,
		finds: "TCP 10.0.0.1:80: Packets to 10.0.0.11 leave with the source 10.0.0.1, although eth0 has 10.0.0.254. | " +
			"sysctl -w net.ipv4.conf.eth0.promote_secondaries=1 | ip address delete 10.0.0.1/24 dev eth0 | ip address add 10.0.0.1/32 dev eth0",
	},
	{
		check: "vip-prefix", when: "the kernel keeps the other address",
		facts: `
			sysctl net/ipv4/conf/all/promote_secondaries=1
			address 10.0.0.1/24 eth0
			address 10.0.0.254/24 eth0
			-A -t 10.0.0.1:80
			-a -t 10.0.0.1:80 -r 10.0.0.11
		`,
		finds: "TCP 10.0.0.1:80: Packets to 10.0.0.11 leave with the source 10.0.0.1, although eth0 has 10.0.0.254. | " +
			"ip address delete 10.0.0.1/24 dev eth0 | ip address add 10.0.0.1/32 dev eth0",
	},
	{
		check: "vip-prefix", when: "it is the second address",
		facts: `
			address 10.0.0.254/24 eth0
			address 10.0.0.1/24 eth0
			-A -t 10.0.0.1:80
			-a -t 10.0.0.1:80 -r 10.0.0.11
		`,
	},
	{check: "vip-prefix", when: "it is the only one", facts: "address 10.0.0.1/24 eth0\n-A -t 10.0.0.1:80\n-a -t 10.0.0.1:80 -r 10.0.0.11"},
	{check: "port-taken", when: "by a program on all addresses", facts: lan + "listener tcp [::]:80", finds: "TCP 10.0.0.1:80: A program listens on [::]:80."},
	{check: "port-taken", when: "on another address, and another port", facts: lan + "listener tcp 10.0.0.254:80\nlistener tcp 10.0.0.1:81\nlistener udp 10.0.0.1:80"},
	{
		check: "kube-vip-node", when: "the default gateway is on kube-ipvs0",
		facts: lan + "link kube-ipvs0 noarp kind=dummy\naddress 10.0.0.253/32 kube-ipvs0",
		finds: "kube-ipvs0 has 10.0.0.253, which is the address of the default gateway. | ip address delete 10.0.0.253/32 dev kube-ipvs0",
	},
	{
		check: "kube-vip-node", when: "an address of the node",
		facts: lan + "link kube-ipvs0 noarp kind=dummy\naddress 10.0.0.254/32 kube-ipvs0",
		finds: "warning: kube-ipvs0 has 10.0.0.254, and so has eth0. | ip address delete 10.0.0.254/32 dev kube-ipvs0",
	},
	{check: "kube-vip-node", when: "addresses of services", facts: lan + "link kube-ipvs0 noarp kind=dummy\naddress 10.96.0.1/32 kube-ipvs0"},
	{check: "kube-vip-node", when: "no kube-proxy", facts: lan},
}
