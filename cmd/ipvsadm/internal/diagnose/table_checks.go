// SPDX-License-Identifier: Apache-2.0

package diagnose

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/format"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// tableChecks are of services and servers. Those that read nothing else are made for rules
// files, too.
var tableChecks = []check{
	{
		id: "no-services", severity: Note, reads: TheTable,
		holds:   "There are no services.",
		symptom: "IPVS forwards nothing.",
		advice:  "Restore the rules, or add services.",
		machine: noServices,
	},
	{
		id: "no-servers", severity: Fault, reads: TheTable,
		holds:   "A service has no server.",
		symptom: `Connections are refused, and the kernel logs "no destination available".`,
		advice:  "Add a server: ipvsadm -a.",
		service: noServers,
	},
	{
		id: "all-zero", severity: Fault, reads: TheTable,
		holds:   "All servers of a service have the weight 0.",
		symptom: `New connections are refused, and the kernel logs "no destination available".`,
		advice:  "Give a server a weight. A health check, or somebody who drained the servers, may have set it to 0.",
		service: allZero,
	},
	{
		id: "all-full", severity: Fault, reads: TheTable | TheCounters,
		holds:   "Each server of a service that has a weight also has as many connections as its upper threshold allows.",
		symptom: "New connections are refused until some end.",
		advice:  "Raise the thresholds, or add servers.",
		service: allFull,
	},
	{
		id: "weight-range", severity: Note, reads: TheTable,
		holds:   "With the scheduler wrr, the largest weight of a service is more than 1000 times the smallest.",
		symptom: "Many connections in a row go to one server.",
		advice:  "Use smaller weights; only their ratio matters.",
		service: weightRange,
	},
	{
		id: "dr-port", severity: Warning, reads: TheTable,
		holds:   "A server of direct routing or of a tunnel has another port than its service.",
		symptom: "The packets come to the port of the service: these methods do not change it.",
		advice:  "Let the server listen on the port of the service, or use address translation, -m.",
		server:  drPort,
	},
	{
		id: "same-server-twice", severity: Warning, reads: TheTable,
		holds:   "A service has the same server several times, with different ports, and without address translation.",
		symptom: "All of them reach the same port, so the server gets a multiple of its share.",
		advice:  "Use -m, or one entry with a larger weight.",
		service: sameServerTwice,
	},
	{
		id: "persist-port0", severity: Warning, reads: TheTable,
		holds:   "A service of an address takes all ports.",
		symptom: "All connections to the address go to the servers, also those for ssh to the director.",
		advice:  "Name the ports: a service for each, or a firewall mark for all of them.",
		service: persistPort0,
	},
	{
		id: "udp-timeout", severity: Note, reads: TheTable | TheTimeouts,
		holds:   "A UDP service of name service or logs keeps its entries for more than 30 seconds.",
		symptom: "A client that always uses the same port stays with its server, even if that is down.",
		advice:  "Schedule each packet by itself, or shorten the timeout.",
		service: udpTimeout,
	},
	{
		id: "weight-zero-old", severity: Note, reads: TheTable | TheCounters,
		holds:   "A server has the weight 0 and no connections, while another server of the service has a weight.",
		symptom: "The capacity of the server is missing.",
		advice:  "Delete the server, or give it a weight again.",
		service: weightZeroOld,
	},
	{
		id: "fwmark-port0", severity: Note, reads: TheTable,
		holds:   "A server of a firewall mark is behind address translation, and has no port.",
		symptom: "Packets keep their port, so that the server must listen on all ports that are marked.",
		advice:  "Give the server a port, if it has only one.",
		server:  fwmarkPort0,
	},
	{
		id: "mixed-family", severity: Fault, reads: TheTable | TheDaemons,
		holds:   "A service has servers of the other address family, and a sync daemon is started.",
		symptom: "The kernel refuses one of the two, so a restore fails half way.",
		advice:  "Start no sync daemon, or use servers of the service's family.",
		machine: mixedFamily,
	},
	{
		id: "modules", severity: Warning, reads: TheTable | TheInstalled,
		holds:   "The module of a scheduler or of a persistence engine is not installed.",
		symptom: `The rules cannot be restored: "No such file or directory".`,
		advice:  "Install the rest of the kernel's modules: linux-modules-extra on Ubuntu, kernel-modules on Fedora and Red Hat.",
		service: modulesMissing,
	},
}

