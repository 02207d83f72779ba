// SPDX-License-Identifier: Apache-2.0

package format

import (
	"net/netip"
	"testing"
)

func TestAppendAddr(t *testing.T) {
	for addr, want := range map[string]string{
		"10.0.0.1": "10.0.0.1", "::": "::", "::1": "::1", "fd00::1": "fd00::1", "::10.0.0.1": "::10.0.0.1",
		"::ffff:10.0.0.1": "::ffff:10.0.0.1", "::1:0": "::0.1.0.0", "::ffff": "::ffff", "1:0:0:2::3": "1:0:0:2::3",
	} {
		if got := string(appendAddr(nil, netip.MustParseAddr(addr))); got != want {
			t.Errorf("%s is %q, want %q", addr, got, want)
		}
	}
}
