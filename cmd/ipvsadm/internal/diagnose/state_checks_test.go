// SPDX-License-Identifier: Apache-2.0

package diagnose_test

// persistent is a service of which one server has most connections.
const persistent = lan + `
	-A -t 10.0.0.1:443 -p
	-a -t 10.0.0.1:443 -r 10.0.0.11
	-a -t 10.0.0.1:443 -r 10.0.0.12
	traffic 10.0.0.1:443 10.0.0.11:443 conns=90 in=900 out=0 active=90
	traffic 10.0.0.1:443 10.0.0.12:443 conns=20 in=200 out=0 active=20
	connections 10.0.0.1:443 10.0.0.12:443 192.0.2.7 20
`

var stateRows = []row{
	{
		check: "conn-tab", when: "more than four for each bucket",
		facts: lan + "traffic 10.0.0.1:80 10.0.0.11:80 conns=9 in=9 active=20000",
		finds: "The table has 4096 buckets, and these services alone have 20000 connections.",
	},
	{check: "conn-tab", when: "few", facts: lan + "traffic 10.0.0.1:80 10.0.0.11:80 conns=9 in=9 active=8000"},
	{
		check: "conn-tab", when: "the kernel counts, and they are crowded",
		facts: lan + "conntable buckets=4096 entries=20000 nodes=20000 crowded=2001",
		finds: "2001 of 20000 entries are in buckets with at least 3 of them.",
	},
	{check: "conn-tab", when: "the kernel counts, and they are not crowded", facts: lan + "conntable buckets=4096 entries=20000 nodes=20000 crowded=2000"},
	{
		check: "conn-max", when: "the limit is reached",
		facts: lan + "sysctl net/ipv4/vs/conn_max=1000\nconntable entries=1000",
		finds: "There are 1000 connections, and conn_max is 1000. | sysctl -w net.ipv4.vs.conn_max=2000",
	},
	{
		check: "conn-max", when: "nearly",
		facts: lan + "sysctl net/ipv4/vs/conn_max=1000\nconntable entries=950",
		finds: "warning: There are 950 connections, and conn_max is 1000. | sysctl -w net.ipv4.vs.conn_max=2000",
	},
	{check: "conn-max", when: "not at all", facts: lan + "sysctl net/ipv4/vs/conn_max=1000\nconntable entries=900"},
	{check: "conn-max", when: "the kernel has no limit", facts: lan + "conntable entries=950"},
	{
		check: "persist-skew", when: "many clients behind one address",
		facts: persistent + "connections 10.0.0.1:443 10.0.0.11:443 198.51.100.7 60\nconnections 10.0.0.1:443 10.0.0.11:443 203.0.113.7 30",
		words: "--verbose",
		finds: "TCP 10.0.0.1:443: 10.0.0.11:443 has more than half of the 110 connections, and 60 of 90 of these come from 198.51.100.0/24.",
	},
	{
		check: "persist-skew", when: "clients from everywhere",
		facts: persistent + "connections 10.0.0.1:443 10.0.0.11:443 198.51.100.7 45\nconnections 10.0.0.1:443 10.0.0.11:443 203.0.113.7 45",
		words: "--verbose",
	},
	{
		check: "persist-skew", when: "nobody wants notes, so nobody reads all connections",
		facts: persistent + "unreadable connections\nconnections 10.0.0.1:443 10.0.0.11:443 198.51.100.7 90",
		finds: "error: not applicable",
	},
	{check: "persist-skew", when: "not persistent", facts: lan},
	{
		check: "lro", when: "on the interface of the address",
		facts: lan + "lro eth0",
		finds: "LRO is on at eth0, which has 10.0.0.1. | ethtool -K eth0 lro off",
	},
	{
		check: "lro", when: "towards the servers",
		facts: nat + "lro eth1",
		finds: "LRO is on at eth1, by which packets to 10.0.0.11 leave. | ethtool -K eth1 lro off",
	},
	{check: "lro", when: "on another interface", facts: lan + "link eth1\nlro eth1"},
	{
		check: "boot", when: "the file has other rules",
		facts: lan + "boot -A -t 10.0.0.1:80\nboot -a -t 10.0.0.1:80 -r 10.0.0.11\nboot -A -t 10.0.0.9:80",
		finds: "/etc/ipvsadm.rules lacks TCP 10.0.0.1:80 -> 10.0.0.12:80; /etc/ipvsadm.rules has TCP 10.0.0.9:80, and the table has not. | ipvsadm-boot save",
	},
	{check: "boot", when: "keepalived has its own configuration", facts: lan + "boot -A -t 10.0.0.9:80\nmanager keepalived", also: "nodest"},
	{check: "boot", when: "the file has the table", facts: lan},
	{check: "boot", when: "in another network namespace", facts: lan + "boot elsewhere", finds: "error: not applicable"},
}
