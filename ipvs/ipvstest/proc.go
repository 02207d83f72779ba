// SPDX-License-Identifier: Apache-2.0

package ipvstest

import (
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// SetConnEntries replaces the connections, which clients list with ConnEntries. Nothing
// else depends on them.
func (k *Kernel) SetConnEntries(entries ...ipvs.ConnEntry) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.conns = slices.Clone(entries)
}

// SetTotals sets the sums of all counters, which clients read with Totals. They do not
// depend on the counters of services.
func (k *Kernel) SetTotals(totals ipvs.Stats) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.totals = totals
}

// SetStatus makes the fake a kernel from 7.1 on, which has the file ip_vs_status: clients read
// it with Status. It does not depend on the services and connections.
func (k *Kernel) SetStatus(status ipvs.Status) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.status = &status
}

// OpenProc opens the file ip_vs_conn, ip_vs_stats or, after SetStatus, ip_vs_status of
// /proc/net. The fake has no others.
func (s *Socket) OpenProc(name string) (io.ReadCloser, error) {
	k := s.kernel
	k.mu.Lock()
	defer k.mu.Unlock()
	text := ""
	switch {
	case name == "ip_vs_conn" && !k.unloaded:
		text = connText(k.conns)
	case name == "ip_vs_stats" && !k.unloaded:
		text = totalsText(k.totals)
	case name == "ip_vs_status" && k.status != nil && !k.unloaded:
		text = statusText(k.status)
	default:
		return nil, &fs.PathError{Op: "open", Path: "/proc/net/" + name, Err: fs.ErrNotExist}
	}
	return io.NopCloser(strings.NewReader(text)), nil
}

// connText is ip_vs_conn_seq_show.
func connText(entries []ipvs.ConnEntry) string {
	var b strings.Builder
	b.WriteString("Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData\n")
	for _, e := range entries {
		fmt.Fprintf(&b, "%-3s %s %s %s %-11s %7d", e.Protocol,
			hexEndpoint(e.Client), hexEndpoint(e.Virtual), hexEndpoint(e.Destination), e.State, e.Expires/time.Second)
		if e.PEName != "" {
			b.WriteString(" " + e.PEName + " " + e.PEData)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func hexEndpoint(a netip.AddrPort) string {
	if a.Addr().Is4() {
		return fmt.Sprintf("%08X %04X", a.Addr().AsSlice(), a.Port())
	}
	raw := a.Addr().As16()
	groups := make([]string, 8)
	for i := range groups {
		groups[i] = fmt.Sprintf("%04x", raw[2*i:2*i+2])
	}
	return fmt.Sprintf("%s %04X", strings.Join(groups, ":"), a.Port())
}

// totalsText is ip_vs_stats_show.
func totalsText(s ipvs.Stats) string {
	const numbers = "%8X %8X %8X %16X %16X\n"
	return "   Total Incoming Outgoing         Incoming         Outgoing\n" +
		"   Conns  Packets  Packets            Bytes            Bytes\n" +
		fmt.Sprintf(numbers, s.Conns, s.InPkts, s.OutPkts, s.InBytes, s.OutBytes) +
		"\n Conns/s   Pkts/s   Pkts/s          Bytes/s          Bytes/s\n" +
		fmt.Sprintf(numbers, s.CPS, s.InPPS, s.OutPPS, s.InBPS, s.OutBPS)
}

// statusText is ip_vs_status_show.
func statusText(s *ipvs.Status) string {
	var b strings.Builder
	for _, table := range []struct {
		entries, buckets string
		ipvs.HashTable
	}{{"Conns", "Conn", s.Conns}, {"Services", "Service", s.Services}} {
		fmt.Fprintf(&b, "%s:\t%d\n%s buckets:\t%d (%d bits, lfactor %d)\n",
			table.entries, table.Entries, table.buckets, table.Buckets, table.Bits, table.LoadFactor)
		if !table.Counted() {
			continue
		}
		used := uint64(0)
		for _, n := range table.Chains[1:] {
			used += n
		}
		fmt.Fprintf(&b, "%s buckets empty:\t%d (%d%%)\n", table.buckets, table.Chains[0], percent(table.Chains[0], used+table.Chains[0]))
		for length, n := range table.Chains {
			if length > 0 && n > 0 {
				fmt.Fprintf(&b, "%s buckets len-%d:\t%d (%d%%)\n", table.buckets, length, n, percent(n, used))
			}
		}
	}
	fmt.Fprintf(&b, "Stats thread slots:\t%d (max %d)\nStats chain max len:\t%d\nStats thread ests:\t%d\n",
		s.Estimation.Threads, s.Estimation.MaxThreads, s.Estimation.MaxChain, s.Estimation.ThreadObjects)
	return b.String()
}

func percent(part, whole uint64) uint64 { return part * 100 / max(whole, 1) }
