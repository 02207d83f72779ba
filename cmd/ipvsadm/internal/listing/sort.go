// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// SortKey is the column by which a repeated listing is sorted. The zero value is ByName.
type SortKey int

// The sort keys. The weight and the connections of a service are the sums of its
// destinations. The keys from ByConns on are rates.
const (
	ByName SortKey = iota
	ByWeight
	ByActive
	ByInactive
	ByConns
	ByInPkts
	ByOutPkts
	ByInBytes
	ByOutBytes
)

var sortKeys = [...]string{
	ByName: "name", ByWeight: "weight", ByActive: "active", ByInactive: "inactive", ByConns: "conns",
	ByInPkts: "inpkts", ByOutPkts: "outpkts", ByInBytes: "inbytes", ByOutBytes: "outbytes",
}

// SortKeys returns the names of the sort keys, in their order. The caller must not change
// the slice.
func SortKeys() []string { return sortKeys[:] }

// ParseSortKey returns the sort key with a name. ok is false if there is none.
func ParseSortKey(name string) (key SortKey, ok bool) {
	i := slices.Index(sortKeys[:], name)
	return SortKey(max(i, 0)), i >= 0
}

// IsValid tells whether by is one of the sort keys.
func (by SortKey) IsValid() bool { return by >= 0 && int(by) < len(sortKeys) }

// String returns the name of the key, or the number of an invalid one.
func (by SortKey) String() string {
	if !by.IsValid() {
		return strconv.Itoa(int(by))
	}
	return sortKeys[by]
}

// Sort sorts the services, and the destinations of each, in descending order of the key.
// Rows with equal keys keep their order. ByName does nothing.
func (by SortKey) Sort(table ipvs.Table) {
	if by == ByName {
		return
	}
	slices.SortStableFunc(table, func(a, b ipvs.TableEntry) int { return cmp.Compare(by.ofService(&b), by.ofService(&a)) })
	for _, entry := range table {
		slices.SortStableFunc(entry.Destinations, func(a, b ipvs.Destination) int {
			return cmp.Compare(by.ofDestination(&b), by.ofDestination(&a))
		})
	}
}

// ofService returns the key of a service.
func (by SortKey) ofService(entry *ipvs.TableEntry) uint64 {
	if by >= ByConns {
		return by.rate(&entry.Service.Stats)
	}
	var sum uint64
	for i := range entry.Destinations {
		sum += by.ofDestination(&entry.Destinations[i])
	}
	return sum
}

func (by SortKey) ofDestination(d *ipvs.Destination) uint64 {
	switch by {
	case ByWeight:
		return uint64(d.Weight)
	case ByActive:
		return uint64(d.ActiveConns)
	case ByInactive:
		return uint64(d.InactiveConns)
	}
	return by.rate(&d.Stats)
}

func (by SortKey) rate(s *ipvs.Stats) uint64 {
	switch by {
	case ByConns:
		return s.CPS
	case ByInPkts:
		return s.InPPS
	case ByOutPkts:
		return s.OutPPS
	case ByInBytes:
		return s.InBPS
	case ByOutBytes:
		return s.OutBPS
	}
	return 0
}
