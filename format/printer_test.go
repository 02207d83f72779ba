// SPDX-License-Identifier: Apache-2.0

package format

import (
	"bytes"
	"errors"
	"io"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// printers has a printer of each form.
func printers() map[Form]Printer {
	return map[Form]Printer{ClassicForm: Classic{}, JSONForm: JSON{}, TableForm: Table{}, PrometheusForm: Prometheus{}}
}

// chunksOf is a sequence of chunks for Connections.
func chunksOf(chunks ...[]ipvs.ConnEntry) iter.Seq2[[]ipvs.ConnEntry, error] {
	return failing(nil, chunks...)
}

// failing is a sequence of chunks that ends with an error.
func failing(err error, chunks ...[]ipvs.ConnEntry) iter.Seq2[[]ipvs.ConnEntry, error] {
	return func(yield func([]ipvs.ConnEntry, error) bool) {
		for _, chunk := range chunks {
			if !yield(chunk, nil) {
				return
			}
		}
		if err != nil {
			yield(nil, err)
		}
	}
}

// A broken sequence keeps the chunks before the error, and prints nothing without any.
func TestConnectionsOfBrokenSequence(t *testing.T) {
	errBroken := errors.New("broken")
	one := []ipvs.ConnEntry{connection("192.168.0.1:50000")}
	repeated := JSON{Time: time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)}
	for _, c := range []struct {
		name             string
		printer          Printer
		titles, row, end string
		empty            string // a listing of no connections
	}{
		{
			"classic", Classic{},
			"IPVS connection entries\npro expire state       source             virtual            destination\n",
			"TCP 14:59  ESTABLISHED 192.168.0.1:50000  10.0.0.1:80        10.0.0.2:80\n", "",
			"IPVS connection entries\npro expire state       source             virtual            destination\n",
		},
		{
			"table", Table{Width: 40}, "",
			"CLIENT             DESTINATION\n192.168.0.1:50000  10.0.0.2:80\n", "left out: PROTO, EXPIRES, STATE, VIRTUAL\n",
			"no connections\n",
		},
		{
			"json", repeated, `{"time":"2026-11-27T12:00:00Z","connections":[`,
			`{"protocol":"TCP","client":{"address":"192.168.0.1","port":50000,"family":"IPv4"},"virtual":{"address":"10.0.0.1","port":80,"family":"IPv4"},` +
				`"destination":{"address":"10.0.0.2","port":80,"family":"IPv4"},"state":"ESTABLISHED","expires":899}`, "]}\n",
			`{"time":"2026-11-27T12:00:00Z","connections":[]}` + "\n",
		},
	} {
		for _, listing := range []struct {
			err    error
			chunks [][]ipvs.ConnEntry
			want   string
		}{
			{errBroken, nil, ""},
			{errBroken, [][]ipvs.ConnEntry{nil}, c.titles},
			{errBroken, [][]ipvs.ConnEntry{one}, c.titles + c.row},
			{errBroken, [][]ipvs.ConnEntry{nil, one, nil}, c.titles + c.row},
			{nil, [][]ipvs.ConnEntry{nil, one}, c.titles + c.row + c.end},
			{nil, nil, c.empty},
			{nil, [][]ipvs.ConnEntry{nil, nil}, c.empty},
		} {
			var b strings.Builder
			err := c.printer.Connections(&b, failing(listing.err, listing.chunks...))
			if !errors.Is(err, listing.err) || b.String() != listing.want {
				t.Errorf("%s, %d chunks: got %v\n%s\nwant %v\n%s", c.name, len(listing.chunks), err, &b, listing.err, listing.want)
			}
		}
	}
}

