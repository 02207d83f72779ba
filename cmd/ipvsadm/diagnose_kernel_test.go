// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/format"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// brokenSetup is a set-up with one fault. Commands are those of a shell.
type brokenSetup struct {
	check  string
	facts  string // commands that make a good set-up
	breaks string
	words  string // of --diagnose
	mends  string // commands, if the report has none
}

var brokenSetups = []brokenSetup{
	{"no-services", emptySetup, "", notes, "ipvsadm -A -t 10.0.0.254:81; ipvsadm -a -t 10.0.0.254:81 -r 10.0.0.11 -g"},
	{"weight-range", directorSetup, "ipvsadm -E --keep -t 10.0.0.1:80 -s wrr; ipvsadm -a -t 10.0.0.1:80 -r 10.0.0.12 -g -w 2000", notes, "ipvsadm -e --keep -t 10.0.0.1:80 -r 10.0.0.12 -w 2"},
	{"persist-port0", directorSetup, "ipvsadm -A -t 10.0.0.1:0 -p; ipvsadm -a -t 10.0.0.1:0 -r 10.0.0.11 -g", "", "ipvsadm -D -t 10.0.0.1:0"},
	{"udp-timeout", directorSetup, "ipvsadm -A -u 10.0.0.1:53; ipvsadm -a -u 10.0.0.1:53 -r 10.0.0.11 -g", notes, ""},
	{"weight-zero-old", directorSetup, "ipvsadm -a -t 10.0.0.1:80 -r 10.0.0.12 -g -w 0", notes, ""},
	{"fwmark-port0", markedSetup, "ipvsadm -a -f 7 -r 10.0.0.12 -m", notes, "ipvsadm -d -f 7 -r 10.0.0.12; ipvsadm -a -f 7 -r 10.0.0.12:443 -m"},
	{"same-server-twice", markedSetup, "ipvsadm -a -f 7 -r 10.0.0.11:8443 -g", "", "ipvsadm -d -f 7 -r 10.0.0.11:8443"},
	{"modules", emptySetup, "printf '%s\\n' '-A -t 10.0.0.1:80 -s nonesuch' '-a -t 10.0.0.1:80 -r 10.0.0.11' >/tmp/rules", "--rules /tmp/rules", "sed -i s/nonesuch/rr/ /tmp/rules"},
	{"local-client", directorSetup, "ip address add 10.0.0.99/32 dev eth0", notes + " --client 10.0.0.99", "ip address delete 10.0.0.99/32 dev eth0"},
	{"vip-prefix", emptySetup, "ip address flush dev eth0; ip address add 10.0.0.1/24 dev eth0; ip address add 10.0.0.254/24 dev eth0; ip route add default via 10.0.0.253; " +
		"ipvsadm -A -t 10.0.0.1:80; ipvsadm -a -t 10.0.0.1:80 -r 10.0.0.11 -g", notes + " --client 198.51.100.7", ""},
	{"rs-local", directorSetup, "ipvsadm -a -t 10.0.0.1:80 -r 10.0.0.254 -g", notes, "ipvsadm -d -t 10.0.0.1:80 -r 10.0.0.254"},
	{"rs-same-mac", directorSetup, "ipvsadm -a -t 10.0.0.1:80 -r 10.0.0.12 -g; ip neigh add 10.0.0.11 lladdr 02:00:00:00:00:11 dev eth0; ip neigh add 10.0.0.12 lladdr 02:00:00:00:00:11 dev eth0", "",
		"ip neigh replace 10.0.0.12 lladdr 02:00:00:00:00:12 dev eth0"},
	{"rs-wrong-if", directorSetup, "modprobe ipip; ip link set tunl0 up; ip route add 10.8.0.11 dev tunl0; ipvsadm -a -t 10.0.0.1:80 -r 10.8.0.11 -g", "", "ip route delete 10.8.0.11; ip route add 10.8.0.11 dev eth0"},
	{"reuse-0", directorSetup, "sysctl -qw net.ipv4.vs.conn_reuse_mode=0", notes, ""},
	{"estimator", directorSetup, "sysctl -qw net.ipv4.vs.run_estimation=0", notes, ""},
	{"timeout-keepalive", directorSetup, "", "--verbose --skip port-taken", ""},
	{"nodest", directorSetup, "sysctl -qw net.ipv4.vs.expire_nodest_conn=0; " + otherManager, "", ""},
	{"manager", directorSetup, "sysctl -qw net.ipv4.vs.expire_nodest_conn=1; " + otherManager, notes, "kill $(cat /tmp/manager)"},
	{"pmtu-disc", directorSetup, "sysctl -qw net.ipv4.vs.pmtu_disc=0", notes, ""},
	{"sync-id", syncSetup, "ipvsadm --start-daemon backup --mcast-interface eth0 --syncid 8", notes, "ipvsadm --stop-daemon backup; ipvsadm --start-daemon backup --mcast-interface eth0 --syncid 7"},
	{"sync-ports", syncSetup, "ipvsadm --stop-daemon master; sysctl -qw net.ipv4.vs.sync_ports=2; ipvsadm --start-daemon master --mcast-interface eth0 --syncid 7", notes,
		"ipvsadm --stop-daemon master; sysctl -qw net.ipv4.vs.sync_ports=1; ipvsadm --start-daemon master --mcast-interface eth0 --syncid 7"},
	{"persist-skew", directorSetup, "ipvsadm --set 0 0 30; ipvsadm -A -u 10.0.0.1:5353 -p; ipvsadm -a -u 10.0.0.1:5353 -r 10.0.0.11 -g; ipvsadm -a -u 10.0.0.1:5353 -r 10.0.0.12 -g; " +
		"ip neigh add 10.0.0.11 lladdr 02:00:00:00:00:11 dev eth0; ip neigh add 10.0.0.12 lladdr 02:00:00:00:00:12 dev eth0; " +
		"for i in {1..150}; do echo >/dev/udp/10.0.0.1/5353; done", notes, "ipvsadm -D -u 10.0.0.1:5353"},
	{"vip-missing", directorSetup, "ip address delete 10.0.0.1/32 dev eth0", "", ""},
	{"vip-missing", directorSetup, "ip -6 address delete fd00::1/128 dev eth0", "", ""},
	{"vip-down", directorSetup, "ip address delete 10.0.0.1/32 dev eth0; ip link set other up; ip address add 10.0.0.1/32 dev other; ip link set other down", "", ""},
	{"vip-noarp", directorSetup, "ip address delete 10.0.0.1/32 dev eth0; ip address add 10.0.0.1/32 dev lo; sysctl -qw net.ipv4.conf.all.arp_ignore=1", "", ""},
	{"all-zero", directorSetup, "ipvsadm -e --keep -r 10.0.0.11 -w 0", "", ""},
	{"dr-gateway", directorSetup, "ip link set eth0 mtu 1520; ip route add default via 10.0.0.253; ipvsadm -a -t 10.0.0.1:80 -r 172.128.10.31 -g", "", ""},
	{"nat-forward", directorSetup, "ipvsadm -a -t 10.0.0.1:80 -r 10.0.0.12:8080 -m; sysctl -qw net.ipv4.ip_forward=0", "", ""},
	{"nat-forward", directorSetup, "ipvsadm -a -t '[fd00::1]:80' -r '[fd00::12]:8080' -m; sysctl -qw net.ipv6.conf.all.forwarding=0", "", ""},
	{"persist-drain", directorSetup, "ipvsadm -A -t 10.0.0.1:81 -p; ipvsadm -a -t 10.0.0.1:81 -r 10.0.0.11; ipvsadm -a -t 10.0.0.1:81 -r 10.0.0.12 -w 0", "", ""},
	{"sync-if", directorSetup, "ip address add 10.0.7.1/24 dev other; ip link set other up; ipvsadm --start-daemon backup --mcast-interface other; ip link set other down", "", ""},
	{"rp-filter", directorSetup, "ip link set other up; ip address add 192.0.2.1/24 dev other; sysctl -qw net.ipv4.conf.all.rp_filter=1", "--client 192.0.2.77", ""},
	{"input-drop", directorSetup, dropInput + "nft add rule inet f in meta nfproto ipv6 accept", "", ""},
	{"input-drop", directorSetup, "iptables -P INPUT DROP; iptables -A INPUT -p tcp --dport 22 -j ACCEPT; iptables -A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT", "", ""},
	{"input-drop", directorSetup, "ip6tables -P INPUT DROP; ip6tables -A INPUT -i lo -j ACCEPT", "", ""},
	{"vip-redirected", directorSetup, "iptables -t nat -A PREROUTING -p tcp --dport 80 -j DNAT --to-destination 10.0.0.7:8080", "", ""},
	{"vip-redirected", directorSetup, "nft add table ip n; nft add chain ip n p '{ type nat hook prerouting priority dstnat; }'; nft add rule ip n p tcp dport '{ 80, 443 }' redirect to :8080", "", ""},
	{"forward-drop", natSetup, "iptables -P FORWARD DROP", "", ""},
	{"forward-drop", natSetup, "iptables -P FORWARD DROP; iptables -A FORWARD -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT", "", ""},
	{"output-drop", natSetup, "iptables -P OUTPUT DROP; iptables -A OUTPUT -p icmp -j ACCEPT; iptables -A OUTPUT -m conntrack --ctstate NEW,ESTABLISHED -j ACCEPT", "", ""},
	{"output-drop", directorSetup, "ip6tables -P OUTPUT DROP; ip6tables -A OUTPUT -p icmpv6 -j ACCEPT", "", ""},
	{"invalid-drop", natSetup, "iptables -A FORWARD -m conntrack --ctstate INVALID -j DROP", "", ""},
	{"invalid-drop", directorSetup, "nft add table ip f; nft add chain ip f in '{ type filter hook input priority 0; }'; nft add rule ip f in ct state vmap '{ invalid : drop, established : accept, related : accept }'", "", ""},
	{"invalid-drop", directorSetup, "iptables -A INPUT -m conntrack --ctstate INVALID -j DROP", "", ""},
	{"snat-conntrack", natSetup, "iptables -t nat -A POSTROUTING -m ipvs --vaddr 10.0.0.1 --vport 80 -j MASQUERADE", "", ""},
	{"icmp-blocked", directorSetup, "nft add table ip f; nft add chain ip f out '{ type filter hook output priority 0; policy drop; }'; nft add rule ip f out ip protocol tcp accept", "", ""},
	{"icmp-blocked", directorSetup, "ip6tables -P OUTPUT DROP; ip6tables -A OUTPUT -p tcp -j ACCEPT", "", ""},
	{"fwmark-none", directorSetup, markedService, "", markRules},
	{"fwmark-none", directorSetup, markedService + "iptables -t mangle -A PREROUTING -d 10.0.0.1 -p tcp --dport 443 -j MARK --set-mark 8", "", markRules},
	{"fwmark-local", directorSetup, markedService + "iptables -t mangle -A PREROUTING -d 10.9.0.1 -p tcp -m multiport --dports 80,443 -j MARK --set-mark 7", "", ""},
	{"fwmark-local", directorSetup, markedService + strings.ReplaceAll(markRules, "10.0.0.1", "10.9.0.1"), "", ""},
	{"sync-fw", directorSetup, dropInput + "nft add rule inet f in tcp dport 80 accept; ip route add 224.0.0.0/4 dev eth0; ipvsadm --start-daemon backup --mcast-interface eth0", "", ""},
	{"kube-vip-node", directorSetup, "ip link add kube-ipvs0 type veth peer name kube-far; ip address add 10.0.0.254/32 dev kube-ipvs0", "", ""},
	{"r-two-paths", serverSetup, "ip route add default via 10.0.0.254; ip rule add from 10.0.0.11 lookup 200; ip route add default via 10.0.0.253 table 200", natWords + " --client 198.51.100.7", ""},
	{"r-redirect", serverSetup, "ip route add 10.0.0.77/32 via 10.0.0.254; sysctl -qw net.ipv4.conf.all.accept_redirects=1 net.ipv4.conf.eth0.accept_redirects=1", natWords + " --client 10.0.0.77", ""},
	{"r-mss", serverSetup, "modprobe ipip; ip link set tunl0 up; ip route add default via 10.0.0.253", "real-server -t 10.0.0.1:80 -i", ""},
	{"r-fw", serverSetup, "iptables -P INPUT DROP; iptables -A INPUT -p udp -j ACCEPT", serverWords, ""},
	{"r-fw", serverSetup, "modprobe ipip; ip link set tunl0 up; ip route add default via 10.0.0.253 advmss 1440; " + dropInput + "nft add rule inet f in tcp dport 80 accept", "real-server -t 10.0.0.1:80 -i", ""},
	{"r-self", serverSetup, "ipvsadm -A -t 10.0.0.1:80; ipvsadm -a -t 10.0.0.1:80 -r 10.0.0.12 -g; ipvsadm --start-daemon backup --mcast-interface eth0", serverWords, ""},
	{"r-vip", serverSetup, "ip address delete 10.0.0.1/32 dev lo", serverWords, ""},
	{"r-vip-prefix", serverSetup, "ip address delete 10.0.0.1/32 dev lo; ip address add 10.0.0.1/24 dev lo", serverWords, ""},
	{"r-arp-ignore", serverSetup, "sysctl -qw net.ipv4.conf.all.arp_ignore=0", serverWords, ""},
	{"r-arp-ignore", serverSetup, "ip address delete 10.0.0.1/32 dev lo; ip address add 10.0.0.1/32 dev eth0", serverWords, ""},
	{"r-arp-ignore", serverSetup, "sysctl -qw net.ipv4.conf.eth0.arp_ignore=3", serverWords, ""},
	{"r-arp-announce", serverSetup, "sysctl -qw net.ipv4.conf.eth0.arp_announce=3", serverWords, ""},
	{"r-arp-announce", serverSetup, "sysctl -qw net.ipv4.conf.all.arp_announce=0", serverWords, ""},
	{"r-nat-route", serverSetup, "ip route add default via 10.0.0.253", "real-server -t 10.0.0.1:80 -m -r 10.0.0.11:80 --director 10.0.0.254", ""},
	{"r-tunl", serverSetup, "modprobe ipip; ip link set tunl0 down", "real-server -t 10.0.0.1:80 -i", ""},
	{"r-tunl-rp", serverSetup, "modprobe ipip; ip link set tunl0 up; ip route add default via 10.0.0.253 advmss 1440; sysctl -qw net.ipv4.conf.all.rp_filter=1", "real-server -t 10.0.0.1:80 -i", ""},
}

