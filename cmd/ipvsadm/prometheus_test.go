// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/listing"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
)

// Without valid totals, there is an error, and no metric is printed.
func TestPrometheusNeedsTotals(t *testing.T) {
	for root, want := range map[string]string{
		t.TempDir(): "cannot open file /proc/net/ip_vs_stats\n",
		rootWith(t, listing.TotalsPath, "something else\n"): "ipvs: totals, line 1: word 1, \"something\", is not expected\n",
	} {
		var stdout, stderr strings.Builder
		words := []string{"ipvsadm", "-L", "--output", "prometheus"}
		status := run(words, strings.NewReader(""), &stdout, &stderr, fakeHost(ipvstest.New(), root))
		if status != exitList || stdout.String() != "" || stderr.String() != want {
			t.Errorf("status %d, %q, %q, want %q", status, stdout.String(), stderr.String(), want)
		}
	}
}