// A page has the lines of the whole listing in its sections. All are printable.
func TestPageSections(t *testing.T) {
	call := connection("192.168.0.1:50000")
	call.PEName, call.PEData = "sip", "call\x1b[2J"
	table := office()
	counts := []ipvs.ConnCount{{ConnKey: ipvs.ConnKey{Protocol: "TCP", State: "NEW\x1b"}, Entries: 7}}
	daemons := []ipvs.Daemon{{State: ipvs.Master, Interface: "eth\x1b", SyncID: 7}}
	timeouts := ipvs.Timeouts{TCP: 900, TCPFin: 120, UDP: 300}
	for name, form := range map[string]interface {
		Printer
		Pager
	}{
		"classic": Classic{PersistenceData: true, Sanitize: true}, "table": Table{PersistenceData: true}, "narrow table": Table{PersistenceData: true, Width: 40},
	} {
		for _, c := range []struct {
			page  Page
			print func(io.Writer) error
		}{
			{form.PageTimeouts(timeouts), func(w io.Writer) error { return form.Timeouts(w, timeouts) }},
			{form.PageDaemons(daemons), func(w io.Writer) error { return form.Daemons(w, daemons) }},
			{form.PageTable(table), func(w io.Writer) error { return form.Table(w, table) }},
			{form.PageConnections([]ipvs.ConnEntry{call}), func(w io.Writer) error { return form.Connections(w, oneChunk([]ipvs.ConnEntry{call})) }},
			{form.PageConnCounts(ipvs.ByState, counts), func(w io.Writer) error { return form.ConnCounts(w, ipvs.ByState, counts) }},
		} {
			var b strings.Builder
			wantNil(t, c.print(&b))
			want := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
			want = slices.DeleteFunc(want, func(line string) bool { return strings.HasSuffix(line, " total") })
			got := strings.Split(string(bytes.Join(slices.Concat(c.page.Head, c.page.Rows, c.page.Foot), []byte("\n"))), "\n")
			if !slices.Equal(got, want) {
				t.Errorf("%s: got\n%s\nwant\n%s", name, strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			if strings.Contains(strings.Join(got, ""), "\x1b") {
				t.Errorf("%s: a control character in %q", name, got)
			}
		}
	}
}

func TestPageHeadAndFoot(t *testing.T) {
	page := Table{Width: 20}.PageTable(Snapshot{Table: office().Table})
	if head := string(bytes.Join(page.Head, []byte("\n"))); head != "SERVICE, SERVER" {
		t.Errorf("head: %s", head)
	}
	if foot := string(bytes.Join(page.Foot, []byte("\n"))); foot != "left out: METHOD,\nWEIGHT, ACTIVE,\nINACTIVE, STATE,\nOPTIONS" {
		t.Errorf("foot: %s", foot)
	}
	if page := (Classic{}).PageTable(office()); len(page.Head) != 3 || len(page.Rows) != 6 || len(page.Foot) != 0 {
		t.Errorf("%d, %d, %d lines", len(page.Head), len(page.Rows), len(page.Foot))
	}
	if page := (Table{}).PageConnCounts(ipvs.ByState, nil); len(page.Head) != 0 || string(page.Rows[0]) != "no connections" {
		t.Errorf("%q", page)
	}
	// A title that wraps belongs to the head as a whole.
	page = Table{Width: 4}.PageConnections([]ipvs.ConnEntry{connection("192.168.0.1:50000")})
	if head := string(bytes.Join(page.Head, []byte("\n"))); head != "CLIE\nNT" {
		t.Errorf("head: %s", head)
	}
}

// A page may show only some servers of a service. Its sums are those of all of them.
func TestPageSumsAllServers(t *testing.T) {
	service := officeService(ipvs.TCP, "10.0.0.1:80", "rr")
	servers := []ipvs.Destination{officeServer("10.0.0.2:80", 1), officeServer("10.0.0.3:80", 1)}
	servers[0].ActiveConns, servers[1].ActiveConns = 1, 2
	page := Table{}.PageTable(Snapshot{
		Table:   ipvs.Table{{Service: service, Destinations: servers[:1]}},
		Servers: map[ipvs.ServiceID][]ipvs.Destination{service.ServiceID: servers},
	})
	same(t, string(bytes.Join(slices.Concat(page.Head, page.Rows), []byte("\n"))), `
SERVICE, SERVER  METHOD  WEIGHT  ACTIVE  INACTIVE  STATE
TCP 10.0.0.1:80  rr                   3         0
  10.0.0.2:80    Route        1       1         0`)
}
