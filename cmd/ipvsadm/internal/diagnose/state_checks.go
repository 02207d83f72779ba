// SPDX-License-Identifier: Apache-2.0

package diagnose

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// stateChecks are of connections, of the hardware, and of what happens at the next boot.
var stateChecks = []check{
	{
		id: "conn-tab", severity: Warning, reads: TheTable | TheCounters | TheConnTable,
		holds: "The table of connections has more than 4 entries per bucket; from Linux 7.1 on, more than a tenth of the entries are in " +
			"buckets with at least 3 of them.",
		symptom: "Each packet costs more time of the processor.",
		advice: "Before Linux 7.1, put \"options ip_vs conn_tab_bits=20\" into a file of /etc/modprobe.d, and load the module again. " +
			"From 7.1 on, lower conn_lfactor.",
		machine: connTab,
	},
	{
		id: "conn-max", severity: Fault, reads: TheConnTable | TheSettings,
		holds:   "There are as many connections as conn_max allows. From nine tenths of that on it is a warning.",
		symptom: "New connections are refused.",
		advice:  "Raise conn_max.",
		machine: connMax,
	},
	{
		id: "persist-skew", severity: Note, reads: TheTable | TheCounters | TheConnections,
		holds: "One server of a persistent service has more than half of at least 100 connections, and more than half of those come from " +
			"one network of 256 addresses, or of IPv6 from one /64.",
		symptom: "The load is uneven: many clients behind one address stay together.",
		advice:  "Use a narrower netmask, -M, a shorter timeout, -p, or the scheduler mh instead of persistence.",
		service: persistSkew,
	},
	{
		id: "lro", severity: Warning, reads: TheTable | TheAddresses | TheRoutes | TheHardware,
		holds:   "An interface with a virtual address, or towards a server, joins the packets that it gets, in hardware (LRO).",
		symptom: "Uploads are slow, and clients get ICMP messages about packets that are too large.",
		advice:  "Turn it off. GRO, which does the same in the kernel, may stay on.",
		machine: lro,
	},
	{
		id: "boot", severity: Note, reads: TheTable | TheBootRules | TheManagers,
		holds:   "The boot file has other services or servers than the table, and no program here manages the table.",
		symptom: "After the next boot, services or servers are missing, or old ones are back.",
		advice:  "Save the rules.",
		machine: bootRules,
	},
}

// longChain is how many entries of a bucket are many.
const longChain = 4

func connTab(v *view) ([]Finding, error) {
	t, err := v.connTable()
	if err != nil {
		return nil, err
	}
	if t.Nodes > 0 {
		if t.Crowded <= t.Nodes/10 {
			return nil, nil
		}
		return one(found("%d of %d entries are in buckets with at least 3 of them.", t.Crowded, t.Nodes)), nil
	}
	table, err := v.table()
	if err != nil {
		return nil, err
	}
	if err := v.facts.Complete(); err != nil {
		return nil, err
	}
	var entries uint64
	for i := range table {
		entries += connsOf(&table[i])
	}
	if t.Buckets == 0 || entries/t.Buckets < longChain {
		return nil, nil
	}
	return one(found("The table has %d buckets, and these services alone have %d connections.", t.Buckets, entries)), nil
}

// connsOf returns the number of connections of a service.
func connsOf(entry *ipvs.TableEntry) (n uint64) {
	for i := range entry.Destinations {
		d := &entry.Destinations[i]
		n += uint64(d.ActiveConns) + uint64(d.InactiveConns)
	}
	return n
}

func connMax(v *view) ([]Finding, error) {
	most, err := v.optional(0, "net", "ipv4", "vs", "conn_max") // from Linux 7.2 on
	if err != nil || most <= 0 {
		return nil, err
	}
	t, err := v.connTable()
	if err != nil || t.Entries <= uint64(most)/10*9 {
		return nil, err
	}
	f := found("There are %d connections, and conn_max is %d.", t.Entries, most).setSysctl(2*most, "net", "ipv4", "vs", "conn_max")
	if t.Entries < uint64(most) {
		f.Severity = Warning
	}
	return one(f), nil
}

// Limits of persist-skew: how many connections make a statistic, and how many are read.
const (
	fewConns  = 100
	manyConns = 1_000_000
)

func persistSkew(v *view, entry *ipvs.TableEntry) (*Finding, error) {
	id := entry.Service.ServiceID
	if entry.Service.Flags&ipvs.Persistent == 0 || len(entry.Destinations) < 2 || id.FWMark != 0 {
		return nil, nil
	}
	if err := v.facts.Complete(); err != nil {
		return nil, err
	}
	server, all := mostUsed(entry)
	switch {
	case server == nil:
		return nil, nil
	case !v.options.Verbose:
		return nil, errNotApplicable // nobody sees the note, and there may be millions of connections
	}
	networks, err := v.read.clients.get(v.clientNetworks)
	if err != nil {
		return nil, err
	}
	of, read := networks[connsTo{id.AddrPort.Addr(), server.AddrPort, id.Protocol.String()}], 0
	for _, n := range of {
		read += n
	}
	for network, n := range of {
		if 2*n > read {
			return found("%s has more than half of the %d connections, and %d of %d of these come from %s.", server.DestinationID, all, n, read, network), nil
		}
	}
	return nil, nil
}

