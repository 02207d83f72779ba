// SPDX-License-Identifier: Apache-2.0

package cmdline

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/format"
)

// parseNumber parses a decimal number from low to high. Like strtol(3), it accepts white
// space and a sign before the number; it accepts nothing after it.
func parseNumber(text string, low, high int64) (int64, bool) {
	n, err := strconv.ParseInt(strings.TrimLeft(text, " \t\n\v\f\r"), 10, 64)
	return n, err == nil && n >= low && n <= high
}

func isNumber(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// atoi returns the number at the beginning of text as atoi(3) does, or 0 if there is
// none. A number that does not fit into 32 bits loses its upper bits.
func atoi(text string) int32 {
	text = strings.TrimLeft(text, " \t\n\v\f\r")
	end := 0
	for end < len(text) && (text[end] >= '0' && text[end] <= '9' || end == 0 && (text[0] == '+' || text[0] == '-')) {
		end++
	}
	n, _ := strconv.ParseInt(text[:end], 10, 64)
	return int32(n)
}

// parseIn parses a number in a range.
func parseIn(text string, r format.Range) (int64, bool) { return parseNumber(text, r.Min, r.Max) }

// setNumber sets a field to a number in a range. what names the value in errors.
func setNumber[T ~uint8 | ~uint16 | ~uint32](field *T, value string, r format.Range, what string) error {
	n, ok := parseIn(value, r)
	if !ok {
		return WithHint(illegal(what), rangeHint(r))
	}
	*field = T(n)
	return nil
}

func rangeHint(r format.Range) string {
	return fmt.Sprintf("it must be a number from %d to %d", r.Min, r.Max)
}
