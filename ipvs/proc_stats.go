// SPDX-License-Identifier: Apache-2.0

package ipvs

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// totalsTitles returns a line without numbers.
func totalsTitles(line int) string {
	switch line {
	case 1:
		return "Total Incoming Outgoing Incoming Outgoing"
	case 2:
		return "Conns Packets Packets Bytes Bytes"
	case 5:
		return "Conns/s Pkts/s Pkts/s Bytes/s Bytes/s"
	}
	return ""
}

const totalsLines = 6

// ReadTotals parses counters and rates in the form of /proc/net/ip_vs_stats
// (ip_vs_stats_show in ip_vs_ctl.c): hexadecimal numbers of 64 bits, the counters in
// line 3 and the rates in line 6. The width of the columns does not matter. The
// counters include those of services that have been deleted.
//
// That file shows the network namespace of the process, that is of its main thread.
// Client.Totals reads the sums in the namespace of the client.
func ReadTotals(r io.Reader) (Stats, error) {
	var s Stats
	lines := bufio.NewScanner(r)
	n := 0
	for lines.Scan() {
		n++
		words := strings.Fields(lines.Text())
		var err error
		switch n {
		case 3:
			err = parseTotals(words, &s.Conns, &s.InPkts, &s.OutPkts, &s.InBytes, &s.OutBytes)
		case totalsLines:
			err = parseTotals(words, &s.CPS, &s.InPPS, &s.OutPPS, &s.InBPS, &s.OutBPS)
		default:
			err = checkTitles(words, totalsTitles(n))
		}
		if err != nil {
			return Stats{}, fmt.Errorf("ipvs: totals, line %d: %w", n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return Stats{}, fmt.Errorf("ipvs: totals: %w", err)
	}
	if n < totalsLines {
		return Stats{}, fmt.Errorf("ipvs: totals: %d lines instead of %d", n, totalsLines)
	}
	return s, nil
}

// checkTitles returns an error unless a line has the expected titles. Lines after
// the last one must be empty.
func checkTitles(words []string, titles string) error {
	want := strings.Fields(titles)
	if slices.Equal(words, want) {
		return nil
	}
	for i, word := range words {
		if i >= len(want) || word != want[i] {
			return fmt.Errorf("word %d, %q, is not expected", i+1, word)
		}
	}
	return fmt.Errorf("%d words instead of %d", len(words), len(want))
}

func parseTotals(words []string, values ...*uint64) error {
	if len(words) != len(values) {
		return fmt.Errorf("%d numbers instead of %d", len(words), len(values))
	}
	for i, word := range words {
		v, err := strconv.ParseUint(word, 16, 64)
		if err != nil {
			return fmt.Errorf("word %d, %q, is not a hexadecimal number of 64 bits", i+1, word)
		}
		*values[i] = v
	}
	return nil
}
