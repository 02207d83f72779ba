package main

import (
	"strings"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
)

// TestMetricsNeedTheTotals: without the file of the totals, or with one that is
// something else, there is an error and no half of the metrics.
func TestMetricsNeedTheTotals(t *testing.T) {
	for root, want := range map[string]string{
		t.TempDir(): "cannot open file /proc/net/ip_vs_stats\n",
		rootWith(t, ipvs.StatsPath, "something else\n"): "ipvs: totals, line 1: word 1, \"something\", is not expected\n",
	} {
		var stdout, stderr strings.Builder
		words := []string{"ipvsadm", "-L", "--output", "prometheus"}
		status := run(words, strings.NewReader(""), &stdout, &stderr, fakeMachine(ipvstest.New(), root))
		if status != exitList || stdout.String() != "" || stderr.String() != want {
			t.Errorf("status %d, %q, %q, want %q", status, stdout.String(), stderr.String(), want)
		}
	}
}
