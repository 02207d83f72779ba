// SPDX-License-Identifier: Apache-2.0

package format

import "github.com/ipvsadm-go/ipvsadm/ipvs"

// Total is one or two sums over a listing in words, such as 1.2k conns/s.
type Total struct {
	Text string
	// Width is that of the text with the largest usual numbers, or of Text if that is
	// longer. A layout that is made for it does not change with the numbers.
	Width int
}

// Totals describes all services together, the most important first: their rates and
// connections, and how many services and servers there are. If exact is set, numbers have
// all digits.
func Totals(table ipvs.Table, exact bool) []Total {
	servers, active, inactive := 0, uint64(0), uint64(0)
	var sum ipvs.Stats
	for i := range table {
		s := &table[i].Service.Stats
		sum.CPS += s.CPS
		sum.InBPS += s.InBPS
		sum.OutBPS += s.OutBPS
		servers += len(table[i].Destinations)
		for j := range table[i].Destinations {
			active += uint64(table[i].Destinations[j].ActiveConns)
			inactive += uint64(table[i].Destinations[j].InactiveConns)
		}
	}
	number, bytes := count.text, bytesPerSec.text
	if exact {
		number = decimal[uint64]
		bytes = func(n uint64) string { return decimal(n) + " B/s" }
	}
	return []Total{
		total(number(sum.CPS)+" conns/s", "999.9k conns/s"),
		total(bytes(sum.InBPS)+" in", "999.9 MB/s in"),
		total(bytes(sum.OutBPS)+" out", "999.9 MB/s out"),
		total(number(active)+" active, "+number(inactive)+" inactive", "999.9k active, 999.9k inactive"),
		total(counted(uint64(len(table)), "service")+", "+counted(uint64(servers), "server"), "9999 services, 9999 servers"),
	}
}

// ConnTotals describes a number of connections.
func ConnTotals(connections uint64) []Total {
	return []Total{total(counted(connections, "connection"), "9999999 connections")}
}

// total returns a total as wide as the widest of its usual texts.
func total(text, widest string) Total { return Total{text, max(len(text), len(widest))} }

// counted writes a number with a noun, which it puts into the plural if n is not 1.
func counted(n uint64, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return decimal(n) + " " + noun
}
