// SPDX-License-Identifier: Apache-2.0

package ipvs_test

import (
	"io"
	"math"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
)

// someStatus is a file in the form of Linux 7.1.
const someStatus = `Conns:	9401
Conn buckets:	524288 (19 bits, lfactor -5)
Conn buckets empty:	505633 (96%)
Conn buckets len-1:	18322 (98%)
Conn buckets len-2:	329 (1%)
Conn buckets len-3:	3 (0%)
Conn buckets len-4:	1 (0%)
Services:	12
Service buckets:	128 (7 bits, lfactor -3)
Service buckets empty:	116 (90%)
Service buckets len-1:	12 (100%)
Stats thread slots:	1 (max 16)
Stats chain max len:	16
Stats thread ests:	38400
`

var statusValues = ipvs.Status{
	Conns:      ipvs.HashTable{Entries: 9401, Buckets: 524288, Bits: 19, LoadFactor: -5, Chains: [8]uint64{505633, 18322, 329, 3, 1}},
	Services:   ipvs.HashTable{Entries: 12, Buckets: 128, Bits: 7, LoadFactor: -3, Chains: [8]uint64{116, 12}},
	Estimation: ipvs.Estimation{Threads: 1, MaxThreads: 16, MaxChain: 16, ThreadObjects: 38400},
}

// statusText writes a status as the kernel does, by way of the fake.
func statusText(t *testing.T, s ipvs.Status) string {
	t.Helper()
	k := ipvstest.New()
	k.SetStatus(s)
	file, err := k.Socket().OpenProc("ip_vs_status")
	must(t, err)
	text, err := io.ReadAll(file)
	must(t, err)
	return string(text)
}

func TestReadStatus(t *testing.T) {
	wantEqual(t, "written again", statusText(t, statusValues), someStatus)
	most := ipvs.HashTable{math.MaxInt64, math.MaxUint32, math.MaxUint32, math.MinInt32, [8]uint64{1, 2, 3, 4, 5, 6, 7, 8}}
	for _, want := range []ipvs.Status{{}, statusValues, {most, most, ipvs.Estimation{1, math.MaxInt64, 3, 4}}} {
		got, err := ipvs.ReadStatus(iotest.OneByteReader(strings.NewReader(statusText(t, want))))
		must(t, err)
		wantEqual(t, "status", got, want)
		wantEqual(t, "counted", got.Conns.Counted(), want != ipvs.Status{})
	}
}

// A later kernel may say more, or less, in each line.
func TestReadStatusOfOtherKernels(t *testing.T) {
	for name, c := range map[string]struct {
		old, new string
		change   func(*ipvs.Status)
	}{
		"new line":         {"Services:", "Conns soft limit:\tnone yet\nServices:", nil},
		"no colon":         {"Services:", "-- services --\nServices:", nil},
		"lost line":        {"Stats chain max len:\t16\n", "", func(s *ipvs.Status) { s.Estimation.MaxChain = 0 }},
		"no parentheses":   {" (19 bits, lfactor -5)", "", func(s *ipvs.Status) { s.Conns.Bits, s.Conns.LoadFactor = 0, 0 }},
		"more after it":    {"lfactor -5)", "lfactor -5, growing)", nil},
		"no percentage":    {"505633 (96%)", "505633", nil},
		"blanks for a tab": {"Conns:\t9401", "Conns:   9401  ", nil},
		"longer chains":    {"len-4:\t1 (0%)", "len-7:\t2 (0%)\nConn buckets len-8:\t5 (0%)\nConn buckets len-18446744073709551615:\t1", func(s *ipvs.Status) { s.Conns.Chains[4], s.Conns.Chains[7] = 0, 8 }},
		"a chain of none":  {"len-4:", "len-0:", func(s *ipvs.Status) { s.Conns.Chains[4] = 0 }},
		"a chain of -1":    {"len-4:", "len--1:", func(s *ipvs.Status) { s.Conns.Chains[4] = 0 }},
		"other buckets":    {"Conn buckets len-4:", "Conn buckets moved:", func(s *ipvs.Status) { s.Conns.Chains[4] = 0 }},
		"a last line":      {"38400\n", "38400", nil},
		"lines of DOS":     {"9401\n", "9401\r\n", nil},
	} {
		text := strings.Replace(someStatus, c.old, c.new, 1)
		if text == someStatus {
			t.Errorf("%s: nothing replaced", name)
		}
		want := statusValues
		if c.change != nil {
			c.change(&want)
		}
		got, err := ipvs.ReadStatus(strings.NewReader(text))
		must(t, err)
		wantEqual(t, name, got, want)
	}
}

func TestReadStatusMalformed(t *testing.T) {
	wantMalformed(t, "status", someStatus, ipvs.ReadStatus, map[string]malformed{
		"empty":          {someStatus, "", "status: no line is known"},
		"something else": {someStatus, "IP Virtual Server version 1.2.1 (size=4096)\nConn: 1\n", "status: no line is known"},
		"no value":       {"Conns:\t9401", "Conns:", "line 1: there is no number"},
		"no number":      {"9401", "94O1", `line 1: word 1, "94O1", is not a number in range`},
		"negative":       {"Services:\t12", "Services:\t-12", `line 8: word 1, "-12", is not`},
		"beyond 32 bits": {"524288", "4294967296", `line 2: word 1, "4294967296", is not`},
		"beyond 64 bits": {"38400", "9223372036854775808", `line 14: word 1, "9223372036854775808", is not`},
		"bits":           {"19 bits", "x bits", `line 2: word 2, "x", is not`},
		"load factor":    {"lfactor -5", "lfactor -2147483649", `line 2: word 5, "-2147483649", is not`},
		"chain":          {"18322", "1_8322", `line 4: word 1, "1_8322", is not`},
		"threads":        {"max 16", "max all", `line 12: word 3, "all", is not`},
		"escapes":        {"9401", "\x1b[2J", `line 1: word 1, "\x1b[2J", is not`},
		"endless line":   {"Conns", strings.Repeat("x", 1<<17), "token too long"},
	})
}

// FuzzStatus checks that a parsed status, written and parsed again, is the same.
func FuzzStatus(f *testing.F) {
	f.Add(someStatus)
	f.Add("Conns:\t1\nConn buckets:\t0 (0 bits, lfactor 0)\nConn buckets len-9:\t9223372036854775807\n")
	f.Fuzz(func(t *testing.T, text string) {
		first, err := ipvs.ReadStatus(strings.NewReader(text))
		if err != nil || first.Conns.Chains[7] > math.MaxInt64 || first.Services.Chains[7] > math.MaxInt64 {
			return
		}
		second, err := ipvs.ReadStatus(strings.NewReader(statusText(t, first)))
		must(t, err)
		wantEqual(t, "read again", second, first)
	})
}
