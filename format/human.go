package format

import "strings"

// unitPrefixes are the prefixes of SI, each a thousand times the one before.
var unitPrefixes = [...]string{"", "k", "M", "G", "T", "P", "E"}

// scaled is a number in the largest unit that leaves one or more before the
// point, rounded to a tenth: 999, 12.3 k, 18.4 E.
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

// tenths is 10n/size, rounded. n+size/20 may have more than 64 bits.
func tenths(n, size uint64) uint64 {
	t, rest := n/(size/10), n%(size/10)
	if rest >= size/20 {
		t++
	}
	return t
}

// quantity is what a number counts, and how it is told to people.
type quantity int

const (
	things        quantity = iota // 12.3k
	thingsASecond                 // 12.3k/s
	octets                        // 1.2 MB
	octetsASecond                 // 1.2 MB/s
)

func (q quantity) text(n uint64) string {
	number, unit := scaled(n)
	switch q {
	case thingsASecond:
		return number + unit + "/s"
	case octets:
		return number + " " + unit + "B"
	case octetsASecond:
		return number + " " + unit + "B/s"
	}
	return number + unit
}

// timeText is a time in the largest units, and in seconds: 15 min (900 s).
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
