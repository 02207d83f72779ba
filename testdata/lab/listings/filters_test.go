// SPDX-License-Identifier: Apache-2.0

package listings

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// TestFilters: what -c chooses and counts is what can be chosen and counted in the original's listing.
func TestFilters(t *testing.T) {
	h := newTable(t, testTable{name: "filtered", rules: `-A -t 10.0.0.1:80 -s rr
-a -t 10.0.0.1:80 -r 10.0.0.2:80 -m
-a -t 10.0.0.1:80 -r 10.0.0.3:80 -m
-A -u 10.0.0.1:53 -s rr
-a -u 10.0.0.1:53 -r 10.0.0.4:53 -m
-a -u 10.0.0.1:53 -r 10.0.0.5:53 -m
`})
	h.Do(func() {
		beginConnections(t, "10.0.0.1:80", 5)
		for range 3 {
			sendDatagrams(t, "10.0.0.1:53", 2, 20)
		}
	})
	all := rowsOf(h.list(t, oracle, "-c"))
	if len(all) < 8 {
		t.Fatalf("only %d connections: %q", len(all), all)
	}
	client, _, _ := strings.Cut(all[0][2], ":")
	for words, chosen := range map[string]func(row []string) bool{
		"--state udp":                                  func(row []string) bool { return row[1] == "UDP" },
		"--state SYN_RECV":                             func(row []string) bool { return row[1] == "SYN_RECV" },
		"--virtual 10.0.0.1":                           func(row []string) bool { return strings.HasPrefix(row[3], "10.0.0.1:") },
		"--virtual 10.0.0.1:80":                        func(row []string) bool { return row[3] == "10.0.0.1:80" },
		"--destination 10.0.0.3":                       func(row []string) bool { return strings.HasPrefix(row[4], "10.0.0.3:") },
		"--destination 10.0.0.5:domain --state UDP":    func(row []string) bool { return row[4] == "10.0.0.5:53" },
		"--client " + client:                           func(row []string) bool { return strings.HasPrefix(row[2], client+":") },
		"--client " + client + "/8 --virtual 10.9.9.9": func([]string) bool { return false },
		"--client 224.0.0.0/4":                         func([]string) bool { return false },
	} {
		want := slices.DeleteFunc(slices.Clone(all), func(row []string) bool { return !chosen(row) })
		if got := rowsOf(h.list(t, ours, append([]string{"-c"}, strings.Fields(words)...)...)); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s:\n got %v\nwant %v", words, got, want)
		}
	}
	for group, key := range map[string]func(row []string) string{
		"state":       func(row []string) string { return row[0] + " " + row[1] },
		"client":      func(row []string) string { address, _, _ := strings.Cut(row[2], ":"); return address },
		"virtual":     func(row []string) string { return row[0] + " " + row[3] },
		"destination": func(row []string) string { return row[0] + " " + row[4] },
	} {
		counts := map[string]int{}
		for _, row := range all {
			counts[key(row)]++
		}
		var want []string
		for _, k := range slices.Sorted(maps.Keys(counts)) {
			want = append(want, fmt.Sprint(counts[k], " ", k))
		}
		var got []string
		for _, line := range strings.Split(strings.TrimSpace(h.list(t, ours, "-c", "--count-by", group)), "\n")[2:] {
			got = append(got, strings.Join(strings.Fields(line), " "))
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("by %s:\n got %q\nwant %q", group, got, want)
		}
	}
}

// rowsOf are the words of a listing of connections, without the seconds that are left.
func rowsOf(listing string) (rows [][]string) {
	for _, line := range strings.Split(strings.TrimSpace(listing), "\n")[2:] {
		words := strings.Fields(line)
		rows = append(rows, slices.Delete(words, 1, 2))
	}
	slices.SortFunc(rows, slices.Compare)
	return rows
}
