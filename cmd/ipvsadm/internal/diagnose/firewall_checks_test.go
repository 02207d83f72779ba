// SPDX-License-Identifier: Apache-2.0

package diagnose_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/diagnose"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/firewall"
)

// Firewalls that accept nothing but what their rules, which follow, accept.
const (
	closedInput   = "\niptables filter INPUT DROP\niptables -A INPUT -i lo -j ACCEPT\niptables -A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n"
	closedForward = "\niptables filter FORWARD DROP\n"
	closedOutput  = "\niptables filter OUTPUT DROP\niptables -A OUTPUT -p icmp -j ACCEPT\n"
	redirects     = "\niptables nat PREROUTING ACCEPT\n"
	openInput     = "\niptables filter INPUT ACCEPT\n"
	dropInvalid   = "iptables -A INPUT -m conntrack --ctstate INVALID -j DROP\n"
	masquerade    = "\niptables nat POSTROUTING ACCEPT\niptables -A POSTROUTING -m ipvs --ipvs -j MASQUERADE\n"
	marks         = "\niptables mangle PREROUTING ACCEPT\niptables -A PREROUTING -d 10.9.0.1/32 -j MARK --set-xmark 0x7/0xffffffff\n"
	marked        = "address 10.0.0.254/24 eth0\nroute default via 10.0.0.253 eth0\n-A -f 7\n-a -f 7 -r 10.0.0.11\n"
)

// natOnly has address translation of IPv4 alone.
const natOnly = `
	link eth1
	address 192.0.2.1/24 eth0
	address 10.0.0.254/24 eth1
	route default via 192.0.2.254 eth0
	sysctl net/ipv4/ip_forward=1
	sysctl net/ipv4/conf/eth0/forwarding=1
	sysctl net/ipv4/conf/eth1/forwarding=1
	-A -t 192.0.2.1:80
	-a -t 192.0.2.1:80 -r 10.0.0.11:8080 -m
`

