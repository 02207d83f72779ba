// SPDX-License-Identifier: Apache-2.0

package format

// appendScaled writes a counter in 9 columns. From 10^8 on it counts thousands (K),
// millions (M), billions (G) or trillions (T), truncated, not rounded.
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

// appendExact writes all digits of a counter after a blank, in 9 columns or more.
func appendExact(b []byte, n uint64) []byte {
	return appendRight(append(b, ' '), n, 8, "")
}
