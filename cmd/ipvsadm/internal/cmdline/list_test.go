// SPDX-License-Identifier: Apache-2.0

package cmdline

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/ipvsadm-go/ipvsadm/format"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

func TestParseListOptions(t *testing.T) {
	end := func(text string, hasPort bool) ipvs.EndpointFilter {
		return ipvs.EndpointFilter{AddrPort: netip.MustParseAddrPort(text), HasPort: hasPort}
	}
	for line, ok := range map[string]func(l Listing) bool{
		"--client 10.0.0.1":           func(l Listing) bool { return l.Options.Filter.Client == netip.MustParsePrefix("10.0.0.1/32") },
		"--client 10.1.2.3/8":         func(l Listing) bool { return l.Options.Filter.Client == netip.MustParsePrefix("10.0.0.0/8") },
		"--client [fd00::1]/64":       func(l Listing) bool { return l.Options.Filter.Client == netip.MustParsePrefix("fd00::/64") },
		"--client fd00::1/64":         func(l Listing) bool { return l.Options.Filter.Client == netip.MustParsePrefix("fd00::/64") },
		"--client ::ffff:10.0.0.1/32": func(l Listing) bool { return l.Options.Filter.Client == netip.MustParsePrefix("10.0.0.1/32") },
		"--virtual 10.0.0.1":          func(l Listing) bool { return l.Options.Filter.Virtual == end("10.0.0.1:0", false) },
		"--virtual 10.0.0.1:0":        func(l Listing) bool { return l.Options.Filter.Virtual == end("10.0.0.1:0", true) },
		"--virtual [fd00::1]:80":      func(l Listing) bool { return l.Options.Filter.Virtual == end("[fd00::1]:80", true) },
		"--virtual 10.0.0.1:http":     func(l Listing) bool { return l.Options.Filter.Virtual == end("10.0.0.1:80", true) },
		"--destination 10.0.0.1:tftp": func(l Listing) bool { return l.Options.Filter.Destination == end("10.0.0.1:69", true) },
		"--state Syn_Recv":            func(l Listing) bool { return l.Options.Filter.State == "Syn_Recv" },
		"--count-by destination":      func(l Listing) bool { return l.Options.CountBy == ipvs.ByDestination },
		"--watch":                     func(l Listing) bool { return l.Interval == 2*time.Second },
		"--watch 0.5":                 func(l Listing) bool { return l.Interval == 500*time.Millisecond },
		"--watch=86400":               func(l Listing) bool { return l.Interval == 24*time.Hour },
		"--json":                      func(l Listing) bool { return l.Options.Form == format.JSONForm && l.ScreenForm == format.JSONForm },
		"--output json":               func(l Listing) bool { return l.Options.Form == format.JSONForm && l.ScreenForm == format.JSONForm },
	} {
		c, err := parse(append([]string{"-L", "-c", "-n"}, strings.Fields(line)...)...)
		if err != nil || !ok(c.List) {
			t.Errorf("%s: %+v, %v", line, c, err)
		}
	}
}

func TestParseListErrors(t *testing.T) {
	for line, want := range map[string]string{
		"-L -c --client 10.0.0.1/33":         "invalid client `10.0.0.1/33' specified; it must be ADDR or ADDR/LENGTH, such as 10.0.0.0/8",
		"-L -c --client 10.0.0.1/":           "invalid client `10.0.0.1/' specified; it must be ADDR or ADDR/LENGTH, such as 10.0.0.0/8",
		"-L -c --client fe80::1%eth0":        "invalid client `fe80::1%eth0' specified; it must be ADDR or ADDR/LENGTH, such as 10.0.0.0/8",
		"-L -c --client 10/8":                "invalid client `10/8' specified; it must be ADDR or ADDR/LENGTH, such as 10.0.0.0/8",
		"-L -c --client 10.0.1":              "invalid client `10.0.1' specified; it must be ADDR or ADDR/LENGTH, such as 10.0.0.0/8",
		"-L -c --client 10.0.0.1/+8":         "invalid client `10.0.0.1/+8' specified; it must be ADDR or ADDR/LENGTH, such as 10.0.0.0/8",
		"-L -c --client /8":                  "invalid client `/8' specified; it must be ADDR or ADDR/LENGTH, such as 10.0.0.0/8",
		"-L -c --virtual 10.0.0.1:65536":     "invalid virtual address `10.0.0.1:65536' specified; it must be ADDR or ADDR:PORT, such as 10.0.0.1:80 or [fd00::1]:80",
		"-L -c --virtual 10.0.0.1:nosuch":    "invalid virtual address `10.0.0.1:nosuch' specified; it must be ADDR or ADDR:PORT, such as 10.0.0.1:80 or [fd00::1]:80",
		"-L -c --destination [fd00::1":       "invalid destination `[fd00::1' specified; it must be ADDR or ADDR:PORT, such as 10.0.0.1:80 or [fd00::1]:80",
		"-L -c --state ESTAB":                "invalid state `ESTAB' specified; it must be one of " + commonStates,
		"-L -c --count-by server":            "invalid group `server' specified; it must be one of state, client, virtual, destination",
		"-L --watch 0":                       "invalid interval `0' specified; it must be 0.1 to 86400 seconds",
		"-L --watch=1e3":                     "invalid interval `1e3' specified; it must be 0.1 to 86400 seconds",
		"-L --watch NaN":                     "invalid interval `NaN' specified; it must be 0.1 to 86400 seconds",
		"-L --watch 86401":                   "invalid interval `86401' specified; it must be 0.1 to 86400 seconds",
		"-L --watch --sort-by size":          "invalid column `size' specified; it must be one of name, weight, active, inactive, conns, inpkts, outpkts, inbytes, outbytes",
		"-L --sort-by conns":                 "--sort-by requires --watch",
		"-L --watch -c --sort-by conns":      "The option 'sort-by' conflicts with the 'connection' option in the 'list' command",
		"-L --watch --nosort --sort-by in":   "invalid column `in' specified; it must be one of name, weight, active, inactive, conns, inpkts, outpkts, inbytes, outbytes",
		"-L --watch --nosort --sort-by name": "The option 'sort-by' conflicts with the 'nosort' option in the 'list' command",
		"-L --state NONE":                    "--state requires -c",
		"-L --timeout --count-by state":      "--count-by requires -c",
		"-L -c --watch --watch":              "multiple 'watch' options specified",
		"-L -c -t 10.0.0.1:80 --state NONE":  "The option 'service-address' conflicts with the 'connection' option in the 'list' command",
		"-L --json --output table":           "multiple 'output' options specified",
		"-L --output table --json":           "multiple 'json' options specified",
		"-L --json --json":                   "multiple 'json' options specified",
		"-L --json=1":                        "--json=1: option does not take an argument",
		"-A -t 10.0.0.1:80 --json":           "Illegal 'json' option with the 'add-service' command",
		"-L --output xml":                    "invalid output format `xml' specified; it must be one of " + strings.Join(format.FormNames(), ", "),
		"-A -t 10.0.0.1:80 --output json":    "Illegal 'output' option with the 'add-service' command",
		"-L --watch --output prometheus":     "The option 'watch' conflicts with the output format `prometheus'",
		"-S --watch":                         "Illegal 'watch' option with the 'save' command",
	} {
		if _, err := parse(strings.Fields(line)...); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", line, err, want)
		}
	}
}
