// SPDX-License-Identifier: Apache-2.0

package diagnose_test

var syncRows = []row{
	{check: "sync-if", when: "the interface is up", facts: lan + "daemon master eth0 7\ndaemon backup eth0 7"},
	{check: "sync-if", when: "there is none", facts: lan + "daemon master eth9 7", finds: "master sync daemon: There is no interface eth9."},
	{
		check: "sync-if", when: "it is down",
		facts: lan + "link eth1 down\ndaemon backup eth1 7",
		finds: "backup sync daemon: eth1 is down. | ip link set eth1 up",
	},
	{
		check: "sync-if", when: "it has no multicast",
		facts: lan + "link eth1 nomulticast\ndaemon master eth1 7",
		finds: "warning: master sync daemon: eth1 has no multicast. | ip link set eth1 multicast on",
	},
	{check: "sync-id", when: "the same", facts: lan + "daemon master eth0 7\ndaemon backup eth0 7"},
	{
		check: "sync-id", when: "two IDs",
		facts: lan + "daemon master eth0 7\ndaemon backup eth0 8",
		finds: "The sync ID of the master is 7, and that of the backup 8.",
	},
	{check: "sync-id", when: "any", facts: lan + "daemon backup eth0 0", finds: "The sync ID of the backup is 0."},
	{check: "sync-version", when: "the default", facts: lan + "daemon master eth0 7"},
	{
		check: "sync-version", when: "the old one",
		facts: lan + "daemon master eth0 7\nsysctl net/ipv4/vs/sync_version=0",
		finds: "sync_version is 0. | sysctl -w net.ipv4.vs.sync_version=1",
	},
	{check: "sloppy", when: "all connections are synchronized", facts: lan + "daemon backup eth0 7"},
	{
		check: "sloppy", when: "only templates are",
		facts: lan + "daemon backup eth0 7\nsysctl net/ipv4/vs/sync_persist_mode=1",
		finds: "sync_persist_mode is 1, and sloppy_tcp is 0. | sysctl -w net.ipv4.vs.sloppy_tcp=1",
	},
	{check: "sloppy", when: "on the master alone", facts: lan + "daemon master eth0 7\nsysctl net/ipv4/vs/sync_persist_mode=1"},
	{
		check: "backup-only", when: "the backup is a server",
		facts: lan + "-a -t 10.0.0.1:80 -r 10.0.0.254 -g\ndaemon backup eth0 7",
		finds: "TCP 10.0.0.1:80 -> 10.0.0.254:80 is this machine, a backup daemon runs, and backup_only is 0. | sysctl -w net.ipv4.vs.backup_only=1",
	},
	{check: "backup-only", when: "it forwards nothing", facts: lan + "-a -t 10.0.0.1:80 -r 10.0.0.254 -g\ndaemon backup eth0 7\nsysctl net/ipv4/vs/backup_only=1"},
	{check: "backup-only", when: "it is no server", facts: lan + "daemon backup eth0 7"},
	{check: "sync-ports", when: "several", facts: lan + "daemon backup eth0 7\nsysctl net/ipv4/vs/sync_ports=4", finds: "sync_ports is 4."},
	{check: "sync-ports", when: "no daemon runs", facts: lan + "sysctl net/ipv4/vs/sync_ports=4"},
}
