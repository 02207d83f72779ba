// SPDX-License-Identifier: Apache-2.0

package format

import (
	"bytes"
	"encoding/json"
	"io"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// A document that is written service by service is the same as one that is encoded whole.
func TestJSONTableIsOneDocument(t *testing.T) {
	table := ipvs.Table{
		{Service: ipvs.Service{ServiceID: ipvs.ServiceID{FWMark: 1}, Scheduler: "rr"}},
		{
			Service: ipvs.Service{ServiceID: ipvs.ServiceID{Protocol: ipvs.UDP, AddrPort: netip.MustParseAddrPort("[fd00::1]:53")}, Scheduler: "<\u0085>"},
			Destinations: []ipvs.Destination{
				{DestinationID: ipvs.DestinationID{AddrPort: netip.MustParseAddrPort("10.0.0.2:53")}},
				{DestinationID: ipvs.DestinationID{AddrPort: netip.MustParseAddrPort("10.0.0.3:53")}},
			},
		},
		{Service: ipvs.Service{ServiceID: ipvs.ServiceID{FWMark: 2}, Scheduler: "rr"}},
	}
	for _, j := range []JSON{{}, {Time: time.Unix(1, 0)}} {
		for n := range len(table) + 1 {
			whole := TableDocument{Time: j.Time, KernelDocument: KernelDocument{Version: "1.2.1", ConnTableSize: 8}, Services: []ServiceDocument{}}
			for i := range table[:n] {
				whole.Services = append(whole.Services, j.service(&table[i]))
			}
			var got, want bytes.Buffer
			if err := j.Table(&got, Snapshot{Info: &ipvs.Info{Version: 0x010201, ConnTabSize: 8}, Table: table[:n]}); err != nil {
				t.Fatal(err)
			}
			e := json.NewEncoder(controlEscaper{&want})
			e.SetEscapeHTML(false)
			if j.Time.IsZero() {
				e.SetIndent("", "  ")
			}
			if err := e.Encode(whole); err != nil {
				t.Fatal(err)
			}
			if got.String() != want.String() {
				t.Errorf("%d services: got\n%s\nwant\n%s", n, &got, &want)
			}
		}
	}
}

// A large table needs no more memory as a document than a small one.
func TestJSONTableMemory(t *testing.T) {
	table := make(ipvs.Table, 30_000)
	for i := range table {
		table[i].Service = ipvs.Service{ServiceID: ipvs.ServiceID{FWMark: uint32(i + 1)}, Scheduler: "rr"}
	}
	runtime.GC()
	var before, peak runtime.MemStats
	runtime.ReadMemStats(&before)
	written := 0
	err := JSON{}.Table(writerFunc(func(b []byte) (int, error) {
		if written += len(b); written>>20 != (written-len(b))>>20 {
			runtime.GC()
			var now runtime.MemStats
			if runtime.ReadMemStats(&now); now.HeapAlloc > peak.HeapAlloc {
				peak = now
			}
		}
		return len(b), nil
	}), Snapshot{Table: table})
	if err != nil || written < 1<<20 {
		t.Fatalf("%d bytes, %v", written, err)
	}
	if peak.HeapAlloc > before.HeapAlloc+1<<20 {
		t.Errorf("%d KiB above those of the table", (peak.HeapAlloc-before.HeapAlloc)>>10)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

var _ io.Writer = writerFunc(nil)