// mostUsed returns the server that has more than half of the connections of a persistent
// service, and how many there are. It is nil if there are few, or none has so many.
func mostUsed(entry *ipvs.TableEntry) (server *ipvs.Destination, all uint64) {
	all = connsOf(entry)
	if all < fewConns || entry.Service.Flags&ipvs.Persistent == 0 || entry.Service.FWMark != 0 {
		return nil, all
	}
	i := slices.IndexFunc(entry.Destinations, func(d ipvs.Destination) bool { return 2*(uint64(d.ActiveConns)+uint64(d.InactiveConns)) > all })
	if i < 0 {
		return nil, all
	}
	return &entry.Destinations[i], all
}

// connsTo are the connections of a virtual address to a server.
type connsTo struct {
	virtual  netip.Addr
	server   netip.AddrPort
	protocol string
}

// clientNetworks counts, of each server that is the most used one, the connections by the
// network of the client. All of them are read once.
func (v *view) clientNetworks() (map[connsTo]map[netip.Prefix]int, error) {
	table, err := v.table()
	if err != nil {
		return nil, err
	}
	all := map[connsTo]map[netip.Prefix]int{}
	for i := range table {
		id := table[i].Service.ServiceID
		if server, _ := mostUsed(&table[i]); server != nil {
			all[connsTo{id.AddrPort.Addr(), server.AddrPort, id.Protocol.String()}] = map[netip.Prefix]int{}
		}
	}
	read := 0
	for c, err := range v.facts.Connections() {
		if err != nil {
			return nil, err
		}
		of := all[connsTo{c.Virtual.Addr(), c.Destination, c.Protocol}]
		if of == nil || c.Client.Port() == 0 {
			continue
		}
		of[clientNetwork(c.Client.Addr())]++
		if read++; read == manyConns {
			break
		}
	}
	return all, nil
}

func clientNetwork(client netip.Addr) netip.Prefix {
	bits := 24
	if client.Is6() {
		bits = 64
	}
	network, _ := client.Prefix(bits)
	return network
}

func lro(v *view) (findings []Finding, err error) {
	done := map[string]bool{"": true, "lo": true}
	look := func(link, why string) error {
		if done[link] {
			return nil
		}
		done[link] = true
		on, err := v.facts.LRO(link)
		if on {
			findings = append(findings, *found("LRO is on at %s, %s.", link, why).mend("ethtool", "-K", link, "lro", "off"))
		}
		return err
	}
	for _, a := range v.virtuals() {
		has, err := v.having(a.addr)
		if err != nil {
			return findings, err
		}
		for _, address := range has {
			if err := look(address.Link, "which has "+a.addr.String()); err != nil {
				return findings, err
			}
		}
	}
	for _, b := range v.backends() {
		route, err := v.route(Query{Dst: b.addr})
		if err != nil {
			return findings, err
		}
		if err := look(route.Link, "by which packets to "+b.addr.String()+" leave"); err != nil {
			return findings, err
		}
	}
	return findings, nil
}

func bootRules(v *view) ([]Finding, error) {
	if running, err := v.managers(); err != nil || len(running) > 0 {
		return nil, err
	}
	table, err := v.table()
	if err != nil {
		return nil, err
	}
	boot, err := v.facts.BootRules()
	switch {
	case err != nil:
		return nil, err
	case boot.Elsewhere:
		return nil, errNotApplicable
	}
	now, then := namesIn(table), namesIn(selected(boot.Table, v.options.Service))
	missing, gone := without(now, then), without(then, now)
	var parts []string
	if len(missing) > 0 {
		parts = append(parts, boot.Path+" lacks "+someOf(missing))
	}
	if len(gone) > 0 {
		parts = append(parts, boot.Path+" has "+someOf(gone)+", and the table has not")
	}
	if len(parts) == 0 {
		return nil, nil
	}
	return one(found("%s.", strings.Join(parts, "; ")).mend("ipvsadm-boot", "save")), nil
}

// namesIn names the services and servers of a table.
func namesIn(table ipvs.Table) (names []string) {
	for i := range table {
		id := table[i].Service.ServiceID
		names = append(names, id.String())
		for _, d := range table[i].Destinations {
			names = append(names, serverName(id, d.DestinationID))
		}
	}
	return names
}

// without returns the names that others do not have.
func without(names, others []string) (rest []string) {
	known := map[string]bool{}
	for _, name := range others {
		known[name] = true
	}
	for _, name := range names {
		if !known[name] {
			rest = append(rest, name)
		}
	}
	return rest
}
