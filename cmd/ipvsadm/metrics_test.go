package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
)

// TestMetricsNeedTheTotals: without the file of the totals, or with one that is
// something else, there is an error and no half of the metrics.
func TestMetricsNeedTheTotals(t *testing.T) {
	root := t.TempDir()
	file := filepath.Join(root, ipvs.StatsPath)
	for text, want := range map[string]string{
		"":                 "cannot open file /proc/net/ip_vs_stats\n",
		"something else\n": "ipvs: totals, line 1: word 1, \"something\", is not expected\n",
	} {
		if text != "" {
			if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		var stdout, stderr strings.Builder
		words := []string{"ipvsadm", "-L", "--output", "prometheus"}
		status := run(words, strings.NewReader(""), &stdout, &stderr, fakeMachine(ipvstest.New(), root))
		if status != exitList || stdout.String() != "" || stderr.String() != want {
			t.Errorf("with %q: status %d, %q, %q, want %q", text, status, stdout.String(), stderr.String(), want)
		}
		if err := os.RemoveAll(filepath.Join(root, "proc")); err != nil {
			t.Fatal(err)
		}
	}
}
