// SPDX-License-Identifier: Apache-2.0

package format

import (
	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// numberColumn is a numeric column: a counter or rate, which services have as well,
// or a value of servers only.
type numberColumn struct {
	title     string
	dropOrder int // see column
	quantity  quantity
	stats     func(*ipvs.Stats) uint64
	server    func(*ipvs.Destination) uint32
	// setting marks a configured value. It always has all digits, and a service shows
	// no sum of it.
	setting bool
	none    bool // 0 means none and is written as a dash
}

var (
	weightColumn = numberColumn{title: "WEIGHT", dropOrder: 5, setting: true, server: func(d *ipvs.Destination) uint32 { return d.Weight }}
	upperColumn  = numberColumn{title: "UPPER", dropOrder: 6, setting: true, none: true, server: func(d *ipvs.Destination) uint32 { return d.UpperThreshold }}
	lowerColumn  = numberColumn{title: "LOWER", dropOrder: 8, setting: true, none: true, server: func(d *ipvs.Destination) uint32 { return d.LowerThreshold }}

	activeColumn     = numberColumn{title: "ACTIVE", dropOrder: 2, server: func(d *ipvs.Destination) uint32 { return d.ActiveConns }}
	inactiveColumn   = numberColumn{title: "INACTIVE", dropOrder: 14, server: func(d *ipvs.Destination) uint32 { return d.InactiveConns }}
	persistentColumn = numberColumn{title: "PERSISTENT", dropOrder: 7, server: func(d *ipvs.Destination) uint32 { return d.PersistentConns }}
)

var counterColumns = []numberColumn{
	{title: "CONNS", dropOrder: 4, quantity: count, stats: func(s *ipvs.Stats) uint64 { return s.Conns }},
	{title: "PKTS IN", dropOrder: 12, quantity: count, stats: func(s *ipvs.Stats) uint64 { return s.InPkts }},
	{title: "PKTS OUT", dropOrder: 13, quantity: count, stats: func(s *ipvs.Stats) uint64 { return s.OutPkts }},
	{title: "BYTES IN", dropOrder: 10, quantity: byteCount, stats: func(s *ipvs.Stats) uint64 { return s.InBytes }},
	{title: "BYTES OUT", dropOrder: 11, quantity: byteCount, stats: func(s *ipvs.Stats) uint64 { return s.OutBytes }},
}

var rateColumns = []numberColumn{
	{title: "CONNS", dropOrder: 4, quantity: countPerSec, stats: func(s *ipvs.Stats) uint64 { return s.CPS }},
	{title: "PKTS IN", dropOrder: 12, quantity: countPerSec, stats: func(s *ipvs.Stats) uint64 { return s.InPPS }},
	{title: "PKTS OUT", dropOrder: 13, quantity: countPerSec, stats: func(s *ipvs.Stats) uint64 { return s.OutPPS }},
	{title: "BYTES IN", dropOrder: 10, quantity: bytesPerSec, stats: func(s *ipvs.Stats) uint64 { return s.InBPS }},
	{title: "BYTES OUT", dropOrder: 11, quantity: bytesPerSec, stats: func(s *ipvs.Stats) uint64 { return s.OutBPS }},
}

// numberColumns are the numeric columns of a view.
func numberColumns(view View) []numberColumn {
	switch view {
	case Counters:
		return counterColumns
	case Rates:
		return rateColumns
	case Thresholds:
		return []numberColumn{upperColumn, lowerColumn, activeColumn, inactiveColumn}
	case Persistence:
		return []numberColumn{weightColumn, persistentColumn, activeColumn, inactiveColumn}
	case Activity:
		weight := weightColumn
		weight.dropOrder = 9 // a screen is for what changes
		return append([]numberColumn{weight, activeColumn, inactiveColumn}, rateColumns...)
	}
	return []numberColumn{weightColumn, activeColumn, inactiveColumn}
}

// cell holds the number of a server, or the sum over the servers of a service.
func (n numberColumn) cell(l tableLine) cell {
	if n.stats != nil {
		if l.server != nil {
			return l.t.number(n.quantity, n.stats(&l.server.Stats))
		}
		return l.t.number(n.quantity, n.stats(&l.service.Stats))
	}
	if l.server != nil {
		value := n.server(l.server)
		switch {
		case n.none && value == 0 && !l.t.Exact:
			return cell{text: "-", style: dim}
		case n.setting:
			return cell{text: decimal(value)}
		}
		return l.t.number(count, uint64(value))
	}
	if n.setting {
		return cell{}
	}
	sum := uint64(0)
	for i := range l.servers {
		sum += uint64(n.server(&l.servers[i]))
	}
	return l.t.number(count, sum)
}