func noServices(v *view) ([]Finding, error) {
	table, err := v.table()
	if err != nil || len(table) > 0 {
		return nil, err
	}
	return one(found("The table of IPVS is empty.")), nil
}

func noServers(_ *view, entry *ipvs.TableEntry) (*Finding, error) {
	if len(entry.Destinations) > 0 {
		return nil, nil
	}
	return found("The service has no server."), nil
}

func allZero(_ *view, entry *ipvs.TableEntry) (*Finding, error) {
	for _, d := range entry.Destinations {
		if d.Weight > 0 {
			return nil, nil
		}
	}
	if len(entry.Destinations) == 0 {
		return nil, nil // no-servers tells
	}
	first := entry.Destinations[0]
	f := found("%s.", allServers(len(entry.Destinations), "has the weight 0", "have the weight 0"))
	return f.edit(entry.Service.ServiceID, first.DestinationID, "-w", "1"), nil
}

func allFull(v *view, entry *ipvs.TableEntry) (*Finding, error) {
	if err := v.facts.Complete(); err != nil {
		return nil, err
	}
	full := 0
	for i := range entry.Destinations {
		d := &entry.Destinations[i]
		switch {
		case d.Weight == 0:
		case !format.IsFull(d):
			return nil, nil
		default:
			full++
		}
	}
	if full == 0 {
		return nil, nil
	}
	return found("%s.", allServers(full, "has reached its upper threshold", "have reached their upper thresholds")), nil
}

// allServers says what is true of all servers of a service.
func allServers(n int, one, many string) string {
	if n == 1 {
		return "The only server " + one
	}
	return "All " + strconv.Itoa(n) + " servers " + many
}

func weightRange(_ *view, entry *ipvs.TableEntry) (*Finding, error) {
	var smallest, largest uint32
	for _, d := range entry.Destinations {
		if d.Weight > 0 && (smallest == 0 || d.Weight < smallest) {
			smallest = d.Weight
		}
		largest = max(largest, d.Weight)
	}
	if entry.Service.Scheduler != ipvs.WeightedRoundRobin || smallest == 0 || largest/smallest <= 1000 {
		return nil, nil
	}
	return found("The weights of its servers are %d to %d.", smallest, largest), nil
}

func drPort(v *view, s *ipvs.Service, d *ipvs.Destination) (*Finding, error) {
	if written, other := v.otherPorts[Server{s.ServiceID, d.DestinationID}]; other {
		return found("The rules give the server port %d, and ipvsadm takes that of its service, %d.", written, s.AddrPort.Port()), nil
	}
	port := s.AddrPort.Port()
	if d.Forward == ipvs.Masquerade || d.Forward == ipvs.Local || s.FWMark != 0 || port == 0 || d.AddrPort.Port() == port {
		return nil, nil
	}
	return found("The server has port %d, and its service port %d.", d.AddrPort.Port(), port), nil
}

func sameServerTwice(_ *view, entry *ipvs.TableEntry) (*Finding, error) {
	ports := map[netip.Addr][]string{}
	for _, d := range entry.Destinations {
		if d.Forward != ipvs.DirectRoute && d.Forward != ipvs.Tunnel {
			continue
		}
		addr := d.AddrPort.Addr()
		ports[addr] = append(ports[addr], strconv.Itoa(int(d.AddrPort.Port())))
	}
	for _, d := range entry.Destinations {
		if own := ports[d.AddrPort.Addr()]; len(own) > 1 {
			return found("The server %s is there with the ports %s.", d.AddrPort.Addr(), strings.Join(own, ", ")), nil
		}
	}
	return nil, nil
}

