package format

import "github.com/ipvsadm-go/ipvsadm/ipvs"

// Snapshot is what a listing of services shows: all of them, or one.
type Snapshot struct {
	Info  *ipvs.Info // nil for the listing of one service
	Table ipvs.Table
}