// firstSetups are those that must be in the first network namespace.
var firstSetups = []brokenSetup{
	{"sysctl-file", firstSetup, "mkdir -p /etc/sysctl.d; echo net.ipv4.vs.pmtu_disc=0 >/etc/sysctl.d/lvs.conf", notes + ",boot", "rm /etc/sysctl.d/lvs.conf"},
	{"boot", firstSetup, "", notes, ""},
	{"conntrack-full", firstSetup, "modprobe nf_conntrack; nft add table ip f; nft add chain ip f out '{ type filter hook output priority 0; }'; nft add rule ip f out ct state new accept; " +
		"for i in {1..50}; do echo >/dev/udp/127.0.0.1/9; done 2>/dev/null; sysctl -qw net.netfilter.nf_conntrack_max=$(cat /proc/sys/net/netfilter/nf_conntrack_count)", "", "nft delete table ip f"},
}

// newerSetups are those for kernels with a setting.
var newerSetups = []struct {
	setting string
	brokenSetup
}{
	{"conn_lfactor", brokenSetup{"conn-tab", connectedSetup, "sysctl -qw net.ipv4.vs.conn_lfactor=4; " + manyConnections, "", "sysctl -qw net.ipv4.vs.conn_lfactor=-4; sleep 3"}},
	{"conn_max", brokenSetup{"conn-max", connectedSetup, "sysctl -qw net.ipv4.vs.conn_max=200; " + manyConnections, "", ""}},
}

