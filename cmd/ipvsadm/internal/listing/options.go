// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"github.com/ipvsadm-go/ipvsadm/format"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// Kind is what a listing shows. The zero value is Table.
type Kind int

// The kinds.
const (
	Table       Kind = iota // services with their destinations
	Connections             // each connection
	ConnCounts              // connection counts by group
	Timeouts
	Daemons
)

// Options select what a listing shows, and in which form. The zero value is the whole
// table in the classic form, sorted by name, with names instead of numbers.
type Options struct {
	Kind Kind
	// Service restricts a Table to one service; zero for all.
	Service ipvs.ServiceID
	Form    format.Form
	View    format.View
	// Numeric prints addresses and ports as numbers.
	Numeric bool
	// Exact prints counters and rates without units.
	Exact bool
	// Unsorted keeps the kernel's order of services and destinations.
	Unsorted bool
	// SortBy is the sort key of a Table. Rows with equal keys are sorted by name.
	SortBy SortKey
	// PersistenceData adds the data of persistence engines to Connections.
	PersistenceData bool
	// Filter selects connections; zero for all.
	Filter ipvs.ConnFilter
	// CountBy groups the connections of ConnCounts.
	CountBy ipvs.ConnGroup
}
