// SPDX-License-Identifier: Apache-2.0

package diagnose_test

var tableRows = []row{
	{check: "no-services", when: "there are none", facts: "address 10.0.0.254/24 eth0", finds: "The table of IPVS is empty."},
	{check: "no-services", when: "there is one", facts: lan},
	{
		check: "no-servers", when: "one service of two has none",
		facts: lan + "-A -t 10.0.0.1:443",
		finds: "TCP 10.0.0.1:443: The service has no server.",
	},
	{check: "no-servers", when: "there are two", facts: lan},
	{
		check: "all-zero", when: "all are drained",
		facts: lan + `
			-A -u 10.0.0.1:53
			-a -u 10.0.0.1:53 -r 10.0.0.11 -w 0
			-a -u 10.0.0.1:53 -r 10.0.0.12 -w 0
		`,
		finds: "UDP 10.0.0.1:53: All 2 servers have the weight 0. | ipvsadm -e --keep -u 10.0.0.1:53 -r 10.0.0.11:53 -w 1",
	},
	{
		check: "all-zero", when: "the only one is drained, and its service is a mark of IPv6",
		facts: lan + `
			address fd00::fe/64 eth0
			-A -f 7 -6
			-a -f 7 -6 -r fd00::11 -w 0
		`,
		finds: "FWM 7 IPv6: The only server has the weight 0. | ipvsadm -e --keep -f 7 -6 -r '[fd00::11]:0' -w 1",
		also:  "fwmark-none",
	},
	{
		check: "all-zero", when: "one of two is drained",
		facts: lan + `
			-A -u 10.0.0.1:53
			-a -u 10.0.0.1:53 -r 10.0.0.11 -w 0
			-a -u 10.0.0.1:53 -r 10.0.0.12
		`,
	},
	{
		check: "all-full", when: "both servers with a weight are full",
		facts: lan + `
			-A -t 10.0.0.1:443
			-a -t 10.0.0.1:443 -r 10.0.0.11 -x 10
			-a -t 10.0.0.1:443 -r 10.0.0.12 -x 10
			-a -t 10.0.0.1:443 -r 10.0.0.13 -w 0
			traffic 10.0.0.1:443 10.0.0.11:443 active=4 inactive=6
			traffic 10.0.0.1:443 10.0.0.12:443 active=12
		`,
		finds: "TCP 10.0.0.1:443: All 2 servers have reached their upper thresholds.",
	},
	{
		check: "all-full", when: "one is not full",
		facts: lan + `
			-A -t 10.0.0.1:443
			-a -t 10.0.0.1:443 -r 10.0.0.11 -x 10
			-a -t 10.0.0.1:443 -r 10.0.0.12 -x 10
			traffic 10.0.0.1:443 10.0.0.11:443 active=10
			traffic 10.0.0.1:443 10.0.0.12:443 active=9
		`,
	},
	{
		check: "all-full", when: "thresholds cannot be read",
		facts: lan + "without CAP_NET_ADMIN",
		finds: "error: that needs the capability CAP_NET_ADMIN",
	},
	{
		check: "weight-range", when: "one server has a very large weight",
		facts: lan + `
			-A -t 10.0.0.1:443 -s wrr
			-a -t 10.0.0.1:443 -r 10.0.0.11 -w 50000
			-a -t 10.0.0.1:443 -r 10.0.0.12 -w 10
		`,
		finds: "TCP 10.0.0.1:443: The weights of its servers are 10 to 50000.",
	},
	{
		check: "weight-range", when: "the weight is large with another scheduler, or 0",
		facts: lan + `
			-A -t 10.0.0.1:443 -s wlc
			-a -t 10.0.0.1:443 -r 10.0.0.11 -w 50000
			-a -t 10.0.0.1:443 -r 10.0.0.12 -w 10
			-A -t 10.0.0.1:444 -s wrr
			-a -t 10.0.0.1:444 -r 10.0.0.11 -w 900
			-a -t 10.0.0.1:444 -r 10.0.0.12 -w 0
			-a -t 10.0.0.1:444 -r 10.0.0.13 -w 1
		`,
	},
	{
		check: "dr-port", when: "another program has made it",
		facts: lan + `
			-A -t 10.0.0.1:443
			-a -t 10.0.0.1:443 -r 10.0.0.11:8443 -m
			direct 10.0.0.1:443 10.0.0.11:8443
		`,
		finds: "TCP 10.0.0.1:443 -> 10.0.0.11:8443: The server has port 8443, and its service port 443.",
	},
	{
		check: "dr-port", when: "address translation may change the port",
		facts: lan + `
			sysctl net/ipv4/ip_forward=1
			sysctl net/ipv4/conf/eth0/forwarding=1
			-A -t 10.0.0.1:443
			-a -t 10.0.0.1:443 -r 10.0.0.11:8443 -m
		`,
	},
	{
		check: "same-server-twice", when: "with two ports and direct routing",
		facts: lan + `
			-A -t 10.0.0.1:443
			-a -t 10.0.0.1:443 -r 10.0.0.11:443 -m
			-a -t 10.0.0.1:443 -r 10.0.0.11:8443 -m
			direct 10.0.0.1:443 10.0.0.11:443
			direct 10.0.0.1:443 10.0.0.11:8443
		`,
		finds: "TCP 10.0.0.1:443: The server 10.0.0.11 is there with the ports 443, 8443.",
		also:  "dr-port",
	},
	{
		check: "same-server-twice", when: "with address translation",
		facts: lan + `
			sysctl net/ipv4/ip_forward=1
			sysctl net/ipv4/conf/eth0/forwarding=1
			-A -t 10.0.0.1:443
			-a -t 10.0.0.1:443 -r 10.0.0.11:443 -m
			-a -t 10.0.0.1:443 -r 10.0.0.11:8443 -m
		`,
	},
	{
		check: "persist-port0", when: "all ports of an address",
		facts: lan + `
			-A -t 10.0.0.1:0 -p
			-a -t 10.0.0.1:0 -r 10.0.0.11
		`,
		finds: "TCP 10.0.0.1:0: The service has no port, so it takes all ports of 10.0.0.1.",
	},
	{
		check: "persist-port0", when: "a mark has no ports",
		facts: lan + `
			-A -f 7 -p
			-a -f 7 -r 10.0.0.11
		`,
		also: "fwmark-none",
	},
	{
		check: "udp-timeout", when: "name service",
		facts: lan + `
			-A -u 10.0.0.1:53
			-a -u 10.0.0.1:53 -r 10.0.0.11
		`,
		finds: "UDP 10.0.0.1:53: UDP entries are kept for 300 seconds after the last packet. | " +
			"ipvsadm -E --keep -u 10.0.0.1:53 -o | ipvsadm --set 0 0 30",
	},
	{
		check: "udp-timeout", when: "each packet is scheduled by itself",
		facts: lan + `
			-A -u 10.0.0.1:53 -o
			-a -u 10.0.0.1:53 -r 10.0.0.11
		`,
	},
	{
		check: "udp-timeout", when: "the timeout is short",
		facts: lan + `
			timeouts 900 120 30
			-A -u 10.0.0.1:53
			-a -u 10.0.0.1:53 -r 10.0.0.11
		`,
	},
	{
		check: "weight-zero-old", when: "a server is idle",
		facts: lan + "-a -t 10.0.0.1:80 -r 10.0.0.13 -w 0",
		finds: "TCP 10.0.0.1:80: These servers have the weight 0 and no connections: 10.0.0.13:80. | ipvsadm -d -t 10.0.0.1:80 -r 10.0.0.13:80",
	},
	{
		check: "weight-zero-old", when: "a server is being drained",
		facts: lan + "-a -t 10.0.0.1:80 -r 10.0.0.13 -w 0\ntraffic 10.0.0.1:80 10.0.0.13:80 conns=3 in=9 out=9 active=1",
	},
	{
		check: "weight-zero-old", when: "the counters are not known",
		facts: lan + "-a -t 10.0.0.1:80 -r 10.0.0.13 -w 0\nwithout CAP_NET_ADMIN",
		finds: "error: that needs the capability CAP_NET_ADMIN",
	},
	{
		check: "fwmark-port0", when: "behind address translation",
		facts: nat + "iptables mangle PREROUTING ACCEPT\niptables -A PREROUTING -j MARK --set-xmark 0x7/0xffffffff\n-A -f 7\n-a -f 7 -r 10.0.0.11:0 -m",
		finds: "FWM 7 -> 10.0.0.11:0: The server has no port.",
	},
	{check: "fwmark-port0", when: "direct routing changes no port", facts: lan + "-A -f 7\n-a -f 7 -r 10.0.0.11", also: "fwmark-none"},
	{
		check: "mixed-family", when: "with a sync daemon",
		facts: lan + "link eth0 mtu=1600\naddress fd00::fe/64 eth0\n-a -t 10.0.0.1:80 -r fd00::11 -i\ndaemon master eth0 7",
		finds: "TCP 10.0.0.1:80 -> [fd00::11]:80 has another address family than its service, and the master sync daemon is started.",
	},
	{check: "mixed-family", when: "without one", facts: lan + "link eth0 mtu=1600\naddress fd00::fe/64 eth0\n-a -t 10.0.0.1:80 -r fd00::11 -i"},
	{check: "mixed-family", when: "one family", facts: lan + "daemon master eth0 7"},
	{
		check: "modules", when: "the scheduler is not installed",
		facts: lan + "lacks ip_vs_rr",
		finds: "TCP 10.0.0.1:80: This kernel lacks the scheduler rr: there is no module ip_vs_rr.",
	},
	{check: "modules", when: "all are installed", facts: lan + "lacks ip_vs_sh"},
}
