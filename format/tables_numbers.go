package format

import (
	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// numberColumn is a column of numbers: of counters or rates, which services have
// too, or of servers alone.
type numberColumn struct {
	title    string
	rank     int // as that of column
	quantity quantity
	stats    func(*ipvs.Stats) uint64
	server   func(*ipvs.Destination) uint32
	// setting is for what was set, not counted: never shortened, and a service has no sum of it.
	setting bool
	none    bool // whether 0 means that there is none, which is a dash
}

var (
	weightColumn = numberColumn{title: "WEIGHT", rank: 5, setting: true, server: func(d *ipvs.Destination) uint32 { return d.Weight }}
	upperColumn  = numberColumn{title: "UPPER", rank: 6, setting: true, none: true, server: func(d *ipvs.Destination) uint32 { return d.UpperThreshold }}
	lowerColumn  = numberColumn{title: "LOWER", rank: 8, setting: true, none: true, server: func(d *ipvs.Destination) uint32 { return d.LowerThreshold }}

	activeColumn     = numberColumn{title: "ACTIVE", rank: 2, server: func(d *ipvs.Destination) uint32 { return d.ActiveConns }}
	inactiveColumn   = numberColumn{title: "INACTIVE", rank: 14, server: func(d *ipvs.Destination) uint32 { return d.InactiveConns }}
	persistentColumn = numberColumn{title: "PERSISTENT", rank: 7, server: func(d *ipvs.Destination) uint32 { return d.PersistentConns }}
)

var counterColumns = []numberColumn{
	{title: "CONNS", rank: 4, quantity: things, stats: func(s *ipvs.Stats) uint64 { return s.Conns }},
	{title: "PKTS IN", rank: 12, quantity: things, stats: func(s *ipvs.Stats) uint64 { return s.InPkts }},
	{title: "PKTS OUT", rank: 13, quantity: things, stats: func(s *ipvs.Stats) uint64 { return s.OutPkts }},
	{title: "BYTES IN", rank: 10, quantity: octets, stats: func(s *ipvs.Stats) uint64 { return s.InBytes }},
	{title: "BYTES OUT", rank: 11, quantity: octets, stats: func(s *ipvs.Stats) uint64 { return s.OutBytes }},
}

var rateColumns = []numberColumn{
	{title: "CONNS", rank: 4, quantity: thingsASecond, stats: func(s *ipvs.Stats) uint64 { return s.CPS }},
	{title: "PKTS IN", rank: 12, quantity: thingsASecond, stats: func(s *ipvs.Stats) uint64 { return s.InPPS }},
	{title: "PKTS OUT", rank: 13, quantity: thingsASecond, stats: func(s *ipvs.Stats) uint64 { return s.OutPPS }},
	{title: "BYTES IN", rank: 10, quantity: octetsASecond, stats: func(s *ipvs.Stats) uint64 { return s.InBPS }},
	{title: "BYTES OUT", rank: 11, quantity: octetsASecond, stats: func(s *ipvs.Stats) uint64 { return s.OutBPS }},
}

// numbersOf are the columns of numbers of a view.
func numbersOf(view View) []numberColumn {
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
		return append([]numberColumn{weightColumn, activeColumn, inactiveColumn}, rateColumns...)
	}
	return []numberColumn{weightColumn, activeColumn, inactiveColumn}
}

// cell has the number of a server, or the sum of those of a service's servers.
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
			return cell{text: "-"}
		case n.setting:
			return cell{text: decimal(value)}
		}
		return l.t.number(things, uint64(value))
	}
	if n.setting {
		return cell{}
	}
	sum := uint64(0)
	for i := range l.servers {
		sum += uint64(n.server(&l.servers[i]))
	}
	return l.t.number(things, sum)
}
