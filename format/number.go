package format

import "strconv"

// appendScaled writes a counter in 9 columns: plain below 10^8, then in
// thousands K, millions M, billions G or trillions T, cut off, never rounded.
func appendScaled(b []byte, n uint64) []byte {
	switch {
	case n < 1e8:
		return appendRight(b, n, 9, "")
	case n < 1e9:
		return appendRight(b, n/1e3, 9, "K")
	case n < 1e11:
		return appendRight(b, n/1e6, 9, "M")
	case n < 1e14:
		return appendRight(b, n/1e9, 9, "G")
	}
	return appendRight(b, n/1e12, 9, "T")
}

// appendExact writes a counter in 9 columns, or in as many as it needs after a blank.
func appendExact(b []byte, n uint64) []byte {
	return appendRight(append(b, ' '), n, 8, "")
}

// appendRight writes a number with its unit, right aligned.
func appendRight(b []byte, n uint64, width int, unit string) []byte {
	var digits [20]byte
	text := strconv.AppendUint(digits[:0], n, 10)
	for i := len(text) + len(unit); i < width; i++ {
		b = append(b, ' ')
	}
	b = append(b, text...)
	return append(b, unit...)
}

// appendLeft writes a number, left aligned, with a blank after it.
func appendLeft(b []byte, n uint64, width int) []byte {
	start := len(b)
	return append(padFrom(strconv.AppendUint(b, n, 10), start, width), ' ')
}

func decimal[T uint8 | uint16 | uint32 | uint64](n T) string {
	return strconv.FormatUint(uint64(n), 10)
}

func unlessZero[T uint8 | uint16 | uint32 | uint64](n T) string {
	if n == 0 {
		return ""
	}
	return decimal(n)
}
