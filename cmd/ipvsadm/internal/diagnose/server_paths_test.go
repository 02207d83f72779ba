// SPDX-License-Identifier: Apache-2.0

package diagnose_test

const (
	natPath  = translated + " --director 10.0.0.254 --client 198.51.100.7"
	nearPath = translated + " --director 10.0.0.254 --client 10.0.0.77"
)

var serverPathRows = []row{
	{
		check: "r-two-paths", when: "a policy rule sends answers another way",
		facts: natServer + "route default via 10.0.0.9 eth0 from=10.0.0.11", words: natPath,
		finds: "Packets from 10.0.0.11 to 198.51.100.7 leave by the gateway 10.0.0.9, not by the director 10.0.0.254. | ip rule add from 10.0.0.11 lookup main priority 1",
	},
	{check: "r-two-paths", when: "they go by the director", facts: natServer, words: natPath},
	{check: "r-two-paths", when: "no client is named", facts: natServer, words: translated + " --director 10.0.0.254", finds: "error: not applicable"},
	{
		check: "r-redirect", when: "the server takes redirects",
		facts: natServer + "route 10.0.0.77/32 via 10.0.0.254 eth0\nsysctl net/ipv4/conf/all/accept_redirects=1", words: nearPath,
		finds: "The client 10.0.0.77 is on the network of eth0, which takes redirects. | sysctl -w net.ipv4.conf.all.accept_redirects=0 | " +
			"sysctl -w net.ipv4.conf.eth0.accept_redirects=0",
	},
	{
		check: "r-redirect", when: "one that forwards, of one interface alone",
		facts: natServer + "route 10.0.0.77/32 via 10.0.0.254 eth0\nsysctl net/ipv4/conf/eth0/accept_redirects=1\nsysctl net/ipv4/conf/eth0/forwarding=1", words: nearPath,
	},
	{check: "r-redirect", when: "it takes none", facts: natServer + "route 10.0.0.77/32 via 10.0.0.254 eth0", words: nearPath},
	{
		check: "r-mss", when: "the usual size",
		facts: farServer + "link tunl0 kind=ipip noarp", words: tunnel,
		finds: "This server asks clients for 1460 bytes a packet (MSS); with 40 bytes of headers and 20 of the tunnel that is more than the MTU of eth0, 1500. | " +
			"ip route change default via 192.168.7.253 dev eth0 advmss 1440",
	},
	{check: "r-mss", when: "a smaller size", facts: tunnelServer, words: tunnel},
	{check: "r-mss", when: "clients send no packets of that size", facts: farServer + "link tunl0 kind=ipip noarp\nlink eth0 mtu=1600", words: tunnel},
	{
		check: "r-mss", when: "a larger MTU towards the director",
		facts: farServer + "link tunl0 kind=ipip noarp\nlink eth1 mtu=1600\naddress 10.8.0.11/24 eth1", words: "real-server -t 10.0.0.1:80 -i --director 10.8.0.254",
	},
	{
		check: "r-fw", when: "nothing accepts the packets",
		facts: directServer + closedInput, words: direct,
		finds: "The chain INPUT of the table ip filter (iptables) drops packets to 10.0.0.1:80. | iptables -t filter -I INPUT -d 10.0.0.1 -p tcp --dport 80 -j ACCEPT",
	},
	{
		check: "r-fw", when: "to the port of the server",
		facts: natServer + closedInput + "iptables -A INPUT -p tcp -m tcp --dport 80 -j ACCEPT", words: translated,
		finds: "The chain INPUT of the table ip filter (iptables) drops packets to 10.0.0.11:8080. | iptables -t filter -I INPUT -d 10.0.0.11 -p tcp --dport 8080 -j ACCEPT",
	},
	{
		check: "r-fw", when: "those of the tunnel",
		facts: tunnelServer + closedInput + "iptables -A INPUT -p tcp -j ACCEPT", words: tunnel,
		finds: "The chain INPUT of the table ip filter (iptables) drops packets of the tunnel (ipip). | iptables -t filter -I INPUT -p 4 -j ACCEPT",
	},
	{check: "r-fw", when: "all are accepted", facts: tunnelServer + closedInput + "iptables -A INPUT -p tcp -j ACCEPT\niptables -A INPUT -p ipencap -j ACCEPT", words: tunnel},
	{check: "r-fw", when: "the port of the server is not known", facts: natServer, words: translated[:len(translated)-len(" -r 10.0.0.11:8080")], finds: "error: with -m, the address and port of the server: -r is missing"},
	{check: "r-cloud", when: "a machine of EC2", facts: directServer + "vendor Amazon EC2", words: direct, finds: "The vendor of this machine is Amazon EC2."},
	{check: "r-cloud", when: "address translation", facts: natServer + "vendor Amazon EC2", words: translated, finds: "error: not applicable"},
	{check: "r-cloud", when: "hardware", facts: directServer + "vendor Dell Inc.", words: direct},
	{
		check: "r-self", when: "the backup director sends packets on",
		facts: directServer + "-A -t 10.0.0.1:80\n-a -t 10.0.0.1:80 -r 10.0.0.11\n-a -t 10.0.0.1:80 -r 10.0.0.12\ndaemon backup eth0 7", words: direct,
		finds: "The table of this machine has TCP 10.0.0.1:80 -> 10.0.0.12:80, a backup daemon runs here, and backup_only is 0. | sysctl -w net.ipv4.vs.backup_only=1",
	},
	{
		check: "r-self", when: "it forwards nothing",
		facts: directServer + "-A -t 10.0.0.1:80\n-a -t 10.0.0.1:80 -r 10.0.0.12\ndaemon backup eth0 7\nsysctl net/ipv4/vs/backup_only=1", words: direct,
	},
	{check: "r-self", when: "no other service is its own", facts: directServer + "-A -t 10.0.0.9:80\n-a -t 10.0.0.9:80 -r 10.0.0.12\ndaemon backup eth0 7", words: direct},
	{check: "r-self", when: "it has no table", facts: directServer, words: direct},
}
