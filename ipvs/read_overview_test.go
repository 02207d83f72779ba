// SPDX-License-Identifier: Apache-2.0

package ipvs_test

import (
	"errors"
	"io"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
)

// overviewTable is bigTable with destinations that /proc tells of, except those of the
// marks, and those of the first two services, which masquerade or bypass.
func overviewTable() ipvs.Table {
	table := bigTable()
	for i := range table {
		for j := range table[i].Destinations {
			d := &table[i].Destinations[j]
			d.Forward = []ipvs.ForwardingMethod{ipvs.DirectRoute, ipvs.Tunnel, ipvs.Local}[(i+j)%3]
			d.TunnelType, d.UpperThreshold = ipvs.GRE, 7
			d.Weight, d.ActiveConns, d.InactiveConns = uint32(j), uint32(100*i), uint32(i+j)
		}
	}
	table[0].Destinations[0].Forward = ipvs.Bypass
	table[1].Destinations[3].Forward = ipvs.Masquerade
	table[2].Destinations[0].ActiveConns = math.MaxUint32
	table[2].Destinations[1].Weight = math.MaxInt32
	table[3].Destinations = nil
	return table
}

// dumpsBesideProc is how many dumps the destinations take that /proc does not tell: those
// of four services, one of which is dumped twice.
const dumpsBesideProc = 5

// plain returns a table without what an overview does not have.
func plain(table ipvs.Table) ipvs.Table {
	table = slices.Clone(table)
	for i := range table {
		var plain []ipvs.Destination
		for _, d := range table[i].Destinations {
			plain = append(plain, ipvs.Destination{
				DestinationID: d.DestinationID, Forward: d.Forward, Weight: d.Weight,
				ActiveConns: d.ActiveConns, InactiveConns: d.InactiveConns,
			})
		}
		table[i].Destinations = plain
	}
	return table
}

// settingsOf returns a table with what Client.Settings reads.
func settingsOf(table ipvs.Table) ipvs.Table {
	table = slices.Clone(table)
	for i := range table {
		var settings []ipvs.Destination
		for _, d := range table[i].Destinations {
			d.Stats = ipvs.Stats{}
			if d.Forward != ipvs.Tunnel {
				d.TunnelType, d.TunnelPort, d.TunnelFlags = 0, 0, 0
			}
			settings = append(settings, d)
		}
		table[i].Destinations = settings
	}
	return table
}

// checkOverview compares an overview, and the settings, with the table.
func checkOverview(t *testing.T, what string, c *ipvs.Client) {
	t.Helper()
	table, err := c.Table()
	must(t, err)
	got, err := c.Overview()
	must(t, err)
	wantEqual(t, what, plain(got), plain(table))
	got, err = c.Settings()
	must(t, err)
	wantEqual(t, what, settingsOf(got), settingsOf(table))
}

// destinationDumps counts the dumps of destinations since the last call of Commands.
func destinationDumps(k *ipvstest.Kernel) (n int) {
	for _, command := range k.Commands() {
		if command == ipvs.CommandGetDestinations {
			n++
		}
	}
	return n
}

// What /proc tells is not read by netlink.
func TestOverviewFromProc(t *testing.T) {
	k, c := fakeWith(t, overviewTable())
	checkOverview(t, "overview", c)
	k.Commands()
	got, err := c.Overview()
	must(t, err)
	if n := destinationDumps(k); n != dumpsBesideProc {
		t.Errorf("%d dumps of destinations, want %d", n, dumpsBesideProc)
	}
	if d := got[4].Destinations[0]; d.TunnelType != 0 || d.UpperThreshold != 0 {
		t.Errorf("got %+v", d)
	}
}

func TestOverviewOfIncompleteDumps(t *testing.T) {
	for name, fault := range map[string]ipvstest.Fault{
		"a service":               {Command: ipvs.CommandGetService, Effect: misses(20, 1)},
		"the last service":        {Command: ipvs.CommandGetService, Effect: misses(41, 1)},
		"services come again":     {Command: ipvs.CommandGetService, Effect: repeats(4)},
		"all services come again": {Command: ipvs.CommandGetService, Times: 3, Effect: repeats(42)},
		"destinations":            {Command: ipvs.CommandGetDestinations, Skip: 1, Effect: misses(10, 3)},
		"destinations of a mark":  {Command: ipvs.CommandGetDestinations, Skip: 2, Effect: misses(10, 3)},
		"destinations come again": {Command: ipvs.CommandGetDestinations, Skip: 1, Effect: repeats(7)},
	} {
		k, c := fakeWith(t, overviewTable())
		k.Inject(fault)
		got, err := c.Overview()
		must(t, err)
		wantEqual(t, name, plain(got), plain(overviewTable()))
	}
}

