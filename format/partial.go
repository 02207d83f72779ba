// SPDX-License-Identifier: Apache-2.0

package format

import (
	"net/netip"
	"time"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// partialNote tells below a table what it lacks.
func partialNote(s Snapshot) string {
	note := "incomplete without CAP_NET_ADMIN: no scheduler flags, persistence engines, thresholds, tunnels, persistent connections, counters and rates"
	if len(s.UnknownFamily) > 0 {
		note += "; some firewall marks may be of IPv6"
	}
	return note
}

// incomplete are the fields that a PartialTableDocument lacks, by the names of ServiceDocument
// and DestinationDocument.
var incomplete = []string{
	"scheduler_flags", "persistence_engine", "stats", "rates",
	"upper_threshold", "lower_threshold", "tunnel", "persistent_connections",
}

// PartialTableDocument is a TableDocument of a caller without CAP_NET_ADMIN. Incomplete names
// the fields that are left out of its services and destinations, whatever their values are.
type PartialTableDocument struct {
	Time          time.Time                `json:"time,omitzero"`
	Incomplete    []string                 `json:"incomplete"`
	Version       string                   `json:"version,omitempty"`
	ConnTableSize uint32                   `json:"connection_table_size,omitempty"`
	Totals        *TotalsDocument          `json:"totals,omitempty"`
	Services      []PartialServiceDocument `json:"services"`
}

// PartialServiceDocument has the fields of a ServiceDocument that everybody may read.
type PartialServiceDocument struct {
	Protocol string     `json:"protocol,omitempty"`
	Address  netip.Addr `json:"address,omitzero"`
	Host     string     `json:"host,omitempty"`
	Port     *uint16    `json:"port,omitempty"`
	PortName string     `json:"port_name,omitempty"`
	FWMark   uint32     `json:"fwmark,omitempty"`
	// Family is left out if that of a firewall mark is not known.
	Family string `json:"family,omitempty"`

	Scheduler string `json:"scheduler"`
	// Flags lacks flags without a word.
	Flags              []string `json:"flags"`
	PersistenceTimeout uint32   `json:"persistence_timeout,omitempty"`
	// Netmask is left out without persistence, and with an unknown family.
	Netmask      string                       `json:"netmask,omitempty"`
	Destinations []PartialDestinationDocument `json:"destinations"`
}

// PartialDestinationDocument has the fields of a DestinationDocument that everybody may read.
type PartialDestinationDocument struct {
	Address       netip.Addr `json:"address"`
	Host          string     `json:"host,omitempty"`
	Port          uint16     `json:"port"`
	PortName      string     `json:"port_name,omitempty"`
	Family        string     `json:"family"`
	Forward       string     `json:"forward"`
	Weight        uint32     `json:"weight"`
	ActiveConns   uint32     `json:"active_connections"`
	InactiveConns uint32     `json:"inactive_connections"`
}

// partialTable makes the document of a partial table.
func (j JSON) partialTable(s Snapshot) PartialTableDocument {
	document := PartialTableDocument{Time: j.Time, Incomplete: incomplete, Services: make([]PartialServiceDocument, 0, len(s.Table))}
	if s.Info != nil {
		document.Version, document.ConnTableSize = s.Info.VersionString(), s.Info.ConnTabSize
	}
	if s.Totals != nil {
		stats, rates := statsDocuments(s.Totals)
		document.Totals = &TotalsDocument{stats, rates}
	}
	for i := range s.Table {
		entry := &s.Table[i]
		service := j.partialService(&entry.Service, s.UnknownFamily[entry.Service.FWMark])
		service.Destinations = make([]PartialDestinationDocument, 0, len(entry.Destinations))
		for k := range entry.Destinations {
			service.Destinations = append(service.Destinations, j.partialDestination(&entry.Service, &entry.Destinations[k]))
		}
		document.Services = append(document.Services, service)
	}
	return document
}

func (j JSON) partialService(s *ipvs.Service, unknownFamily bool) PartialServiceDocument {
	document := PartialServiceDocument{FWMark: s.FWMark, Scheduler: s.Scheduler, Flags: serviceFlagWords(s.Flags)}
	if s.FWMark == 0 {
		port := s.AddrPort.Port()
		document.Protocol, document.Address, document.Port = s.Protocol.String(), s.AddrPort.Addr(), &port
		document.Host, document.PortName = j.names(s.Protocol, s.AddrPort)
	}
	if !unknownFamily {
		document.Family = s.AddressFamily().String()
	}
	if s.Flags&ipvs.Persistent != 0 {
		document.PersistenceTimeout = s.Timeout
		if !unknownFamily {
			document.Netmask = netmaskText(s)
		}
	}
	return document
}

func (j JSON) partialDestination(s *ipvs.Service, d *ipvs.Destination) PartialDestinationDocument {
	document := PartialDestinationDocument{
		Address: d.AddrPort.Addr(), Port: d.AddrPort.Port(), Family: ipvs.FamilyOf(d.AddrPort.Addr()).String(),
		Forward: d.Forward.String(), Weight: d.Weight, ActiveConns: d.ActiveConns, InactiveConns: d.InactiveConns,
	}
	document.Host, document.PortName = j.names(s.Protocol, d.AddrPort)
	return document
}
