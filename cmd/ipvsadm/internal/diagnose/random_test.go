// SPDX-License-Identifier: Apache-2.0

package diagnose_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/diagnose"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/diagnose/diagnosetest"
	"pgregory.net/rapid"
)

// manyFacts are facts of machines, good and bad ones, in any order.
var manyFacts = []string{
	"link eth0 down", "link eth1", "link eth1 nocarrier", "link eth1 nomulticast mtu=68", "link lo down loopback", "link tunl0 kind=ipip noarp",
	"link tunl0 kind=ipip noarp down", "link kube-ipvs0 noarp", "link $(id) kind=dummy",
	"address 10.0.0.1/32 eth0", "address 10.0.0.1/24 lo", "address 10.0.0.1/32 lo", "address 10.0.0.1/32 kube-ipvs0", "address 10.0.0.1/0 eth9",
	"address 10.0.0.11/24 eth1", "address fd00::1/128 eth0 duplicate", "address fd00::1/128 lo tentative", "address fd00::fe/64 eth0",
	"route default via 10.0.0.253 eth0", "route default via fd00::253 eth0", "route default eth1", "route local 10.0.0.0/24", "route unreachable 10.0.0.0/8",
	"route 10.0.0.11/32 via 10.0.0.9 eth1", "policy mark=7 table=100", "route local 0.0.0.0/0 mark=7",
	"neighbour 10.0.0.11 eth0 failed", "neighbour 10.0.0.12 eth0 incomplete", "neighbour 10.0.0.11 eth1 02:00:00:00:00:01", "neighbour fd00::11 eth0 failed",
	"sysctl net/ipv4/ip_forward=1", "sysctl net/ipv4/conf/eth0/forwarding=1", "sysctl net/ipv4/conf/all/arp_ignore=1", "sysctl net/ipv4/conf/all/rp_filter=1",
	"sysctl net/ipv4/conf/all/arp_ignore=much", "no sysctl net/ipv4/vs/conntrack", "sysctl net/ipv4/vs/conntrack=", "sysctl net/ipv4/vs/drop_entry=-3",
	"sysctl net/netfilter/nf_conntrack_max=0", "listener tcp 0.0.0.0:80", "listener tcp [::]:81", "daemon master eth9 7", "daemon backup eth0 0",
	"timeouts 0 0 0", "timeouts 4294967295 1 1", "module xt_nat", "module arptable_filter", "manager keepalived", "release 4.19", "release", "without CAP_NET_ADMIN",
	"configured conntrack=1 /etc/sysctl.d/lvs.conf", "configured = /a", "unreadable configured",
	"unreadable addresses", "unreadable routes", "unreadable links", "unreadable sysctls", "unreadable policy", "unreadable neighbours", "unreadable daemons",
	"answer 10.0.0.1 eth0 02:00:00:00:00:01", "answer fd00::1 eth0 02:00:00:00:00:01", "unreadable answers",
	"traffic 10.0.0.1:80 10.0.0.11:80 conns=3 in=9 out=0 active=30",
	"iptables filter INPUT DROP\niptables -A INPUT -m conntrack --ctstate INVALID -j DROP", "iptables filter FORWARD DROP", "iptables filter OUTPUT DROP",
	"iptables mangle PREROUTING ACCEPT\niptables -A PREROUTING -d 10.0.0.1/32 -j MARK --set-xmark 0x7/0xffffffff", masquerade, "firewall partial",
	"unreadable firewall", "counter IPReversePathFilter 7", "conntable buckets=0", "conntable buckets=1 entries=9 nodes=9 crowded=9", "lro eth0", "unreadable lro",
	"sysctl net/ipv4/vs/conn_max=9", "sysctl net/ipv4/vs/conn_max=-9", "lacks ip_vs_rr", "vendor OpenStack", "boot -A -t 10.0.0.9:80", "boot elsewhere",
	"connections 10.0.0.1:80 10.0.0.11:80 192.0.2.7 3", "unreadable connections", "route default via 10.0.0.9 eth0 from=10.0.0.11",
}

// manyTables are rules for these machines.
var manyTables = []string{
	"",
	lan,
	"-A -t 10.0.0.1:80\n-a -t 10.0.0.1:80 -r 10.0.0.11 -m -x 10\n-A -t [fd00::1]:80\n-a -t [fd00::1]:80 -r fd00::11 -m",
	"-A -f 7\n-a -f 7 -r 10.0.0.11 -i\n-a -f 7 -r 10.0.0.12 -i --tun-type gue --tun-port 6080\n-A -f 7 -6\n-A -u 0.0.0.0:53 -o",
	"-A -t 10.0.0.1:80 -s wrr -p\n-a -t 10.0.0.1:80 -r 10.0.0.11 -w 0\n-a -t 10.0.0.1:80 -r fd00::11 -i -w 2147483647\n-a -t 10.0.0.1:80 -r 10.0.0.12 -i",
}

var manyWords = []string{
	"", "--probe", "--client 10.0.0.77", "--client fd00::77", "-t 10.0.0.1:80 --client 10.0.0.1", "real-server -t 10.0.0.1:80 -g", "real-server -t [fd00::1]:80 -g --client fd00::77",
	"real-server -t 10.0.0.1:80 -i --director 10.0.0.253", "real-server -t 10.0.0.1:80 -m -r 10.0.0.11:81 --director 10.0.0.253 --client 10.9.9.9",
	"real-server --sctp-service 10.0.0.1:80 -m -r 10.0.0.11:81",
}

// Whatever a machine is like, each check finds something with a text, or cannot be made.
func TestRandomMachines(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		facts := rapid.SampledFrom(manyTables).Draw(r, "table") + "\n" + strings.Join(rapid.SliceOf(rapid.SampledFrom(manyFacts)).Draw(r, "facts"), "\n")
		o := parse(t, rapid.SampledFrom(manyWords).Draw(r, "words"))
		report, err := diagnose.Run(diagnosetest.New(t, facts), o)
		if err != nil {
			return // there is no such service
		}
		for _, f := range report.Findings {
			if f.Severity < diagnose.Fault || f.Severity > diagnose.Note || f.Facts == "" || f.Symptom == "" || f.Advice == "" ||
				slices.ContainsFunc(f.Commands, func(words []string) bool { return len(words) < 2 || slices.Contains(words, "") }) {
				r.Fatalf("%+v", f)
			}
		}
		for _, n := range report.NotChecked {
			if n.Reason == "" {
				r.Fatalf("%+v", n)
			}
		}
	})
}
