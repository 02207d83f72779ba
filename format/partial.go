// SPDX-License-Identifier: Apache-2.0

package format

import (
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
	Time       time.Time `json:"time,omitzero"`
	Incomplete []string  `json:"incomplete"`

	KernelDocument

	Services []PartialServiceDocument `json:"services"`
}

// PartialServiceDocument has the fields of a ServiceDocument that everybody may read.
type PartialServiceDocument struct {
	ServiceIdentity

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
	DestinationIdentity

	Forward       string `json:"forward"`
	Weight        uint32 `json:"weight"`
	ActiveConns   uint32 `json:"active_connections"`
	InactiveConns uint32 `json:"inactive_connections"`
}

// partialTable makes the document of a partial table.
func (j JSON) partialTable(s Snapshot) PartialTableDocument {
	document := PartialTableDocument{
		Time: j.Time, Incomplete: incomplete, KernelDocument: kernelDocument(s), Services: make([]PartialServiceDocument, 0, len(s.Table)),
	}
	for i := range s.Table {
		entry := &s.Table[i]
		service := j.partialService(&entry.Service, s.UnknownFamily[entry.Service.FWMark])
		service.Destinations = make([]PartialDestinationDocument, 0, len(entry.Destinations))
		for k := range entry.Destinations {
			d := &entry.Destinations[k]
			service.Destinations = append(service.Destinations, PartialDestinationDocument{
				j.destinationIdentity(&entry.Service, d), d.Forward.String(), d.Weight, d.ActiveConns, d.InactiveConns,
			})
		}
		document.Services = append(document.Services, service)
	}
	return document
}

func (j JSON) partialService(s *ipvs.Service, unknownFamily bool) PartialServiceDocument {
	document := PartialServiceDocument{ServiceIdentity: j.serviceIdentity(s), Scheduler: s.Scheduler, Flags: serviceFlagWords(s.Flags)}
	if s.Flags&ipvs.Persistent != 0 {
		document.PersistenceTimeout, document.Netmask = s.Timeout, netmaskText(s)
	}
	if unknownFamily {
		document.Family, document.Netmask = "", ""
	}
	return document
}