const (
	// connectedSetup has a server that is known to be there, for packets of this machine.
	connectedSetup = directorSetup + `
		ip neigh add 10.0.0.11 lladdr 02:00:00:00:00:11 dev eth0
		ipvsadm -A -u 10.0.0.1:5353
		ipvsadm -a -u 10.0.0.1:5353 -r 10.0.0.11 -g
	`
	manyConnections = "for i in {1..1200}; do echo >/dev/udp/10.0.0.1/5353; done 2>/dev/null; true"
	// notes are words with which notes are found, too, but not those that a good set-up has.
	notes = "--verbose --skip timeout-keepalive,port-taken"
	// otherManager is a program of the name keepalived.
	otherManager = "rm -f /tmp/keepalived; cp $(command -v bash) /tmp/keepalived; /tmp/keepalived -c 'sleep 60; :' >/tmp/log 2>&1 & " +
		"sleep 0.5; echo $! >/tmp/manager; grep -q keepalived /proc/$!/comm"
	bothSetups = `
		ip link set lo up
		ip link add eth0 type veth peer name far
		ip link set far up
		ip link set eth0 up
		sysctl -qw net.ipv6.conf.eth0.accept_dad=0
		ip link add other type veth peer name other-far
		ip link set other-far up
		sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0
	`
	firstSetup = `
		ip link set lo up
		ip link add eth9 type veth peer name far9
		ip link set far9 up
		ip link set eth9 up
		ip address add 10.9.0.254/24 dev eth9
		ip address add 10.9.0.1/32 dev eth9
		ipvsadm -A -t 10.9.0.1:80
		ipvsadm -a -t 10.9.0.1:80 -r 10.9.0.11 -g
	`
	emptySetup  = bothSetups + "\nip address add 10.0.0.254/24 dev eth0\n"
	markedSetup = directorSetup + markRules + "\nsysctl -qw net.ipv4.ip_forward=1\nipvsadm -A -f 7\nipvsadm -a -f 7 -r 10.0.0.11:443 -g\n"
	syncSetup   = directorSetup + "\nip route add 224.0.0.0/4 dev eth0\nipvsadm --start-daemon master --mcast-interface eth0 --syncid 7\n"

	directorSetup = bothSetups + `
		ip address add 10.0.0.254/24 dev eth0
		ip address add 10.0.0.1/32 dev eth0
		ip address add fd00::fe/64 dev eth0 nodad
		ip address add fd00::1/128 dev eth0 nodad
		ipvsadm -A -t 10.0.0.1:80
		ipvsadm -a -t 10.0.0.1:80 -r 10.0.0.11 -g
		ipvsadm -A -t '[fd00::1]:80'
		ipvsadm -a -t '[fd00::1]:80' -r fd00::11 -g
	`
	serverSetup = bothSetups + `
		sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2
		ip address add 10.0.0.11/24 dev eth0
		ip address add 10.0.0.1/32 dev lo
	`
	serverWords = "real-server -t 10.0.0.1:80 -g"
	natWords    = "real-server -t 10.0.0.1:80 -m -r 10.0.0.11:80 --director 10.0.0.254"
	natSetup    = bothSetups + `
		ip address add 10.0.0.254/24 dev eth0
		ip address add 10.0.0.1/32 dev eth0
		sysctl -qw net.ipv4.ip_forward=1
		ipvsadm -A -t 10.0.0.1:80
		ipvsadm -a -t 10.0.0.1:80 -r 10.0.0.11:8080 -m
	`
	dropInput     = "nft add table inet f; nft add chain inet f in '{ type filter hook input priority 0; policy drop; }'; "
	markedService = "ipvsadm -A -f 7; ipvsadm -a -f 7 -r 10.0.0.11 -g; "
	markRules     = "nft add table ip m; nft add chain ip m marks '{ type filter hook prerouting priority mangle; }'; " +
		"nft add rule ip m marks ip daddr 10.0.0.1 tcp dport '{ 443, 8443 }' meta mark set 7"
)

