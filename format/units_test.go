// SPDX-License-Identifier: Apache-2.0

package format

import (
	"math"
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

func TestQuantityText(t *testing.T) {
	for n, want := range map[uint64][4]string{
		0:              {"0", "0/s", "0 B", "0 B/s"},
		999:            {"999", "999/s", "999 B", "999 B/s"},
		1000:           {"1.0k", "1.0k/s", "1.0 kB", "1.0 kB/s"},
		1049:           {"1.0k", "1.0k/s", "1.0 kB", "1.0 kB/s"},
		1050:           {"1.1k", "1.1k/s", "1.1 kB", "1.1 kB/s"},
		999949:         {"999.9k", "999.9k/s", "999.9 kB", "999.9 kB/s"},
		999950:         {"1.0M", "1.0M/s", "1.0 MB", "1.0 MB/s"},
		1234567890:     {"1.2G", "1.2G/s", "1.2 GB", "1.2 GB/s"},
		math.MaxUint64: {"18.4E", "18.4E/s", "18.4 EB", "18.4 EB/s"},
	} {
		got := [4]string{count.text(n), countPerSec.text(n), byteCount.text(n), bytesPerSec.text(n)}
		if got != want {
			t.Errorf("%d: got %q, want %q", n, got, want)
		}
	}
}

// A scaled number differs from the number by a twentieth of its unit at most.
func TestScaledPrecision(t *testing.T) {
	sizes := map[string]float64{"": 1, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Uint64().Draw(t, "n")
		number, unit := scaled(n)
		f := parseFloat(t, number)
		if f >= 1000 || f < 1 && n > 0 || math.Abs(f*sizes[unit]-float64(n)) > sizes[unit]*(0.05+1e-12) {
			t.Fatalf("%d: %s %s", n, number, unit)
		}
	})
}

func parseFloat(t *rapid.T, text string) float64 {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestTimeText(t *testing.T) {
	for seconds, want := range map[uint32]string{
		0: "0 s", 59: "59 s", 60: "1 min (60 s)", 90: "1 min 30 s (90 s)", 3600: "1 h (3600 s)", 3661: "1 h 1 min 1 s (3661 s)",
	} {
		if got := timeText(seconds); got != want {
			t.Errorf("%d: got %s, want %s", seconds, got, want)
		}
	}
}
