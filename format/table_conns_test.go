// SPDX-License-Identifier: Apache-2.0

package format

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

func connection(client string) ipvs.ConnEntry {
	return ipvs.ConnEntry{
		Protocol: "TCP", State: "ESTABLISHED", Expires: 899 * time.Second, Client: netip.MustParseAddrPort(client),
		Virtual: netip.MustParseAddrPort("10.0.0.1:80"), Destination: netip.MustParseAddrPort("10.0.0.2:80"),
	}
}

func connections(t *testing.T, table Table, chunks ...[]ipvs.ConnEntry) string {
	t.Helper()
	var b strings.Builder
	if err := table.Connections(&b, chunksOf(chunks...)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestTableConnections(t *testing.T) {
	call := connection("[2001:db8:ffff:ffff:ffff:ffff:ffff:fffe]:50000")
	call.Protocol, call.State, call.PEName, call.PEData = "UDP", "UDP", "sip", "call\x1b]0;boo\x07@host"
	same(t, connections(t, Table{PersistenceData: true}, []ipvs.ConnEntry{connection("192.168.0.1:50000"), call}), `
PROTO  EXPIRES  STATE        CLIENT                                          VIRTUAL      DESTINATION  PE   PE DATA
TCP      14:59  ESTABLISHED  192.168.0.1:50000                               10.0.0.1:80  10.0.0.2:80
UDP      14:59  UDP          [2001:db8:ffff:ffff:ffff:ffff:ffff:fffe]:50000  10.0.0.1:80  10.0.0.2:80  sip  call\x1b]0;boo\x07@host
`)
	same(t, connections(t, Table{Width: 80}, []ipvs.ConnEntry{connection("192.168.0.1:50000"), call}), `
PROTO  EXPIRES  STATE        CLIENT                     VIRTUAL      DESTINATION
TCP      14:59  ESTABLISHED  192.168.0.1:50000          10.0.0.1:80  10.0.0.2:80
UDP      14:59  UDP          [2001:db8:ffff:ffff:ffff:  10.0.0.1:80  10.0.0.2:80
                             ffff:ffff:fffe]:50000
`)
	same(t, connections(t, Table{}, nil), "no connections\n")
}

func TestTableColumnsGrowFromChunkToChunk(t *testing.T) {
	short, long := connection("192.168.0.1:50000"), connection("[2001:db8:ffff:ffff:ffff:ffff:ffff:fffe]:50000")
	same(t, connections(t, Table{}, []ipvs.ConnEntry{short}, []ipvs.ConnEntry{long}, []ipvs.ConnEntry{short}), `
PROTO  EXPIRES  STATE        CLIENT             VIRTUAL      DESTINATION
TCP      14:59  ESTABLISHED  192.168.0.1:50000  10.0.0.1:80  10.0.0.2:80
TCP      14:59  ESTABLISHED  [2001:db8:ffff:ffff:ffff:ffff:ffff:fffe]:50000  10.0.0.1:80  10.0.0.2:80
TCP      14:59  ESTABLISHED  192.168.0.1:50000                               10.0.0.1:80  10.0.0.2:80
`)
	same(t, connections(t, Table{Width: 85}, []ipvs.ConnEntry{short}, []ipvs.ConnEntry{long}, []ipvs.ConnEntry{short}), `
PROTO  EXPIRES  STATE        CLIENT             VIRTUAL      DESTINATION
TCP      14:59  ESTABLISHED  192.168.0.1:50000  10.0.0.1:80  10.0.0.2:80
TCP      14:59  ESTABLISHED  [2001:db8:ffff:ffff:ffff:ffff:  10.0.0.1:80  10.0.0.2:80
                             ffff:fffe]:50000
TCP      14:59  ESTABLISHED  192.168.0.1:50000               10.0.0.1:80  10.0.0.2:80
`)
}

func TestTableConnCounts(t *testing.T) {
	counts := []ipvs.ConnCount{
		{ConnKey: ipvs.ConnKey{Protocol: "TCP", State: "ESTABLISHED"}, Entries: 12345},
		{ConnKey: ipvs.ConnKey{Protocol: "SCTP", State: "INIT"}, Entries: 1},
	}
	var b strings.Builder
	if err := (Table{}).ConnCounts(&b, ipvs.ByState, counts); err != nil {
		t.Fatal(err)
	}
	same(t, b.String(), `
CONNECTIONS  PROTO  STATE
      12.3k  TCP    ESTABLISHED
          1  SCTP   INIT
      12.3k         total
`)
	b.Reset()
	counts = []ipvs.ConnCount{{ConnKey: ipvs.ConnKey{Endpoint: netip.MustParseAddrPort("[fd00::1]:0")}, Entries: 12345}}
	if err := (Table{Exact: true}).ConnCounts(&b, ipvs.ByClient, counts); err != nil {
		t.Fatal(err)
	}
	same(t, b.String(), `
CONNECTIONS  CLIENT
      12345  fd00::1
      12345  total
`)
	b.Reset()
	if err := (Table{}).ConnCounts(&b, ipvs.ByVirtual, nil); err != nil {
		t.Fatal(err)
	}
	same(t, b.String(), "no connections\n")
}
