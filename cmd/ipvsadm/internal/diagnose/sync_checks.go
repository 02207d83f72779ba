// SPDX-License-Identifier: Apache-2.0

package diagnose

import (
	"slices"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// syncChecks are of the threads that tell other directors about connections.
var syncChecks = []check{
	{
		id: "sync-if", severity: Fault, reads: TheDaemons | TheLinks,
		holds: "The interface of a sync daemon is missing or down. Without multicast, which many interfaces need not have for such packets, it is " +
			"a warning.",
		symptom: "The backup director learns of no connections.",
		advice:  "Set the interface up, or start the daemon with another one: --mcast-interface.",
		machine: syncIf,
	},
	{
		id: "sync-id", severity: Note, reads: TheDaemons,
		holds:   "The sync daemons here have different IDs, or the backup takes messages with any ID, because its own is 0.",
		symptom: "Connections of another pair of directors arrive, or none.",
		advice:  "Give all daemons of a pair of directors the same --syncid, other than 0.",
		machine: syncID,
	},
	{
		id: "sync-version", severity: Warning, reads: TheDaemons | TheSettings,
		holds:   "A sync daemon runs, and sync_version is 0.",
		symptom: "Connections over IPv6, timeouts and persistence are not synchronized.",
		advice:  "Use version 1, once all directors have a kernel since Linux 2.6.39.",
		machine: syncVersion,
	},
	{
		id: "sloppy", severity: Warning, reads: TheTable | TheDaemons | TheSettings,
		holds:   "A backup daemon runs, sync_persist_mode is 1, so only templates are synchronized, and sloppy_tcp is 0.",
		symptom: "TCP connections break when this director takes over.",
		advice:  "Let packets in the midst of a connection open an entry.",
		machine: sloppy,
	},
	{
		id: "backup-only", severity: Fault, reads: TheTable | TheDaemons | TheSettings | TheRoutes,
		holds:   "A backup daemon runs on a director that is a real server of its own services, with -g or -i, and backup_only is 0.",
		symptom: "The directors send each other the same packets without end.",
		advice:  "Let the backup director forward nothing.",
		machine: backupOnly,
	},
	{
		id: "sync-ports", severity: Note, reads: TheDaemons | TheSettings,
		holds:   "A sync daemon runs, and sync_ports is more than 1.",
		symptom: "If the other directors have another number, some connections are not synchronized.",
		advice:  "Use the same number on all of them.",
		machine: syncPorts,
	},
}

func syncIf(v *view) (findings []Finding, err error) {
	daemons, err := v.daemons()
	if err != nil {
		return nil, err
	}
	for _, d := range daemons {
		link, err := v.byName(d.Interface)
		if err != nil {
			return findings, err
		}
		var f *Finding
		switch {
		case link == nil:
			f = found("There is no interface %s.", d.Interface)
		case !link.Up:
			f = found("%s is down.", d.Interface).mend("ip", "link", "set", d.Interface, "up")
		case !link.Multicast:
			f = found("%s has no multicast.", d.Interface).mend("ip", "link", "set", d.Interface, "multicast", "on")
			f.Severity = Warning
		default:
			continue
		}
		f.Object = d.State.String() + " sync daemon"
		findings = append(findings, *f)
	}
	return findings, nil
}

func syncID(v *view) ([]Finding, error) {
	daemons, err := v.daemons()
	if err != nil {
		return nil, err
	}
	for _, d := range daemons {
		switch {
		case d.SyncID != daemons[0].SyncID:
			return one(found("The sync ID of the %s is %d, and that of the %s %d.", daemons[0].State, daemons[0].SyncID, d.State, d.SyncID)), nil
		case d.State == ipvs.Backup && d.SyncID == 0:
			return one(found("The sync ID of the backup is 0.")), nil
		}
	}
	return nil, nil
}

func syncVersion(v *view) ([]Finding, error) {
	daemons, err := v.daemons()
	if err != nil || len(daemons) == 0 {
		return nil, err
	}
	version, err := v.vs("sync_version")
	if err != nil || version != 0 {
		return nil, err
	}
	return one(found("sync_version is 0.").setSysctl(1, "net", "ipv4", "vs", "sync_version")), nil
}

// isBackup tells whether a backup daemon runs.
func (v *view) isBackup() (bool, error) {
	daemons, err := v.daemons()
	return slices.ContainsFunc(daemons, func(d ipvs.Daemon) bool { return d.State == ipvs.Backup }), err
}

func sloppy(v *view) ([]Finding, error) {
	table, err := v.table()
	tcp := func(e ipvs.TableEntry) bool { return e.Service.Protocol == ipvs.TCP || e.Service.FWMark != 0 }
	if err != nil || !slices.ContainsFunc(table, tcp) {
		return nil, err
	}
	if backup, err := v.isBackup(); err != nil || !backup {
		return nil, err
	}
	onlyTemplates, err := v.optional(0, "net", "ipv4", "vs", "sync_persist_mode")
	if err != nil || onlyTemplates == 0 {
		return nil, err
	}
	takes, err := v.vs("sloppy_tcp")
	if err != nil || takes != 0 {
		return nil, err
	}
	return one(found("sync_persist_mode is 1, and sloppy_tcp is 0.").setSysctl(1, "net", "ipv4", "vs", "sloppy_tcp")), nil
}

func backupOnly(v *view) ([]Finding, error) {
	if backup, err := v.isBackup(); err != nil || !backup {
		return nil, err
	}
	only, err := v.vs("backup_only")
	if err != nil || only != 0 {
		return nil, err
	}
	for _, b := range v.backends() {
		if b.forward == ipvs.Masquerade {
			continue
		}
		route, err := v.route(Query{Dst: b.addr})
		if err != nil {
			return nil, err
		}
		if route.Kind == LocalPath {
			return one(found("%s is this machine, a backup daemon runs, and backup_only is 0.", b).
				setSysctl(1, "net", "ipv4", "vs", "backup_only")), nil
		}
	}
	return nil, nil
}

func syncPorts(v *view) ([]Finding, error) {
	daemons, err := v.daemons()
	if err != nil || len(daemons) == 0 {
		return nil, err
	}
	ports, err := v.optional(1, "net", "ipv4", "vs", "sync_ports")
	if err != nil || ports <= 1 {
		return nil, err
	}
	return one(found("sync_ports is %d.", ports)), nil
}
