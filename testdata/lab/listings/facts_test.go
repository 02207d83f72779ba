// SPDX-License-Identifier: Apache-2.0

package listings

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// Facts are what a listing says, by what it is about. The names are those of the JSON documents: "stats.connections".
type facts map[about]string

// About is what a fact is about: a service, a destination of it, a daemon, a connection, or none of them.
type about struct{ object, destination, name string }

// A reading is what a listing, or the kernel, says.
type reading struct {
	facts facts
	order []string // services and destinations as they come
}

func newReading() *reading { return &reading{facts: facts{}} }

// begin notes that an object comes now.
func (r *reading) begin(object, destination string) {
	r.order = append(r.order, strings.TrimSpace(object+" "+destination))
}

// say notes facts about an object, given as name, value, name, value.
func (r *reading) say(object, destination string, pairs ...any) {
	for i := 0; i < len(pairs); i += 2 {
		if text := fmt.Sprint(pairs[i+1]); text != "" {
			r.facts[about{object, destination, pairs[i].(string)}] = text
		}
	}
}

// kernelTable is all that the kernel says of services and destinations.
func kernelTable(table ipvs.Table) *reading {
	r := newReading()
	for _, entry := range table {
		s := entry.Service
		id := s.ServiceID.String()
		r.begin(id, "")
		r.say(id, "", "family", s.AddressFamily(), "scheduler", s.Scheduler, "scheduler_flags", schedulerFlags(s),
			"flags", serviceFlags(s.Flags), "netmask", mask(s), "persistence_engine", s.PersistenceEngine)
		if len(entry.Destinations) == 0 {
			r.say(id, "", "marks", "no servers")
		}
		if s.FWMark != 0 {
			r.say(id, "", "fwmark", s.FWMark)
		} else {
			r.say(id, "", "protocol", s.Protocol, "address", s.AddrPort.Addr(), "port", s.AddrPort.Port())
		}
		if s.Flags&ipvs.Persistent != 0 {
			r.say(id, "", "persistence_timeout", s.Timeout)
		}
		r.sayStats(id, "", s.Stats)
		for _, d := range entry.Destinations {
			to := d.DestinationID.String()
			r.begin(id, to)
			r.say(id, to, "address", d.AddrPort.Addr(), "port", d.AddrPort.Port(), "family", ipvs.FamilyOf(d.AddrPort.Addr()),
				"forward", d.Forward&7, "marks", marks(d), "weight", d.Weight, "upper_threshold", d.UpperThreshold, "lower_threshold", d.LowerThreshold,
				"active_connections", d.ActiveConns, "inactive_connections", d.InactiveConns,
				"persistent_connections", d.PersistentConns)
			if d.Forward&7 == ipvs.Tunnel {
				r.say(id, to, "tunnel.type", d.TunnelType, "tunnel.flags", tunnelFlags(d.TunnelFlags))
				if d.TunnelPort != 0 {
					r.say(id, to, "tunnel.port", d.TunnelPort)
				}
			}
			r.sayStats(id, to, d.Stats)
		}
	}
	return r
}

// marks is what people are told of a destination that gets no new connections.
func marks(d ipvs.Destination) string {
	var words []string
	if d.Weight == 0 {
		words = append(words, "weight 0")
	}
	if d.UpperThreshold > 0 && d.ActiveConns+d.InactiveConns >= d.UpperThreshold {
		words = append(words, "full")
	}
	return strings.Join(words, ", ")
}

func (r *reading) sayStats(object, destination string, s ipvs.Stats) {
	r.say(object, destination, "stats.connections", s.Conns, "stats.incoming_packets", s.InPkts, "stats.outgoing_packets", s.OutPkts,
		"stats.incoming_bytes", s.InBytes, "stats.outgoing_bytes", s.OutBytes,
		"rates.connections", s.CPS, "rates.incoming_packets", s.InPPS, "rates.outgoing_packets", s.OutPPS,
		"rates.incoming_bytes", s.InBPS, "rates.outgoing_bytes", s.OutBPS)
}

// The words for flags are spelled out here once more, from include/uapi/linux/ip_vs.h and the original's manual page.

func schedulerFlags(s ipvs.Service) string {
	words := []string{"flag-1", "flag-2", "flag-3"}
	if s.Scheduler == "sh" || s.Scheduler == "mh" {
		words[0], words[1] = s.Scheduler+"-fallback", s.Scheduler+"-port"
	}
	return wordsOf(uint32(s.Flags)>>3&7, words...)
}

func serviceFlags(f ipvs.ServiceFlags) string {
	return wordsOf(uint32(f&1|f>>1&2|f<<1&4), "persistent", "ops", "hashed")
}

func tunnelFlags(f ipvs.TunnelFlags) string { return wordsOf(uint32(f), "csum", "remcsum") }

func wordsOf(bits uint32, words ...string) string {
	var set []string
	for i, word := range words {
		if bits>>i&1 != 0 {
			set = append(set, word)
		}
	}
	return strings.Join(set, ",")
}

func mask(s ipvs.Service) string {
	if s.AddressFamily() == ipvs.IPv6 {
		bits, _ := s.Netmask.IPv6()
		return strconv.Itoa(bits)
	}
	m, _ := s.Netmask.IPv4()
	return fmt.Sprintf("%d.%d.%d.%d", m[0], m[1], m[2], m[3])
}
