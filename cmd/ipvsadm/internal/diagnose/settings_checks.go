// SPDX-License-Identifier: Apache-2.0

package diagnose

import (
	"errors"
	"io/fs"
	"slices"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// settingsChecks are of the settings in /proc/sys and of timeouts, on the director.
var settingsChecks = []check{
	{
		id: "persist-drain", severity: Warning, reads: TheTable | TheSettings,
		holds:   "A server of a persistent service has the weight 0, and expire_quiescent_template is 0.",
		symptom: "Clients that know the server still come to it, and each visit prolongs that.",
		advice:  "Let the kernel forget these clients.",
		server:  persistDrain,
	},
	{
		id: "nodest", severity: Warning, reads: TheTable | TheSettings | TheManagers,
		holds:   "A program that removes servers runs here, and expire_nodest_conn is 0.",
		symptom: "Clients of a removed server hang until their entry expires, which takes up to 15 minutes.",
		advice:  "Let the kernel end such connections at once.",
		machine: nodest,
	},
	{
		id: "reuse-1s", severity: Warning, reads: TheTable | TheSettings | TheRelease,
		holds:   "The kernel is older than Linux 5.9, conn_reuse_mode and conntrack are 1, and there is a server behind address translation.",
		symptom: "Busy clients, which use their ports again soon, wait for a second now and then.",
		advice: "Use a newer kernel. With conn_reuse_mode=0 nobody waits, but clients stay with servers of weight 0, and with " +
			"removed ones if their port is used again.",
		machine: reuseWait,
	},
	{
		id: "reuse-0", severity: Note, reads: TheTable | TheSettings | TheRelease,
		holds:   "conn_reuse_mode is 0, although the kernel is Linux 5.16 or newer.",
		symptom: "A new connection from a port that was used before goes to the old server.",
		advice:  "Use the default; the reason to change it is gone.",
		machine: reuseOld,
	},
	{
		id: "drop-defence", severity: Warning, reads: TheSettings,
		holds:   "The kernel drops entries or packets at random, as drop_entry or drop_packet tell it to do, always or while memory is short.",
		symptom: "Connections break or are refused at random.",
		advice:  "Add memory, or lower amemthresh. A value of 3 means always; 1 lets the kernel decide.",
		machine: dropDefence,
	},
	{
		id: "estimator", severity: Note, reads: TheSettings,
		holds:   "run_estimation is 0.",
		symptom: "All rates are 0.",
		advice:  "Set it to 1 to see rates.",
		machine: estimator,
	},
	{
		id: "timeout-keepalive", severity: Note, reads: TheTable | TheTimeouts | TheSettings,
		holds:   "The timeout of TCP connections is shorter than the time after which keepalive packets are sent.",
		symptom: "Idle connections hang or are reset, although both ends keep them open.",
		advice:  "Prolong the timeout, or let clients or servers send keepalive packets earlier.",
		machine: timeoutKeepalive,
	},
	{
		id: "conntrack-full", severity: Warning, reads: TheTable | TheSettings,
		holds:   "The table of the firewall's connection tracking is full for more than nine tenths.",
		symptom: `Packets are lost at random, and the kernel logs "nf_conntrack: table full".`,
		advice:  "Allow a larger table.",
		machine: conntrackFull,
	},
	{
		id: "sysctl-file", severity: Note, reads: TheSettings | TheSysctlFiles,
		holds:   "A setting of IPVS has another value than the file of sysctl.d that sets it at boot.",
		symptom: "After a boot IPVS behaves differently.",
		advice:  "Change the file, or the setting.",
		machine: sysctlFile,
	},
	{
		id: "manager", severity: Note, reads: TheManagers,
		holds:   "A program runs here that changes the table by itself, such as keepalived or kube-proxy.",
		symptom: "Rules that were made by hand disappear.",
		advice:  "Change its configuration instead.",
		machine: manager,
	},
	{
		id: "pmtu-disc", severity: Note, reads: TheTable | TheSettings,
		holds:   "pmtu_disc is 0.",
		symptom: "IPVS sends no ICMP messages about packets that are too large for the way to a server.",
		advice:  "Use the default, so that clients learn to send smaller packets.",
		machine: pmtuDisc,
	},
	{
		id: "est-load", severity: Note, reads: TheTable | TheRelease,
		holds:   "There are more than 10000 services and servers, and the kernel is older than Linux 6.2.",
		symptom: "Every other second the kernel computes all rates at once, and packets wait.",
		advice:  "Use a newer kernel, which does that in threads, or sysctl -w net.ipv4.vs.run_estimation=0 where the kernel has it.",
		machine: estLoad,
	},
}

// one returns the only finding of a check of the machine.
func one(f *Finding) []Finding { return []Finding{*f} }

func persistDrain(v *view, s *ipvs.Service, d *ipvs.Destination) (*Finding, error) {
	if s.Flags&ipvs.Persistent == 0 || d.Weight > 0 {
		return nil, nil
	}
	expires, err := v.vs("expire_quiescent_template")
	if err != nil || expires != 0 {
		return nil, err
	}
	return found("The server has the weight 0, its service is persistent, and expire_quiescent_template is 0.").
		setSysctl(1, "net", "ipv4", "vs", "expire_quiescent_template"), nil
}

func nodest(v *view) ([]Finding, error) {
	table, err := v.table()
	if err != nil || len(table) == 0 {
		return nil, err
	}
	running, err := v.managers()
	if err != nil || len(running) == 0 {
		return nil, err
	}
	expires, err := v.vs("expire_nodest_conn")
	if err != nil || expires != 0 {
		return nil, err
	}
	return one(found("%s runs here, and expire_nodest_conn is 0.", strings.Join(running, ", ")).
		setSysctl(1, "net", "ipv4", "vs", "expire_nodest_conn")), nil
}

func reuseWait(v *view) ([]Finding, error) {
	if !slices.ContainsFunc(v.backends(), func(b backend) bool { return b.forward == ipvs.Masquerade }) {
		return nil, nil
	}
	old, err := v.olderThan(5, 9)
	if err != nil || !old {
		return nil, err
	}
	for _, name := range []string{"conn_reuse_mode", "conntrack"} {
		if value, err := v.vs(name); err != nil || value != 1 {
			return nil, err
		}
	}
	return one(found("conn_reuse_mode and conntrack are 1, and the kernel is older than Linux 5.9.")), nil
}

func reuseOld(v *view) ([]Finding, error) {
	if table, err := v.table(); err != nil || len(table) == 0 {
		return nil, err
	}
	old, err := v.olderThan(5, 16)
	if err != nil || old {
		return nil, err
	}
	mode, err := v.vs("conn_reuse_mode")
	if err != nil || mode != 0 {
		return nil, err
	}
	return one(found("conn_reuse_mode is 0.").setSysctl(1, "net", "ipv4", "vs", "conn_reuse_mode")), nil
}

func dropDefence(v *view) (findings []Finding, err error) {
	for _, name := range []string{"drop_entry", "drop_packet"} {
		value, err := v.vs(name)
		if err != nil {
			return findings, err
		}
		switch value {
		case 2:
			findings = append(findings, *found("%s is 2: it drops now, because memory is short.", name))
		case 3:
			findings = append(findings, *found("%s is 3: it always drops.", name).setSysctl(0, "net", "ipv4", "vs", name))
		}
	}
	return findings, nil
}

func estimator(v *view) ([]Finding, error) {
	value, err := v.optional(1, "net", "ipv4", "vs", "run_estimation")
	if err != nil || value != 0 {
		return nil, err
	}
	return one(found("run_estimation is 0.").setSysctl(1, "net", "ipv4", "vs", "run_estimation")), nil
}

func timeoutKeepalive(v *view) ([]Finding, error) {
	table, err := v.table()
	tcp := func(e ipvs.TableEntry) bool { return e.Service.Protocol == ipvs.TCP || e.Service.FWMark != 0 }
	if err != nil || !slices.ContainsFunc(table, tcp) {
		return nil, err
	}
	timeouts, err := v.timeouts()
	if err != nil {
		return nil, err
	}
	keepalive, err := v.number("net", "ipv4", "tcp_keepalive_time")
	if err != nil || int(timeouts.TCP) >= keepalive {
		return nil, err
	}
	return one(found("IPVS forgets a TCP connection after %d seconds without a packet, and this machine sends keepalive packets after %d.",
		timeouts.TCP, keepalive).mend("ipvsadm", "--set", "7800", "0", "0")), nil
}

func conntrackFull(v *view) ([]Finding, error) {
	most, err := v.optional(0, "net", "netfilter", "nf_conntrack_max")
	if err != nil || most <= 0 {
		return nil, err
	}
	n, err := v.optional(0, "net", "netfilter", "nf_conntrack_count")
	if err != nil || n <= most/10*9 {
		return nil, err
	}
	if table, err := v.table(); err != nil || len(table) == 0 {
		return nil, err
	}
	return one(found("The table has %d of at most %d entries.", n, most).setSysctl(2*most, "net", "netfilter", "nf_conntrack_max")), nil
}

// defences are settings of which the kernel makes 2 of 1 while memory is short.
var defences = []string{"drop_entry", "drop_packet", "secure_tcp"}

func sysctlFile(v *view) (findings []Finding, err error) {
	configured, err := v.facts.Configured()
	for _, c := range configured {
		value, err := v.setting("net", "ipv4", "vs", c.Name)
		switch {
		case errors.Is(err, fs.ErrNotExist): // the file may be for another kernel
		case err != nil:
			return findings, err
		case value == "2" && c.Value == "1" && slices.Contains(defences, c.Name):
		case value != c.Value:
			findings = append(findings, *found("%s is %q, and %s sets it to %q.", c.Name, value, c.File, c.Value))
		}
	}
	return findings, err
}

func manager(v *view) ([]Finding, error) {
	running, err := v.managers()
	if err != nil || len(running) == 0 {
		return nil, err
	}
	return one(found("%s runs here.", strings.Join(running, ", "))), nil
}

func pmtuDisc(v *view) ([]Finding, error) {
	if table, err := v.table(); err != nil || len(table) == 0 {
		return nil, err
	}
	value, err := v.vs("pmtu_disc")
	if err != nil || value != 0 {
		return nil, err
	}
	return one(found("pmtu_disc is 0.").setSysctl(1, "net", "ipv4", "vs", "pmtu_disc")), nil
}

func estLoad(v *view) ([]Finding, error) {
	table, err := v.table()
	n := len(table)
	for i := range table {
		n += len(table[i].Destinations)
	}
	if err != nil || n <= 10_000 {
		return nil, err
	}
	old, err := v.olderThan(6, 2)
	if err != nil || !old {
		return nil, err
	}
	return one(found("There are %d services and servers.", n)), nil
}
