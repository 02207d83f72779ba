// SPDX-License-Identifier: Apache-2.0

package format

import (
	"net/netip"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// Names finds names for addresses and ports. Both methods return false for what has
// no name, which is then written as a number.
type Names interface {
	Host(netip.Addr) (string, bool)
	Port(ipvs.Protocol, uint16) (string, bool)
}

// View selects the columns of a listing of services. A value other than those below
// counts as Connections.
type View int

// The views.
const (
	Connections View = iota // forwarding method, weight, connections
	Counters                // --stats
	Rates                   // --rate
	Thresholds              // --thresholds
	Persistence             // --persistent-conn
	Tunnels                 // --tun-info
	Activity                // weight, connections and rates; only the form table has it, others print Connections
)

// Snapshot is what a listing of services shows: all services, or one.
type Snapshot struct {
	// Info and Totals are nil when one service is listed. Only JSON and Prometheus
	// print Totals, the counters of the whole network namespace.
	Info   *ipvs.Info
	Totals *ipvs.Stats
	Table  ipvs.Table
	// Limits are those of the namespace.
	Limits Limits
	// Status is nil before Linux 7.1, without the rights of root and when one service is
	// listed. The classic form does not print it.
	Status *ipvs.Status
	// Estimation tells whether the kernel sums up counters and computes rates.
	Estimation Estimation
	// Partial is set if the table is what /proc shows to everybody: see
	// ipvs.PartialTable. Only JSON and the form table can show it, the latter without
	// counters, thresholds, tunnels and persistent connections, whatever the view.
	Partial bool
	// UnknownFamily is that of an ipvs.PartialTable.
	UnknownFamily map[uint32]bool
	// Servers holds all servers of each service of which Table holds only some, as on
	// a page. The form table sums over them. A service without an entry has all its
	// servers in Table.
	Servers map[ipvs.ServiceID][]ipvs.Destination
}

// Limits are the sizes that IPVS can reach in a network namespace. The zero value is for
// kernels that tell none.
type Limits struct {
	// ConnTabGrows is set from Linux 7.1 on: the size in Info is that of the moment.
	ConnTabGrows bool
	// ConnTabSize is the largest size of a table that grows, 0 if it is not known.
	ConnTabSize uint64
	// Conns is the highest number of connections, nil before Linux 7.2.
	Conns *uint64
}

// Estimation tells whether the kernel sums up counters and computes rates, or else why not.
type Estimation int

// The zero value is for kernels that do not tell, as before Linux 5.15.
const (
	EstimationUnknown Estimation = iota
	EstimationRuns
	EstimationOff    // the setting run_estimation is 0
	EstimationNoCPUs // the setting est_cpulist is empty
)

// stopped tells whether counters and rates stand still, whatever the traffic.
func (e Estimation) stopped() bool { return e == EstimationOff || e == EstimationNoCPUs }

// connsFull tells whether the limit of connections is reached.
func (s *Snapshot) connsFull() bool {
	return s.Status != nil && s.Limits.Conns != nil && s.Status.Conns.Entries >= *s.Limits.Conns
}
