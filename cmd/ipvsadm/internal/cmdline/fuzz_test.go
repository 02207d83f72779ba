// SPDX-License-Identifier: Apache-2.0

package cmdline

import (
	"strings"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// FuzzScan splits words, which the fuzzed text separates by line feeds, into options.
func FuzzScan(f *testing.F) {
	for _, seed := range []string{"-A\n-t\n10.0.0.1:80", "-Lnc", "-p=3\n-po\n-p", "--set\n1\n2\n3", "--=\n-=\n--\n-"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		words := strings.Split(text, "\n")
		_, leftovers, complaint := scanAll(words...)
		if len(leftovers) > len(words) {
			t.Fatalf("%d leftovers of %d words", len(leftovers), len(words))
		}
		if word, _, ok := strings.Cut(complaint, ": "); ok && !strings.Contains(text, word) {
			t.Fatalf("complaint %q names no word of %q", complaint, text)
		}
	})
}

// FuzzAddress parses endpoints. The usual form of a parsed endpoint must parse to the same
// endpoint, and there must be a hint for any other text.
func FuzzAddress(f *testing.F) {
	for _, seed := range []string{"10.0.0.1:80", "10.1", "0x0a000001:1", "010.0.0.1", "[fd00::1]:80", "fd00::1", "[10.0.0.1]:80", "1:", ":", "[", "]:", "10.0.0.1 x:80", "::ffff:1.2.3.4", "[fd00::1]", "fd00::1%lo"} {
		f.Add(seed)
	}
	hosts := noDNS()
	f.Fuzz(func(t *testing.T, text string) {
		end, err := parseEndpoint(text, 0, hosts)
		if err != nil && addressHint(text, 0, hosts) == "" {
			t.Fatalf("no hint for %q", text)
		}
		if err != nil || end.portName != "" {
			return
		}
		again, err := parseEndpoint(end.AddrPort().String(), ipvs.TCP, hosts)
		if err != nil || again.AddrPort() != end.AddrPort() {
			t.Fatalf("%q is %v, which is %v, %v", text, end.AddrPort(), again.AddrPort(), err)
		}
	})
}
