// SPDX-License-Identifier: Apache-2.0

package format

import (
	"io"
	"net/netip"
	"time"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// DrainDocument is a line of --drain --output json. The first line has the way back, each
// later one a reading, and the last one the result.
type DrainDocument struct {
	Time time.Time `json:"time"`
	// WayBack are rules for ipvsadm -R that put everything back. Only the first line has
	// it, and nothing has changed when it is written.
	WayBack []string `json:"way_back,omitempty"`
	// Elapsed and Limit are in seconds. A drain without a limit has none.
	Elapsed uint64                `json:"elapsed"`
	Limit   uint64                `json:"limit,omitempty"`
	Servers []DrainServerDocument `json:"servers"`
	Notes   []string              `json:"notes,omitempty"`
	// Result is drained, not drained, interrupted or stopped.
	Result  string   `json:"result,omitempty"`
	Summary []string `json:"summary,omitempty"`
}

// DrainServerDocument is a server of a service that is taken out.
type DrainServerDocument struct {
	Service string     `json:"service"` // such as TCP 10.0.0.1:80, or FWM 7
	Address netip.Addr `json:"address"`
	Port    uint16     `json:"port"`
	// WeightBefore is the weight that it had before the drain.
	WeightBefore    uint32 `json:"weight_before"`
	Weight          uint32 `json:"weight"`
	ActiveConns     uint32 `json:"active_connections"`
	InactiveConns   uint32 `json:"inactive_connections"`
	PersistentConns uint32 `json:"persistent_connections"`
	// Silent is how many seconds ago a packet may have come last.
	Silent uint64 `json:"silent"`
	State  string `json:"state"` // waiting, drained, removed, restored
	Text   string `json:"text"`
}

// NewDrainServerDocument makes the document of a server.
func NewDrainServerDocument(id ipvs.ServiceID, server ipvs.DestinationID) DrainServerDocument {
	return DrainServerDocument{Service: id.String(), Address: server.AddrPort.Addr(), Port: server.AddrPort.Port()}
}

// Write writes the document as one line.
func (d DrainDocument) Write(w io.Writer) error { return JSON{Time: d.Time}.write(w, d) }
