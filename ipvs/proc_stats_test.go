// SPDX-License-Identifier: Apache-2.0

package ipvs_test

import (
	"fmt"
	"io"
	"math"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// someTotals is a file that Linux 6.1 wrote after twelve downloads.
const someTotals = `   Total Incoming Outgoing         Incoming         Outgoing
   Conns  Packets  Packets            Bytes            Bytes
       C       BD       9C             2A18           3718B0

 Conns/s   Pkts/s   Pkts/s          Bytes/s          Bytes/s
       1       12        F              3F2            52A50
`

// totalsText writes totals as ip_vs_stats_show does.
func totalsText(s ipvs.Stats) string {
	lines := strings.SplitAfter(someTotals, "\n")
	const numbers = "%8X %8X %8X %16X %16X\n"
	lines[2] = fmt.Sprintf(numbers, s.Conns, s.InPkts, s.OutPkts, s.InBytes, s.OutBytes)
	lines[5] = fmt.Sprintf(numbers, s.CPS, s.InPPS, s.OutPPS, s.InBPS, s.OutBPS)
	return strings.Join(lines, "")
}

func TestReadTotals(t *testing.T) {
	const most = math.MaxUint64
	some := ipvs.Stats{
		Conns: 12, InPkts: 189, OutPkts: 156, InBytes: 10776, OutBytes: 3610800,
		CPS: 1, InPPS: 18, OutPPS: 15, InBPS: 1010, OutBPS: 338512,
	}
	if text := totalsText(some); text != someTotals {
		t.Errorf("written again:\n%s", text)
	}
	for _, want := range []ipvs.Stats{{}, some, {most, most, most, most, most, most, most, most, most, most}} {
		got, err := ipvs.ReadTotals(iotest.OneByteReader(strings.NewReader(totalsText(want))))
		must(t, err)
		wantEqual(t, "totals", got, want)
	}
}

func TestReadTotalsMalformed(t *testing.T) {
	wantMalformed(t, "totals", someTotals, ipvs.ReadTotals, map[string]malformed{
		"empty":          {someTotals, "", "0 lines instead of 6"},
		"no rates":       {someTotals[strings.Index(someTotals, "\n\n"):], "\n", "3 lines instead of 6"},
		"too few":        {" BD ", " ", "line 3: 4 numbers instead of 5"},
		"too many":       {" F ", " F F ", "line 6: 6 numbers instead of 5"},
		"no number":      {"9C", "9G", `line 3: word 3, "9G", is not a hexadecimal number of 64 bits`},
		"negative":       {"52A50", "-2A50", `line 6: word 5, "-2A50", is not`},
		"beyond 64 bits": {"3718B0", "10000000000000000", `line 3: word 5, "10000000000000000", is not`},
		"other column":   {"Conns  Packets", "Conns  Drops", `line 2: word 2, "Drops", is not expected`},
		"new column":     {"Bytes/s\n", "Bytes/s Drops/s\n", `line 5: word 6, "Drops/s", is not expected`},
		"lost column":    {"Total Incoming ", "Total ", `line 1: word 2, "Outgoing", is not expected`},
		"shorter":        {"Bytes/s\n", "\n", "line 5: 4 words instead of 5"},
		"numbers closer": {"\n\n", "\n", `line 4: word 1, "Conns/s", is not expected`},
		"more":           {"52A50\n", "52A50\nmore\n", `line 7: word 1, "more", is not expected`},
		"endless line":   {"Total", strings.Repeat("x", 1<<17), "token too long"},
	})
}

// malformed is a text in which old becomes new, and a part of the error for it.
type malformed struct{ old, new, want string }

// wantMalformed checks that a reader refuses malformed variants of a text, with errors that
// name what is read.
func wantMalformed[T any](t *testing.T, what, text string, read func(io.Reader) (T, error), cases map[string]malformed) {
	t.Helper()
	var zero T
	for name, c := range cases {
		variant := strings.Replace(text, c.old, c.new, 1)
		if variant == text {
			t.Errorf("%s: nothing replaced", name)
		}
		got, err := read(strings.NewReader(variant))
		if err == nil || !strings.HasPrefix(err.Error(), "ipvs: "+what) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
		wantEqual(t, name, got, zero)
	}
	if _, err := read(io.MultiReader(strings.NewReader(text), iotest.ErrReader(io.ErrNoProgress))); err == nil {
		t.Error("a file that cannot be read is no error")
	}
}

// FuzzTotals checks that parsed totals, written and parsed again, are the same.
func FuzzTotals(f *testing.F) {
	f.Add(someTotals)
	f.Add(totalsText(ipvs.Stats{Conns: math.MaxUint64}))
	f.Fuzz(func(t *testing.T, text string) {
		first, err := ipvs.ReadTotals(strings.NewReader(text))
		if err != nil {
			return
		}
		second, err := ipvs.ReadTotals(strings.NewReader(totalsText(first)))
		must(t, err)
		wantEqual(t, "read again", second, first)
	})
}