// A service that the file tells of in a way that cannot be right is read by netlink.
func TestOverviewOfServicesThatProcCannotTell(t *testing.T) {
	good := procText(overviewTable())
	begin := func(text string) int { return strings.Index(good, text) }
	const fifth, sixth, seventh = "TCP  0A000002:", "UDP  [fd00:0001:0000:0000:0000:0000:0000:0003]:", "TCP  0A000003:"
	record := good[begin(fifth):begin(sixth)]
	first := record[strings.Index(record, "  -> "):]
	first = first[:strings.Index(first, "\n")+1]
	replaced := func(old, with string) string {
		if !strings.Contains(record, old) {
			t.Fatalf("%q is not in\n%s", old, record)
		}
		return good[:begin(fifth)] + strings.Replace(record, old, with, 1) + good[begin(sixth):]
	}
	for name, c := range map[string]struct {
		text string
		more int // dumps of destinations
	}{
		"as it is":                  {good, 0},
		"a service less":            {replaced(record, ""), 1},
		"a service twice":           {good + record, 1},
		"a service twice at once":   {replaced(record, record+record), 1},
		"another service more":      {replaced(record, strings.Replace(record, "0A0000", "0B0000", 1)+record), 0},
		"another order":             {replaced(record, "") + record, 0},
		"reversed":                  {good[:begin("TCP")] + good[begin(seventh):] + good[begin("TCP"):begin(seventh)], 0},
		"a destination twice":       {replaced(first, first+first), 1},
		"a destination comes again": {good[:begin(sixth)] + first + good[begin(sixth):], 1},
		"unknown method":            {replaced("Tunnel", "Teleport"), 1},
		"a method less":             {replaced("Tunnel", ""), 1},
		"a number more":             {replaced("400        4         ", "400        4 4       "), 1},
		"a number less":             {replaced("400        4         ", "400"), 1},
		"a large weight":            {replaced("0      400", "2147483648 400"), 1},
		"a weight of many digits":   {replaced("0      400", strings.Repeat("9", 1000)+" 400"), 1},
		"a weight in words":         {replaced("0      400", "none 400"), 1},
		"only a sign":               {replaced("0      400", "-      400"), 1},
	} {
		k, client := fakeWith(t, overviewTable())
		client.SetProcTable(func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(c.text)), nil })
		k.Commands()
		got, err := client.Overview()
		must(t, err)
		wantEqual(t, name, plain(got), plain(overviewTable()))
		if n := destinationDumps(k); n != dumpsBesideProc+c.more {
			t.Errorf("%s: %d dumps of destinations, want %d", name, n, dumpsBesideProc+c.more)
		}
	}
}

// Of a service with a destination that the file lists and no dump has, the dumps decide.
func TestOverviewOfDestinationThatOnlyProcLists(t *testing.T) {
	_, c := fakeWith(t, overviewTable())
	text := strings.Replace(procText(overviewTable()), "[fd00:0000:0000:0000:0000:0000:0000:0007]:0050", "[fd00:0000:0000:0000:0000:0000:0000:0007]:0051", 1)
	c.SetProcTable(func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil })
	got, err := c.Overview()
	must(t, err)
	wantEqual(t, "overview", plain(got), plain(overviewTable()))
	_, err = c.Table()
	must(t, err)
}

// Without a file that can be read to its end, all is read by netlink.
func TestOverviewOfMalformedProcTable(t *testing.T) {
	for name, text := range malformedProcTables(procText(overviewTable())) {
		k, c := fakeWith(t, overviewTable())
		c.SetProcTable(func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil })
		k.Commands()
		got, err := c.Overview()
		must(t, err)
		wantEqual(t, name, plain(got), plain(overviewTable()))
		if n := destinationDumps(k); n < len(overviewTable()) {
			t.Errorf("%s: only %d dumps of destinations", name, n)
		}
	}
	_, c := fakeWith(t, overviewTable())
	c.SetProcTable(func() (io.ReadCloser, error) { return nil, errors.New("no such file") })
	checkOverview(t, "no file", c)
}

// A service that is deleted after the services are listed is left out.
func TestOverviewWithoutDeletedService(t *testing.T) {
	k, c := fakeWith(t, overviewTable())
	c.SetProcTable(func() (io.ReadCloser, error) {
		k.SetTable(k.Table()[1:])
		return io.NopCloser(strings.NewReader(procText(k.Table()))), nil
	})
	got, err := c.Overview()
	must(t, err)
	if len(got) < len(overviewTable())-2 || got[0].Service.ServiceID == overviewTable()[0].Service.ServiceID {
		t.Errorf("got %d services, %v first", len(got), got[0].Service)
	}
}

// Whatever the file says, the overview has the services that netlink lists.
func FuzzOverview(f *testing.F) {
	good := procText(overviewTable()[:6])
	f.Add([]byte(good))
	for _, text := range malformedProcTables(good) {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		want := overviewTable()[:6]
		_, c := fakeWith(t, want)
		c.SetProcTable(func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(string(text))), nil })
		got, err := c.Overview()
		must(t, err)
		if len(got) != len(want) {
			t.Fatalf("%d services, want %d", len(got), len(want))
		}
		for i := range got {
			if got[i].Service.ServiceID != want[i].Service.ServiceID {
				t.Errorf("got %v, want %v", got[i].Service, want[i].Service)
			}
		}
	})
}
