package format

import "github.com/ipvsadm-go/ipvsadm/ipvs"

// Totals are the rates of all services together and how many there are, in a few
// words each, the most important ones first. Exact is for numbers in full.
func Totals(table ipvs.Table, exact bool) []string {
	servers := 0
	var sum ipvs.Stats
	for i := range table {
		servers += len(table[i].Destinations)
		s := &table[i].Service.Stats
		sum.CPS += s.CPS
		sum.InBPS += s.InBPS
		sum.OutBPS += s.OutBPS
	}
	conns, in, out := things.text(sum.CPS), octetsASecond.text(sum.InBPS), octetsASecond.text(sum.OutBPS)
	if exact {
		conns, in, out = decimal(sum.CPS), decimal(sum.InBPS)+" B/s", decimal(sum.OutBPS)+" B/s"
	}
	return []string{
		conns + " conns/s", in + " in", out + " out",
		Count(uint64(len(table)), "service"), Count(uint64(servers), "server"),
	}
}

// Count is a number of things, of which the word is that for one.
func Count(n uint64, word string) string {
	if n != 1 {
		word += "s"
	}
	return decimal(n) + " " + word
}
