package format

import "github.com/ipvsadm-go/ipvsadm/ipvs"

// Snapshot is what a listing of services shows: all of them, or one.
type Snapshot struct {
	// Info is nil for the listing of one service, and so are Totals, the counters of
	// the whole network namespace, which only documents and metrics show.
	Info   *ipvs.Info
	Totals *ipvs.Stats
	Table  ipvs.Table
}
