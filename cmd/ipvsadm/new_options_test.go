// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
)

func TestX21ListWithoutCommand(t *testing.T) {
	k := ipvstest.New()
	runLines(t, k, "ipvsadm -A -t 10.0.0.1:80 -s rr")
	listing, _, _ := runFake(k, "", "-L", "-n", "--output", "json")
	if !strings.Contains(listing, `"10.0.0.1"`) {
		t.Fatalf("not a listing: %s", listing)
	}
	for _, line := range []string{"--json -n", "-n --json", "--output json -n", "-L --json -n"} {
		if stdout, stderr, status := runFake(k, "", strings.Fields(line)...); stdout != listing || stderr != "" || status != exitOK {
			t.Errorf("%s: status %d, %s%s", line, status, stdout, stderr)
		}
	}
	check(t, k, "ipvsadm --state NONE", want{status: exitUsage, stderr: "--state requires -c\n"})
	check(t, k, "ipvsadm --output jsn", want{status: exitUsage, stderr: "invalid output format `jsn' specified; it must be one of classic, json, table, prometheus\n"})
}

// The options that ipvsadm 1.31 lacks have a message of their own, on a terminal or not. It needs no hint.
func TestX21MissingCapability(t *testing.T) {
	for _, line := range []string{
		"ipvsadm -Ln --output json", "ipvsadm --json", "ipvsadm --output prometheus", "ipvsadm -L --stats --output table", "ipvsadm -L --rate --json",
		"ipvsadm -L --watch --output table --sort-by conns", "ipvsadm --watch", "ipvsadm -Ln --watch --sort-by conns", "ipvsadm -L --output table --timeout",
		"ipvsadm-save -n --output rules", "ipvsadm-save --all", "ipvsadm -e --keep -r 10.0.0.2 -w 0", "ipvsadm --drain -r 10.0.0.2", "ipvsadm --monitor",
	} {
		tool, _, _ := strings.Cut(line, " ")
		test := hinted{line, tool + ": permission denied: IPVS needs the capability CAP_NET_ADMIN", "", exitUsage}
		test.check(t, func(k *ipvstest.Kernel) { k.SetPrivileged(false) })
	}
}
