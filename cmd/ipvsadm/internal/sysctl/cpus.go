// SPDX-License-Identifier: Apache-2.0

package sysctl

import (
	"fmt"
	"strconv"
	"strings"
)

// maxCPUs is more than any kernel has (NR_CPUS).
const maxCPUs = 1 << 16

// parseCPUs returns a list of CPUs as the kernel prints it: in order, each once, neighbours
// as a range. It leaves lists with steps, such as 0-15:2/4, as they are.
func parseCPUs(text string) (list string, ok bool) {
	if strings.ContainsAny(text, ":/") {
		return text, strings.Trim(text, "0123456789,:/-") == ""
	}
	var has []bool
	for part := range strings.SplitSeq(text, ",") {
		if part == "" {
			continue
		}
		low, high, isRange := strings.Cut(part, "-")
		if !isRange {
			high = low
		}
		first, err1 := strconv.ParseUint(low, 10, 32)
		last, err2 := strconv.ParseUint(high, 10, 32)
		if err1 != nil || err2 != nil || first > last || last >= maxCPUs {
			return "", false
		}
		if n := int(last) + 1; n > len(has) {
			has = append(has, make([]bool, n-len(has))...)
		}
		for cpu := first; cpu <= last; cpu++ {
			has[cpu] = true
		}
	}
	var ranges []string
	for first := 0; first < len(has); first++ {
		if !has[first] {
			continue
		}
		last := first
		for last+1 < len(has) && has[last+1] {
			last++
		}
		if last == first {
			ranges = append(ranges, strconv.Itoa(first))
		} else {
			ranges = append(ranges, fmt.Sprintf("%d-%d", first, last))
		}
		first = last
	}
	return strings.Join(ranges, ","), true
}
