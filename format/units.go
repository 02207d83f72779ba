// SPDX-License-Identifier: Apache-2.0

package format

import "strings"

// unitPrefixes are the SI prefixes for powers of a thousand.
var unitPrefixes = [...]string{"", "k", "M", "G", "T", "P", "E"}

// scaled writes a number in the largest unit of which it has at least one, rounded to
// tenths: 999, 12.3 k, 18.4 E.
func scaled(n uint64) (number, unit string) {
	if n < 1000 {
		return decimal(n), ""
	}
	size, i := uint64(1000), 1
	for i < len(unitPrefixes)-1 && tenths(n, size) >= 10000 {
		size *= 1000
		i++
	}
	t := tenths(n, size)
	return decimal(t/10) + "." + decimal(t%10), unitPrefixes[i]
}

// tenths is 10n/size, rounded. It does not add size/20 to n, which could overflow.
func tenths(n, size uint64) uint64 {
	t, rest := n/(size/10), n%(size/10)
	if rest >= size/20 {
		t++
	}
	return t
}

// quantity is what a number counts. It decides on the unit.
type quantity int

const (
	count       quantity = iota // 12.3k
	countPerSec                 // 12.3k/s
	byteCount                   // 1.2 MB
	bytesPerSec                 // 1.2 MB/s
)

func (q quantity) text(n uint64) string {
	number, unit := scaled(n)
	switch q {
	case countPerSec:
		return number + unit + "/s"
	case byteCount:
		return number + " " + unit + "B"
	case bytesPerSec:
		return number + " " + unit + "B/s"
	}
	return number + unit
}

// usualWidth is the width of the largest usual number with its unit, on a director of some
// ten thousand connections and some gigabits a second.
func (q quantity) usualWidth() int {
	switch q {
	case countPerSec:
		return len("99.9k/s")
	case bytesPerSec:
		return len("999.9 MB/s")
	}
	return len("99.9k")
}

// timeText writes a time in hours, minutes and seconds, and in seconds: 15 min (900 s).
func timeText(seconds uint32) string {
	whole, parts := seconds, []string(nil)
	for _, unit := range []struct {
		name    string
		seconds uint32
	}{{" h", 3600}, {" min", 60}, {" s", 1}} {
		if n := seconds / unit.seconds; n > 0 {
			parts = append(parts, decimal(n)+unit.name)
		}
		seconds %= unit.seconds
	}
	if whole < 60 {
		return decimal(whole) + " s"
	}
	return strings.Join(parts, " ") + " (" + decimal(whole) + " s)"
}
