// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"io"
	"slices"

	"github.com/ipvsadm-go/ipvsadm/format"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// -E and -e replace all settings, so hints show them with the settings that the kernel has.
const (
	itExists = "it exists; "
	editFrom = itExists + "edit its settings as they are now: "
)

// editService says how to edit a service that exists.
func editService(client *ipvs.Client, id ipvs.ServiceID) string {
	s, err := client.Service(id)
	if err != nil || !expressible(ipvs.TableEntry{Service: s}) {
		return itExists + listLine(id) + " lists it"
	}
	return editFrom + commandLine(ipvs.SetService(s))
}

// editDestination says how to edit a server that exists.
func editDestination(client *ipvs.Client, service ipvs.ServiceID, id ipvs.DestinationID) string {
	entry, err := client.TableEntry(service)
	i := slices.IndexFunc(entry.Destinations, func(d ipvs.Destination) bool { return d.DestinationID == id })
	if err != nil || i < 0 {
		return itExists + listLine(service) + " lists it"
	}
	entry.Destinations = entry.Destinations[i : i+1]
	if !expressible(entry) {
		return itExists + listLine(service) + " lists it"
	}
	return editFrom + commandLine(ipvs.SetDestination(service, entry.Destinations[0]))
}

// expressible tells whether a command line has options for all settings of a service and
// its servers.
func expressible(entry ipvs.TableEntry) bool {
	warnings, err := format.Rules(io.Discard, ipvs.Table{entry}, nil)
	return err == nil && len(warnings) == 0
}

// addService says how to add a service that was to be edited. It does not repeat the name
// of a scheduler or persistence engine that no kernel has.
func addService(s ipvs.Service) string {
	switch {
	case !slices.Contains(ipvs.Schedulers(), s.Scheduler):
		return "-A adds it; " + meantScheduler(s.Scheduler)
	case s.PersistenceEngine != "" && !slices.Contains(ipvs.PersistenceEngines(), s.PersistenceEngine):
		return "-A adds it; " + onlyEngine
	}
	return "add it: " + commandLine(ipvs.NewService(s))
}
