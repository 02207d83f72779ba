// SPDX-License-Identifier: Apache-2.0

package diagnose_test

import (
	"fmt"
	"strings"
)

// drained is a persistent service with a server that gets no new clients.
const drained = lan + `
	-A -t 10.0.0.1:443 -p
	-a -t 10.0.0.1:443 -r 10.0.0.11 -w 0
	-a -t 10.0.0.1:443 -r 10.0.0.12
`

var settingsRows = []row{
	{
		check: "persist-drain", when: "known clients still come", facts: drained,
		finds: "TCP 10.0.0.1:443 -> 10.0.0.11:443: The server has the weight 0, its service is persistent, and expire_quiescent_template is 0. | " +
			"sysctl -w net.ipv4.vs.expire_quiescent_template=1",
	},
	{check: "persist-drain", when: "templates expire", facts: drained + "sysctl net/ipv4/vs/expire_quiescent_template=1"},
	{check: "persist-drain", when: "no server is drained", facts: lan},
	{
		check: "persist-drain", when: "a container has no settings of IPVS",
		facts: drained + "no sysctl net/ipv4/vs/expire_quiescent_template",
		finds: "error: there is no sysctl net.ipv4.vs.expire_quiescent_template here",
	},
	{
		check: "nodest", when: "keepalived removes servers",
		facts: lan + "manager keepalived",
		finds: "keepalived runs here, and expire_nodest_conn is 0. | sysctl -w net.ipv4.vs.expire_nodest_conn=1",
	},
	{check: "nodest", when: "connections expire", facts: lan + "manager keepalived\nsysctl net/ipv4/vs/expire_nodest_conn=1"},
	{check: "nodest", when: "nobody removes servers", facts: lan},
	{
		check: "reuse-1s", when: "an old kernel with connection tracking",
		facts: nat + `
			release 4.19.0-27-amd64
			sysctl net/ipv4/vs/conntrack=1
		`,
		finds: "conn_reuse_mode and conntrack are 1, and the kernel is older than Linux 5.9.",
	},
	{check: "reuse-1s", when: "a newer kernel", facts: nat + "sysctl net/ipv4/vs/conntrack=1"},
	{check: "reuse-1s", when: "without connection tracking", facts: nat + "release 4.19.0-27-amd64"},
	{
		check: "reuse-1s", when: "the release is not a number",
		facts: nat + "release mine",
		finds: `error: "mine" is not the release of a kernel`,
	},
	{
		check: "reuse-0", when: "a newer kernel",
		facts: lan + "sysctl net/ipv4/vs/conn_reuse_mode=0",
		finds: "conn_reuse_mode is 0. | sysctl -w net.ipv4.vs.conn_reuse_mode=1",
	},
	{check: "reuse-0", when: "an older kernel", facts: lan + "release 5.15.0-100-generic\nsysctl net/ipv4/vs/conn_reuse_mode=0"},
	{check: "reuse-0", when: "the default", facts: lan},
	{
		check: "drop-defence", when: "always",
		facts: lan + "sysctl net/ipv4/vs/drop_entry=3",
		finds: "drop_entry is 3: it always drops. | sysctl -w net.ipv4.vs.drop_entry=0",
	},
	{
		check: "drop-defence", when: "while memory is short",
		facts: lan + "sysctl net/ipv4/vs/drop_packet=2",
		finds: "drop_packet is 2: it drops now, because memory is short.",
	},
	{check: "drop-defence", when: "when memory gets short", facts: lan + "sysctl net/ipv4/vs/drop_packet=1"},
	{
		check: "estimator", when: "off",
		facts: lan + "sysctl net/ipv4/vs/run_estimation=0",
		finds: "run_estimation is 0. | sysctl -w net.ipv4.vs.run_estimation=1",
	},
	{check: "estimator", when: "the kernel has no such setting", facts: lan},
	{
		check: "timeout-keepalive", when: "the defaults", facts: lan,
		finds: "IPVS forgets a TCP connection after 900 seconds without a packet, and this machine sends keepalive packets after 7200. | ipvsadm --set 7800 0 0",
	},
	{check: "timeout-keepalive", when: "a long timeout", facts: lan + "timeouts 7800 120 300"},
	{check: "timeout-keepalive", when: "packets are sent earlier", facts: lan + "sysctl net/ipv4/tcp_keepalive_time=600"},
	{
		check: "conntrack-full", when: "nearly",
		facts: lan + `
			sysctl net/netfilter/nf_conntrack_max=65536
			sysctl net/netfilter/nf_conntrack_count=65000
		`,
		finds: "The table has 65000 of at most 65536 entries. | sysctl -w net.netfilter.nf_conntrack_max=131072",
	},
	{check: "conntrack-full", when: "not at all", facts: lan + "sysctl net/netfilter/nf_conntrack_max=65536\nsysctl net/netfilter/nf_conntrack_count=65"},
	{check: "conntrack-full", when: "there is no connection tracking", facts: lan},
	{
		check: "sysctl-file", when: "settings were changed by hand",
		facts: lan + `
			sysctl net/ipv4/vs/sync_threshold=3 100
			configured conntrack=1 /etc/sysctl.d/lvs.conf
			configured sync_threshold=3 50 /etc/sysctl.d/lvs.conf
		`,
		finds: `conntrack is "0", and /etc/sysctl.d/lvs.conf sets it to "1".
			sync_threshold is "3 100", and /etc/sysctl.d/lvs.conf sets it to "3 50".`,
	},
	{check: "sysctl-file", when: "the values are those of the file", facts: lan + "configured conntrack=0 /etc/sysctl.d/lvs.conf"},
	{
		check: "sysctl-file", when: "memory is short", also: "drop-defence",
		facts: lan + "sysctl net/ipv4/vs/drop_entry=2\nconfigured drop_entry=1 /etc/sysctl.d/lvs.conf",
	},
	{check: "sysctl-file", when: "the kernel lacks the setting", facts: lan + "configured conn_max=7 /etc/sysctl.d/lvs.conf"},
	{
		check: "sysctl-file", when: "a file cannot be read", facts: lan + "unreadable configured",
		finds: "error: configured: permission denied",
	},
	{check: "manager", when: "kube-proxy runs", facts: lan + "manager kube-proxy", finds: "kube-proxy runs here.", also: "nodest"},
	{check: "manager", when: "none runs", facts: lan},
	{check: "pmtu-disc", when: "off", facts: lan + "sysctl net/ipv4/vs/pmtu_disc=0", finds: "pmtu_disc is 0. | sysctl -w net.ipv4.vs.pmtu_disc=1"},
	{check: "pmtu-disc", when: "the default", facts: lan},
	{
		check: "est-load", when: "an older kernel with many servers",
		facts: lan + manyServers(), finds: "There are 10004 services and servers.",
	},
	{check: "est-load", when: "a newer kernel", facts: lan + "release 6.12.0\n" + manyServers()},
	{check: "est-load", when: "few servers", facts: lan},
}

// manyServers returns the rules of a service with ten thousand servers.
func manyServers() string {
	var b strings.Builder
	b.WriteString("\n-A -t 10.0.0.1:81\n")
	for i := range 10_000 {
		fmt.Fprintf(&b, "-a -t 10.0.0.1:81 -r 10.0.0.11:%d -m\n", 1+i)
	}
	return b.String() + "sysctl net/ipv4/ip_forward=1\nsysctl net/ipv4/conf/eth0/forwarding=1\n"
}
