// SPDX-License-Identifier: Apache-2.0

package ipvs

import (
	"fmt"
	"io"
	"net/netip"
	"strings"
	"testing"
)

// What /proc/net/ip_vs tells of 1000 services with 10 destinations each, and of 10,000
// services with one.
func BenchmarkJoinProc(b *testing.B) {
	for _, size := range [][2]int{{1000, 10}, {10_000, 1}} {
		b.Run(fmt.Sprintf("%dx%d", size[0], size[1]), func(b *testing.B) {
			table := make(Table, size[0])
			var text strings.Builder
			text.WriteString("IP Virtual Server version 1.2.1 (size=4096)\nProt LocalAddress:Port Scheduler Flags\n  -> RemoteAddress:Port Forward Weight ActiveConn InActConn\n")
			for i := range table {
				addr := netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)})
				table[i].Service.ServiceID = ServiceID{Protocol: TCP, AddrPort: netip.AddrPortFrom(addr, 80)}
				fmt.Fprintf(&text, "TCP  0A00%04X:0050 rr  \n", i)
				for j := range size[1] {
					fmt.Fprintf(&text, "  -> AC%02X%04X:0050      Route   1      3          14        \n", size[1]-j, i)
				}
			}
			c := &Client{conn: &connection{openProcTable: func() (io.ReadCloser, error) {
				return io.NopCloser(strings.NewReader(text.String())), nil
			}}}
			b.ReportAllocs()
			for b.Loop() {
				if l := c.joinProc(table, nil); !l.ordered || len(l.unknown()) > 0 {
					b.Fatal("the file does not tell everything")
				}
			}
		})
	}
}