// In each set-up exactly the broken thing is found, and the commands of the report, as they
// are printed, mend it.
func testDiagnosis(t *testing.T) {
	for _, setup := range brokenSetups {
		t.Run(setup.check, func(t *testing.T) { testBroken(t, setup, func() {}) })
	}
	for _, setup := range newerSetups {
		t.Run(setup.check, func(t *testing.T) {
			if _, err := os.Stat("/proc/sys/net/ipv4/vs/" + setup.setting); err != nil {
				t.Skipf("this kernel has no setting %s", setup.setting)
			}
			testBroken(t, setup.brokenSetup, func() {})
		})
	}
	for _, setup := range firstSetups {
		t.Run(setup.check, func(t *testing.T) {
			run := shellWithIPVSAdm(t)
			t.Cleanup(func() { run("ipvsadm -C; ip link delete eth9; rm -f /etc/ipvsadm.rules") })
			testMends(t, run, setup, func() {})
		})
	}
	t.Run("dr-port", func(t *testing.T) {
		testBroken(t, brokenSetup{"dr-port", directorSetup, "", "", "ipvsadm -d -t 10.0.0.1:80 -r 10.0.0.12:8080"}, func() { addServerOfOtherPort(t) })
	})
}

// addServerOfOtherPort adds a server as other programs can do it: ipvsadm gives one of direct
// routing the port of its service.
func addServerOfOtherPort(t *testing.T) {
	t.Helper()
	client, err := ipvs.Dial()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	service := ipvs.ServiceID{Protocol: ipvs.TCP, AddrPort: netip.MustParseAddrPort("10.0.0.1:80")}
	server := ipvs.Destination{DestinationID: ipvs.DestinationID{AddrPort: netip.MustParseAddrPort("10.0.0.12:8080")}, Forward: ipvs.DirectRoute, Weight: 1}
	if err := errors.Join(client.Apply([]ipvs.Change{ipvs.NewDestination(service, server)})...); err != nil {
		t.Fatal(err)
	}
}

