package main

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

func TestListingOptions(t *testing.T) {
	end := func(text string, hasPort bool) ipvs.EndFilter {
		return ipvs.EndFilter{AddrPort: netip.MustParseAddrPort(text), HasPort: hasPort}
	}
	for line, ok := range map[string]func(o listingOptions) bool{
		"--client 10.0.0.1":           func(o listingOptions) bool { return o.filter.Client == netip.MustParsePrefix("10.0.0.1/32") },
		"--client 10.1.2.3/8":         func(o listingOptions) bool { return o.filter.Client == netip.MustParsePrefix("10.0.0.0/8") },
		"--client [fd00::1]/64":       func(o listingOptions) bool { return o.filter.Client == netip.MustParsePrefix("fd00::/64") },
		"--client fd00::1/64":         func(o listingOptions) bool { return o.filter.Client == netip.MustParsePrefix("fd00::/64") },
		"--client ::ffff:10.0.0.1/32": func(o listingOptions) bool { return o.filter.Client == netip.MustParsePrefix("10.0.0.1/32") },
		"--virtual 10.0.0.1":          func(o listingOptions) bool { return o.filter.Virtual == end("10.0.0.1:0", false) },
		"--virtual 10.0.0.1:0":        func(o listingOptions) bool { return o.filter.Virtual == end("10.0.0.1:0", true) },
		"--virtual [fd00::1]:80":      func(o listingOptions) bool { return o.filter.Virtual == end("[fd00::1]:80", true) },
		"--virtual 10.0.0.1:http":     func(o listingOptions) bool { return o.filter.Virtual == end("10.0.0.1:80", true) },
		"--destination 10.0.0.1:tftp": func(o listingOptions) bool { return o.filter.Destination == end("10.0.0.1:69", true) },
		"--state Syn_Recv":            func(o listingOptions) bool { return o.filter.State == "Syn_Recv" },
		"--count-by destination":      func(o listingOptions) bool { return o.countBy == ipvs.ByDestination },
		"--watch":                     func(o listingOptions) bool { return o.interval == 2*time.Second },
		"--watch 0.5":                 func(o listingOptions) bool { return o.interval == 500*time.Millisecond },
		"--watch=86400":               func(o listingOptions) bool { return o.interval == 24*time.Hour },
		"--output json":               func(o listingOptions) bool { return o.output == asJSON },
	} {
		c, err := parse(append([]string{"-L", "-c", "-n"}, strings.Fields(line)...))
		if err != nil || !ok(c.listing) {
			t.Errorf("%s: %+v, %v", line, c, err)
		}
	}
}

func TestWrongListingOptions(t *testing.T) {
	for line, want := range map[string]string{
		"-L -c --client 10.0.0.1/33":         "invalid client `10.0.0.1/33' specified; it is ADDR or ADDR/LENGTH, such as 10.0.0.0/8",
		"-L -c --client 10.0.0.1/":           "invalid client `10.0.0.1/' specified; it is ADDR or ADDR/LENGTH, such as 10.0.0.0/8",
		"-L -c --client fe80::1%eth0":        "invalid client `fe80::1%eth0' specified; it is ADDR or ADDR/LENGTH, such as 10.0.0.0/8",
		"-L -c --client 10/8":                "invalid client `10/8' specified; it is ADDR or ADDR/LENGTH, such as 10.0.0.0/8",
		"-L -c --client 10.0.1":              "invalid client `10.0.1' specified; it is ADDR or ADDR/LENGTH, such as 10.0.0.0/8",
		"-L -c --client 10.0.0.1/+8":         "invalid client `10.0.0.1/+8' specified; it is ADDR or ADDR/LENGTH, such as 10.0.0.0/8",
		"-L -c --client /8":                  "invalid client `/8' specified; it is ADDR or ADDR/LENGTH, such as 10.0.0.0/8",
		"-L -c --virtual 10.0.0.1:65536":     "invalid virtual address `10.0.0.1:65536' specified; it is ADDR or ADDR:PORT, such as 10.0.0.1:80 or [fd00::1]:80",
		"-L -c --virtual 10.0.0.1:nosuch":    "invalid virtual address `10.0.0.1:nosuch' specified; it is ADDR or ADDR:PORT, such as 10.0.0.1:80 or [fd00::1]:80",
		"-L -c --destination [fd00::1":       "invalid destination `[fd00::1' specified; it is ADDR or ADDR:PORT, such as 10.0.0.1:80 or [fd00::1]:80",
		"-L -c --state ESTAB":                "invalid state `ESTAB' specified; it is one of " + commonStates,
		"-L -c --count-by server":            "invalid group `server' specified; it is one of state, client, virtual, destination",
		"-L --watch 0":                       "invalid interval `0' specified; it is 0.1 to 86400 seconds",
		"-L --watch=1e3":                     "invalid interval `1e3' specified; it is 0.1 to 86400 seconds",
		"-L --watch NaN":                     "invalid interval `NaN' specified; it is 0.1 to 86400 seconds",
		"-L --watch 86401":                   "invalid interval `86401' specified; it is 0.1 to 86400 seconds",
		"-L --watch --sort-by size":          "invalid column `size' specified; it is one of name, weight, active, inactive, conns, inpkts, outpkts, inbytes, outbytes",
		"-L --sort-by conns":                 "--sort-by goes with --watch",
		"-L --watch -c --sort-by conns":      "The option 'sort-by' conflicts with the 'connection' option in the 'list' command",
		"-L --watch --nosort --sort-by in":   "invalid column `in' specified; it is one of name, weight, active, inactive, conns, inpkts, outpkts, inbytes, outbytes",
		"-L --watch --nosort --sort-by name": "The option 'sort-by' conflicts with the 'nosort' option in the 'list' command",
		"-L --state NONE":                    "--state goes with -c",
		"-L --timeout --count-by state":      "--count-by goes with -c",
		"-L -c --watch --watch":              "multiple 'watch' options specified",
		"-L -c -t 10.0.0.1:80 --state NONE":  "The option 'service-address' conflicts with the 'connection' option in the 'list' command",
		"-L --output xml":                    "invalid output format `xml' specified; it is one of " + strings.Join(outputFormats[:], ", "),
		"-A -t 10.0.0.1:80 --output json":    "Illegal 'output' option with the 'add-service' command",
		"-L --watch --output prometheus":     "The option 'watch' conflicts with the output format `prometheus'",
		"-S --watch":                         "Illegal 'watch' option with the 'save' command",
	} {
		if _, err := parse(strings.Fields(line)); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", line, err, want)
		}
	}
}
