// SPDX-License-Identifier: Apache-2.0

package format

import "testing"

func TestAppendScaled(t *testing.T) {
	for n, want := range map[uint64]string{
		0:                    "        0",
		99_999_999:           " 99999999",
		100_000_000:          "  100000K",
		999_999_999:          "  999999K",
		1_000_000_000:        "    1000M",
		99_999_999_999:       "   99999M",
		100_000_000_000:      "     100G",
		99_999_999_999_999:   "   99999G",
		100_000_000_000_000:  "     100T",
		18446744073709551615: "18446744T",
	} {
		if got := string(appendScaled(nil, n)); got != want {
			t.Errorf("%d is %q, want %q", n, got, want)
		}
	}
}

func TestAppendExact(t *testing.T) {
	for n, want := range map[uint64]string{
		0: "        0", 12345678: " 12345678", 123456789: " 123456789", 18446744073709551615: " 18446744073709551615",
	} {
		if got := string(appendExact(nil, n)); got != want {
			t.Errorf("%d is %q, want %q", n, got, want)
		}
	}
}
