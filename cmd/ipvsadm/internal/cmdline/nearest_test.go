// SPDX-License-Identifier: Apache-2.0

package cmdline

import (
	"strings"
	"testing"
)

func TestNearestOptions(t *testing.T) {
	for word, want := range map[string]string{
		"--ouput": "--output", "--ouput=json": "--output", "--schedular": "--scheduler", "--real-sever": "--real-server", "--statistics": "",
		"--tun-sum": "--tun-csum", "--tcp-servce": "--tcp-service", "--foo": "", "-ouput": "", "--xyz": "", "--stat": "--state --stats",
		"--rates": "--rate", "--" + strings.Repeat("x", 1000): "", "--": "", "--lists": "--list", "--xlist": "--list", "--=list": "", "--jsn": "", "--jason": "--json",
	} {
		if got := strings.Join(nearestOptions(word), " "); got != want {
			t.Errorf("%s: %q, want %q", word, got, want)
		}
	}
}

func TestNearest(t *testing.T) {
	schedulers := []string{"rr", "wrr", "lc", "wlc", "lblc", "lblcr", "dh", "sh", "mh", "sed", "nq"}
	for word, want := range map[string]string{
		"rrr": "rr wrr", "wllc": "wlc", "lblrc": "lblc", "xx": "", "wr": "rr wrr", "roundrobin": "", "": "", "s": "sh",
	} {
		if got := strings.Join(Nearest(word, schedulers), " "); got != want {
			t.Errorf("%s: %q, want %q", word, got, want)
		}
	}
}