var firewallRows = []row{
	{check: "input-drop", when: "there is no firewall", facts: lan},
	{
		check: "input-drop", when: "nothing accepts the packets",
		facts: lan + closedInput,
		finds: "TCP 10.0.0.1:80: The chain INPUT of the table ip filter (iptables) drops packets to 10.0.0.1:80. | " +
			"iptables -t filter -I INPUT -d 10.0.0.1 -p tcp --dport 80 -j ACCEPT",
	},
	{check: "input-drop", when: "a rule accepts them", facts: lan + closedInput + "iptables -A INPUT -d 10.0.0.1/32 -p tcp -m tcp --dport 80 -j ACCEPT"},
	{
		check: "input-drop", when: "a rule that is not understood may accept them",
		facts: lan + closedInput + "iptables -A INPUT -m set --match-set services dst -j ACCEPT",
		finds: "error: the chain INPUT of the table ip filter (iptables) has rules that are not understood",
	},
	{check: "input-drop", when: "a rule accepts those of some clients", facts: lan + closedInput + "iptables -A INPUT -s 192.0.2.0/24 -j ACCEPT"},
	{check: "input-drop", when: "a rule that is not understood only counts", facts: lan + openInput + "iptables -A INPUT -m set --match-set services dst -j LOG"},
	{check: "input-drop", when: "a mark has no address", facts: marked + marks + "policy mark=7 table=100\nroute local 0.0.0.0/0 mark=7\n" + closedInput},
	{
		check: "input-drop", when: "some rules cannot be read", facts: lan + "firewall partial",
		finds: "error: nft is not installed",
	},
	{
		check: "vip-redirected", when: "a rule sends the packets elsewhere",
		facts: lan + redirects + "iptables -A PREROUTING -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.0.0.7:8080",
		finds: "TCP 10.0.0.1:80: The chain PREROUTING of the table ip nat (iptables) gives packets to 10.0.0.1:80 another destination. | " +
			"iptables -t nat -I PREROUTING -d 10.0.0.1 -p tcp --dport 80 -j ACCEPT",
	},
	{check: "vip-redirected", when: "another port", facts: lan + redirects + "iptables -A PREROUTING -p tcp -m tcp --dport 443 -j REDIRECT --to-ports 8443"},
	{
		check: "vip-redirected", when: "an earlier rule accepts them",
		facts: lan + redirects + "iptables -A PREROUTING -d 10.0.0.1/32 -p tcp -m tcp --dport 80 -j ACCEPT\niptables -A PREROUTING -p tcp -j DNAT --to-destination 10.0.0.7",
	},
	{
		check: "vip-redirected", when: "docker has the port, perhaps for them",
		facts: lan + redirects + "iptables -A PREROUTING -m addrtype --dst-type LOCAL -p tcp -m tcp --dport 80 -j DNAT --to-destination 172.17.0.2:80",
		finds: "error: the chain PREROUTING of the table ip nat (iptables) may give packets to 10.0.0.1:80 another destination",
	},
	{
		check: "vip-redirected", when: "the packets are not tracked, so they are not translated",
		facts: lan + "iptables raw PREROUTING ACCEPT\niptables -A PREROUTING -p tcp -j CT --notrack" + redirects + "iptables -A PREROUTING -p tcp -j DNAT --to-destination 10.0.0.7",
	},
	{
		check: "forward-drop", when: "docker forwards nothing else",
		facts: natOnly + closedForward,
		finds: "TCP 192.0.2.1:80 -> 10.0.0.11:8080: The chain FORWARD of the table ip filter (iptables) drops answers of 10.0.0.11:8080. | " +
			"iptables -t filter -I FORWARD -s 10.0.0.11 -p tcp --sport 8080 -j ACCEPT",
	},
	{
		check: "forward-drop", when: "only established connections are accepted, and none is known",
		facts: natOnly + closedForward + "iptables -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
		finds: "TCP 192.0.2.1:80 -> 10.0.0.11:8080: The chain FORWARD of the table ip filter (iptables) drops answers of 10.0.0.11:8080. | " +
			"sysctl -w net.ipv4.vs.conntrack=1",
	},
	{
		check: "forward-drop", when: "they are known",
		facts: natOnly + closedForward + "iptables -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\nsysctl net/ipv4/vs/conntrack=1",
	},
	{
		check: "forward-drop", when: "the helper for FTP has them tracked",
		facts: natOnly + closedForward + "iptables -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\niptables -A FORWARD -s 10.0.0.11 -p tcp --sport 8080 -j ACCEPT\n" +
			"module ip_vs_ftp\n-A -t 192.0.2.1:21\n-a -t 192.0.2.1:21 -r 10.0.0.11 -m",
	},
	{check: "forward-drop", when: "what comes from the servers is accepted", facts: natOnly + closedForward + "iptables -A FORWARD -i eth1 -j ACCEPT"},
	{check: "forward-drop", when: "direct routing has no answers", facts: lan + closedForward},
	{
		check: "output-drop", when: "with direct routing, nothing is accepted",
		facts: lan + closedOutput,
		finds: "TCP 10.0.0.1:80 -> 10.0.0.11:80: The chain OUTPUT of the table ip filter (iptables) drops packets to 10.0.0.11:80. | " +
			"iptables -t filter -I OUTPUT -d 10.0.0.1 -p tcp --dport 80 -j ACCEPT\n" +
			"TCP 10.0.0.1:80 -> 10.0.0.12:80: The chain OUTPUT of the table ip filter (iptables) drops packets to 10.0.0.12:80. | " +
			"iptables -t filter -I OUTPUT -d 10.0.0.1 -p tcp --dport 80 -j ACCEPT",
	},
	{
		check: "output-drop", when: "only connections are accepted, and IPVS tracks none",
		facts: natOnly + closedOutput + "iptables -A OUTPUT -m conntrack --ctstate NEW,ESTABLISHED -j ACCEPT",
		finds: "TCP 192.0.2.1:80 -> 10.0.0.11:8080: The chain OUTPUT of the table ip filter (iptables) drops packets to 10.0.0.11:8080. | " +
			"iptables -t filter -I OUTPUT -d 10.0.0.11 -p tcp --dport 8080 -j ACCEPT",
	},
	{
		check: "output-drop", when: "it tracks them",
		facts: natOnly + closedOutput + "iptables -A OUTPUT -m conntrack --ctstate NEW,ESTABLISHED -j ACCEPT\nsysctl net/ipv4/vs/conntrack=1",
	},
	{check: "output-drop", when: "the network of the servers is accepted", facts: natOnly + closedOutput + "iptables -A OUTPUT -o eth1 -j ACCEPT"},
	{
		check: "output-drop", when: "of a tunnel",
		facts: lan + "link eth0 mtu=1600\n-A -t 10.0.0.1:443\n-a -t 10.0.0.1:443 -r 10.0.0.13 -i" + closedOutput +
			"iptables -A OUTPUT -p tcp --dport 80 -j ACCEPT",
		finds: "TCP 10.0.0.1:443 -> 10.0.0.13:443: The chain OUTPUT of the table ip filter (iptables) drops packets to 10.0.0.13:443. | " +
			"iptables -t filter -I OUTPUT -d 10.0.0.13 -p 4 -j ACCEPT",
	},
	{
		check: "output-drop", when: "a mark has any destination, so no command accepts only its packets",
		facts: marked + marks + "policy mark=7 table=100\nroute local 0.0.0.0/0 mark=7\niptables filter OUTPUT DROP\n",
		finds: "FWM 7 -> 10.0.0.11:0: The chain OUTPUT of the table ip filter (iptables) drops packets to 10.0.0.11:0.",
		also:  "icmp-blocked",
	},
	{
		check: "invalid-drop", when: "with direct routing",
		facts: lan + openInput + dropInvalid,
		finds: "TCP 10.0.0.1:80: The chain INPUT of the table ip filter (iptables) drops packets to 10.0.0.1:80 whose state is invalid. | " +
			"iptables -t raw -I PREROUTING -d 10.0.0.1 -p tcp --dport 80 -j CT --notrack",
	},
	{
		check: "invalid-drop", when: "the packets are not tracked",
		facts: lan + openInput + dropInvalid + "iptables raw PREROUTING ACCEPT\niptables -A PREROUTING -d 10.0.0.1/32 -p tcp -m tcp --dport 80 -j CT --notrack",
	},
	{
		check: "invalid-drop", when: "with address translation",
		facts: natOnly + "iptables filter FORWARD ACCEPT\niptables -A FORWARD -m conntrack --ctstate INVALID -j DROP",
		finds: "TCP 192.0.2.1:80: The chain FORWARD of the table ip filter (iptables) drops answers of 10.0.0.11:8080, because their state is invalid. | " +
			"sysctl -w net.ipv4.vs.conntrack=1",
	},
	{
		check: "invalid-drop", when: "with address translation, of what clients send",
		facts: natOnly + openInput + dropInvalid,
		finds: "TCP 192.0.2.1:80: The chain INPUT of the table ip filter (iptables) drops packets to 192.0.2.1:80 whose state is invalid. | " +
			"sysctl -w net.ipv4.vs.conntrack=1",
	},
	{check: "invalid-drop", when: "address translation that is tracked", facts: natOnly + openInput + dropInvalid + "sysctl net/ipv4/vs/conntrack=1"},
	{check: "invalid-drop", when: "of other packets", facts: lan + openInput + "iptables -A INPUT -p udp -m conntrack --ctstate INVALID -j DROP"},
	{
		check: "snat-conntrack", when: "a rule for IPVS",
		facts: natOnly + masquerade,
		finds: "TCP 192.0.2.1:80 -> 10.0.0.11:8080: The chain POSTROUTING of the table ip nat (iptables) translates packets to 10.0.0.11:8080, and " +
			"net.ipv4.vs.conntrack is 0. | sysctl -w net.ipv4.vs.conntrack=1",
	},
	{
		check: "snat-conntrack", when: "and nothing came back",
		facts: natOnly + masquerade + "traffic 192.0.2.1:80 10.0.0.11:8080 conns=3 in=9 out=0",
		finds: "fault: TCP 192.0.2.1:80 -> 10.0.0.11:8080: The chain POSTROUTING of the table ip nat (iptables) translates packets to 10.0.0.11:8080, and " +
			"net.ipv4.vs.conntrack is 0. Of 9 packets to the server none came back. | sysctl -w net.ipv4.vs.conntrack=1",
		also: "nat-return",
	},
	{
		check: "snat-conntrack", when: "a rule for all packets",
		facts: natOnly + "iptables nat POSTROUTING ACCEPT\niptables -A POSTROUTING -o eth1 -j MASQUERADE",
		finds: "note: TCP 192.0.2.1:80 -> 10.0.0.11:8080: The chain POSTROUTING of the table ip nat (iptables) translates packets to 10.0.0.11:8080, and " +
			"net.ipv4.vs.conntrack is 0. | sysctl -w net.ipv4.vs.conntrack=1",
	},
	{check: "snat-conntrack", when: "it has an effect", facts: natOnly + masquerade + "sysctl net/ipv4/vs/conntrack=1"},
	{check: "snat-conntrack", when: "for the Internet only", facts: natOnly + "iptables nat POSTROUTING ACCEPT\niptables -A POSTROUTING -o eth0 -j MASQUERADE"},
	{
		check: "icmp-blocked", when: "nothing else leaves",
		facts: lan + "iptables filter OUTPUT DROP\niptables -A OUTPUT -p tcp -j ACCEPT",
		finds: "The chain OUTPUT of the table ip filter (iptables) drops messages of icmp of the type destination-unreachable. | " +
			"iptables -t filter -I OUTPUT -p icmp --icmp-type destination-unreachable -j ACCEPT",
	},
	{check: "icmp-blocked", when: "related packets leave", facts: lan + "iptables filter OUTPUT DROP\niptables -A OUTPUT -m conntrack --ctstate RELATED -j ACCEPT", also: "output-drop"},
	{check: "icmp-blocked", when: "this type leaves", facts: lan + "iptables filter OUTPUT DROP\niptables -A OUTPUT -p icmp -m icmp --icmp-type 3/4 -j ACCEPT", also: "output-drop"},
	{check: "fwmark-none", when: "no rule sets the mark", facts: marked, finds: "FWM 7: No rule of the firewall sets the mark 7."},
	{
		check: "fwmark-none", when: "another mark",
		facts: marked + "iptables mangle PREROUTING ACCEPT\niptables -A PREROUTING -d 10.9.0.1/32 -j MARK --set-xmark 0x8/0xffffffff",
		finds: "FWM 7: No rule of the firewall sets the mark 7.",
	},
	{check: "fwmark-none", when: "a rule does", facts: marked + marks + "address 10.9.0.1/32 eth0"},
	{check: "fwmark-none", when: "part of the mark", facts: marked + "iptables mangle PREROUTING ACCEPT\niptables -A PREROUTING -j MARK --set-xmark 0x4/0x4"},
	{check: "fwmark-none", when: "no service has a mark", facts: lan},
	{check: "fwmark-none", when: "some rules cannot be read", facts: marked + "firewall partial", finds: "error: nft is not installed"},
	{
		check: "fwmark-local", when: "the address is another machine's",
		facts: marked + marks,
		finds: "FWM 7: Packets to 10.9.0.1 get the mark 7, and with that mark the address is not local. | ip rule add fwmark 7 lookup 100 | " +
			"ip route add local 0.0.0.0/0 dev lo table 100",
	},
	{check: "fwmark-local", when: "it is local with the mark", facts: marked + marks + "policy mark=7 table=100\nroute local 0.0.0.0/0 mark=7"},
	{check: "fwmark-local", when: "an interface has it", facts: marked + marks + "address 10.9.0.1/32 eth0"},
	{
		check: "fwmark-local", when: "policy rules may make it local",
		facts: marked + marks + "policy selective",
		finds: "warning: FWM 7: Packets to 10.9.0.1 get the mark 7, and with that mark the address is not local. But policy rules go by more than the destination, " +
			"and may make it local for packets that come in. | ip rule add fwmark 7 lookup 100 | ip route add local 0.0.0.0/0 dev lo table 100",
	},
	{
		check: "sync-fw", when: "the messages are dropped",
		facts: lan + "daemon backup eth0 7\n" + closedInput + "iptables -A INPUT -d 10.0.0.1/32 -j ACCEPT",
		finds: "backup sync daemon: The chain INPUT of the table ip filter (iptables) drops the messages to 224.0.0.81:8848. | " +
			"iptables -t filter -I INPUT -d 224.0.0.81 -p udp --dport 8848 -j ACCEPT",
	},
	{check: "sync-fw", when: "the interface is trusted", facts: lan + "daemon backup eth0 7\n" + closedInput + "iptables -A INPUT -i eth0 -j ACCEPT"},
	{check: "sync-fw", when: "the master gets none", facts: lan + "daemon master eth0 7\n" + closedInput + "iptables -A INPUT -d 10.0.0.1/32 -j ACCEPT"},
}

// With ten thousand rules that may match it still ends, or says that there are too many.
func TestLargeFirewall(t *testing.T) {
	text := "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT DROP [0:0]\n"
	for i := range 10_000 {
		text += fmt.Sprintf("-A INPUT -s 192.0.%d.%d/32 -j DROP\n", i/256, i%256)
	}
	rules, err := firewall.ParseIPTables(text+"COMMIT\n", false)
	if err != nil {
		t.Fatal(err)
	}
	l := newLarge()
	l.firewall = rules
	report, err := diagnose.Run(l, diagnose.Options{})
	if err != nil {
		t.Fatal(err)
	}
	const want = "the firewall has 10000 rules, too many to try with 11000 services and servers: name one service"
	said := false
	for _, n := range report.NotChecked {
		said = said || n.Reason == want && strings.Contains(strings.Join(n.IDs, " "), "input-drop")
	}
	if !said {
		t.Errorf("%+v", report.NotChecked)
	}
	start := time.Now()
	if report, err = diagnose.Run(l, diagnose.Options{Service: l.table[0].Service.ServiceID}); err != nil || len(report.Findings) == 0 {
		t.Errorf("%+v, %v", report, err)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
}
