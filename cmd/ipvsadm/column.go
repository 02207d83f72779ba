package main

import (
	"cmp"
	"slices"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// column is what a repeated listing is sorted by. The zero value is the name.
type column int

const (
	byName column = iota
	byWeight
	byActive
	byInactive
	byConns
	byInPkts
	byOutPkts
	byInBytes
	byOutBytes
)

// columnNames are the values of --sort-by, in the order of the columns.
var columnNames = [...]string{
	byName: "name", byWeight: "weight", byActive: "active", byInactive: "inactive", byConns: "conns",
	byInPkts: "inpkts", byOutPkts: "outpkts", byInBytes: "inbytes", byOutBytes: "outbytes",
}

// sort puts the services, and the destinations of each, in the order of the
// column, the most first. Those that have as much keep their order.
func (by column) sort(table ipvs.Table) {
	if by == byName {
		return
	}
	slices.SortStableFunc(table, func(a, b ipvs.TableEntry) int { return cmp.Compare(by.ofService(&b), by.ofService(&a)) })
	for _, entry := range table {
		slices.SortStableFunc(entry.Destinations, func(a, b ipvs.Destination) int {
			return cmp.Compare(by.ofDestination(&b), by.ofDestination(&a))
		})
	}
}

// ofService is the service's rate, or the sum of its destinations.
func (by column) ofService(entry *ipvs.TableEntry) uint64 {
	if by >= byConns {
		return by.rate(&entry.Service.Stats)
	}
	var sum uint64
	for i := range entry.Destinations {
		sum += by.ofDestination(&entry.Destinations[i])
	}
	return sum
}

func (by column) ofDestination(d *ipvs.Destination) uint64 {
	switch by {
	case byWeight:
		return uint64(d.Weight)
	case byActive:
		return uint64(d.ActiveConns)
	case byInactive:
		return uint64(d.InactiveConns)
	}
	return by.rate(&d.Stats)
}

func (by column) rate(s *ipvs.Stats) uint64 {
	switch by {
	case byConns:
		return s.CPS
	case byInPkts:
		return s.InPPS
	case byOutPkts:
		return s.OutPPS
	case byInBytes:
		return s.InBPS
	case byOutBytes:
		return s.OutBPS
	}
	return 0
}