// testBroken breaks a set-up, with its commands and with more, in a namespace of its own.
func testBroken(t *testing.T, setup brokenSetup, more func()) {
	inNewNamespace(t)
	testMends(t, shellWithIPVSAdm(t), setup, more)
}

func testMends(t *testing.T, run func(commands string), setup brokenSetup, more func()) {
	t.Helper()
	run("set -e\n" + setup.facts)
	listener, err := net.Listen("tcp", ":80") // in this namespace, since the goroutine stays on its thread
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	run(setup.breaks)
	more()
	found, lines := findings(t, setup.words)
	if !slices.Equal(found, []string{setup.check}) {
		t.Fatalf("found %q", found)
	}
	lines += setup.mends
	run("set -e\n" + lines)
	if found, _ := findings(t, setup.words); len(found) > 0 {
		t.Errorf("after\n%s it finds %q", lines, found)
	}
}

// shellWithIPVSAdm returns a function that runs commands in a shell. It is not that of busybox,
// which has an ip of its own.
func shellWithIPVSAdm(t *testing.T) func(commands string) {
	return func(commands string) {
		t.Helper()
		if out, err := exec.Command("bash", "-c", "ipvsadm() { "+binary+" \"$@\"; }\nipvsadm-boot() { (exec -a ipvsadm-boot "+binary+" \"$@\"); }\n"+commands).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", commands, err, out)
		}
	}
}

// findings returns the IDs of the checks that find a fault or a warning, and the commands of
// the report for people.
func findings(t *testing.T, words string) (ids []string, lines string) {
	t.Helper()
	args := append([]string{"--diagnose"}, strings.Fields(words)...)
	stdout, stderr, status := execute("", "ipvsadm", append(args, "--json")...)
	var document format.DiagnosisDocument
	if err := json.Unmarshal([]byte(stdout), &document); err != nil || stderr != "" {
		t.Fatalf("%v, %s", err, stderr)
	}
	faults := 0
	for _, f := range document.Findings {
		ids = append(ids, f.ID)
		if f.Severity == "fault" {
			faults++
		}
	}
	if (faults > 0) != (status == exitFaults) {
		t.Errorf("%d faults and status %d", faults, status)
	}
	text, _, _ := execute("", "ipvsadm", args...)
	for line := range strings.Lines(text) {
		if command, ok := strings.CutPrefix(line, "    "); ok && !strings.HasPrefix(command, "ipvsadm --diagnose") {
			lines += command
		}
	}
	return ids, lines
}