func persistPort0(_ *view, entry *ipvs.TableEntry) (*Finding, error) {
	id := entry.Service.ServiceID
	if id.FWMark != 0 || id.AddrPort.Port() != 0 {
		return nil, nil
	}
	return found("The service has no port, so it takes all ports of %s.", id.AddrPort.Addr()), nil
}

func udpTimeout(v *view, entry *ipvs.TableEntry) (*Finding, error) {
	s := &entry.Service
	port := s.AddrPort.Port()
	if s.Protocol != ipvs.UDP || s.Flags&ipvs.OnePacket != 0 || port != 53 && port != 514 {
		return nil, nil
	}
	timeouts, err := v.timeouts()
	if err != nil || timeouts.UDP <= 30 {
		return nil, err
	}
	return found("UDP entries are kept for %d seconds after the last packet.", timeouts.UDP).
		mend(append(append([]string{"ipvsadm", "-E", "--keep"}, serviceWords(s.ServiceID)...), "-o")...).
		mend("ipvsadm", "--set", "0", "0", "30"), nil
}

func weightZeroOld(v *view, entry *ipvs.TableEntry) (*Finding, error) {
	var idle []string
	var first ipvs.DestinationID
	used := false
	for _, d := range entry.Destinations {
		switch {
		case d.Weight > 0:
			used = true
		case d.ActiveConns+d.InactiveConns == 0:
			if len(idle) == 0 {
				first = d.DestinationID
			}
			idle = append(idle, d.DestinationID.String())
		}
	}
	if !used || len(idle) == 0 {
		return nil, nil
	}
	if err := v.facts.Complete(); err != nil {
		return nil, err
	}
	return found("These servers have the weight 0 and no connections: %s.", someOf(idle)).
		mend(append(append([]string{"ipvsadm", "-d"}, serviceWords(entry.Service.ServiceID)...), "-r", first.String())...), nil
}

func fwmarkPort0(_ *view, s *ipvs.Service, d *ipvs.Destination) (*Finding, error) {
	if s.FWMark == 0 || d.Forward != ipvs.Masquerade || d.AddrPort.Port() != 0 {
		return nil, nil
	}
	return found("The server has no port."), nil
}

func mixedFamily(v *view) ([]Finding, error) {
	table, err := v.table()
	if err != nil {
		return nil, err
	}
	daemons, err := v.daemons()
	if err != nil || len(daemons) == 0 {
		return nil, err
	}
	for i := range table {
		id := table[i].Service.ServiceID
		for _, d := range table[i].Destinations {
			if ipvs.FamilyOf(d.AddrPort.Addr()) != id.AddressFamily() {
				return one(found("%s has another address family than its service, and the %s sync daemon is started.", serverName(id, d.DestinationID), daemons[0].State)), nil
			}
		}
	}
	return nil, nil
}

func modulesMissing(v *view, entry *ipvs.TableEntry) (*Finding, error) {
	s := &entry.Service
	for _, m := range [...]struct{ what, name, module string }{
		{"scheduler", s.Scheduler, "ip_vs_" + s.Scheduler},
		{"persistence engine", s.PersistenceEngine, "ip_vs_pe_" + s.PersistenceEngine},
	} {
		if m.name == "" || m.name == ipvs.NoScheduler {
			continue
		}
		lacks, err := v.lacks(m.module)
		if err != nil {
			return nil, err
		}
		if lacks {
			return found("This kernel lacks the %s %s: there is no module %s.", m.what, m.name, m.module), nil
		}
	}
	return nil, nil
}

// edit adds the command that changes settings of a server.
func (f *Finding) edit(id ipvs.ServiceID, server ipvs.DestinationID, settings ...string) *Finding {
	words := append([]string{"ipvsadm", "-e", "--keep"}, serviceWords(id)...)
	return f.mend(append(append(words, "-r", server.String()), settings...)...)
}

// serviceWords returns the options that name a service.
func serviceWords(id ipvs.ServiceID) []string {
	return strings.Fields(format.Rule(ipvs.DelService(id)))[1:]
}
