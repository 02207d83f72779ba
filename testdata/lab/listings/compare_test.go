// SPDX-License-Identifier: Apache-2.0

package listings

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A span is what the kernel says before and after a listing. What the listing says lies between.
type span struct{ before, after *reading }

// A pace is what goes on in the kernel meanwhile.
type pace int

const (
	busy   pace = iota // packets pass
	ending             // no packets pass, but connections end
	still              // nothing changes but the seconds that are left to connections
)

// around lists between two readings of the kernel, again until the pace is so.
func around(t *testing.T, p pace, kernel func() *reading, list func() string) (span, string) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); ; {
		s := span{before: kernel()}
		output := list()
		s.after = kernel()
		if s.is(p) {
			return s, output
		}
		if time.Now().After(deadline) {
			t.Fatal("the kernel does not come to rest")
		}
	}
}

// is tells whether nothing has changed that does not in this pace.
func (s span) is(p pace) bool {
	if p == busy || s.before == s.after {
		return true
	}
	if len(s.before.facts) != len(s.after.facts) {
		return false
	}
	for a, before := range s.before.facts {
		if after, ok := s.after.facts[a]; !ok || a.name != "expires" && after != before && (p == still || !goesUpAndDown(a.name)) {
			return false
		}
	}
	return true
}

// check compares a listing with what the kernel says. All that it shows must be so, and it must show what its form has in
// the mode. If it is not still, what goes up and down is not compared.
func (s span) check(t *testing.T, shown *reading, f *form, m mode, p pace) (ok bool) {
	t.Helper()
	var wrong []string
	for a, text := range shown.facts {
		before, known := s.before.facts[a]
		after := s.after.facts[a]
		switch {
		case !known:
			wrong = append(wrong, fmt.Sprintf("%v is %q: the kernel says nothing of it", a, text))
		case p != still && goesUpAndDown(a.name):
		case !f.same(a.name, text, before, after):
			wrong = append(wrong, fmt.Sprintf("%v is %q: the kernel says %q before and %q after", a, text, before, after))
		}
	}
	for a, before := range s.before.facts {
		if _, ok := shown.facts[a]; !ok && f.shows(m, a, before) {
			wrong = append(wrong, fmt.Sprintf("%v is left out: the kernel says %q", a, before))
		}
	}
	if f.ordered && !slices.Equal(shown.order, s.before.order) {
		wrong = append(wrong, "order "+firstDifference(shown.order, s.before.order))
	}
	slices.Sort(wrong)
	for _, text := range wrong[:min(len(wrong), 20)] {
		t.Error(text)
	}
	if len(wrong) > 20 {
		t.Errorf("and %d more", len(wrong)-20)
	}
	return len(wrong) == 0
}

func firstDifference(shown, want []string) string {
	for i := range min(len(shown), len(want)) {
		if shown[i] != want[i] {
			return fmt.Sprintf("is %q where it should be %q", shown[i], want[i])
		}
	}
	return fmt.Sprintf("has %d lines, not %d", len(shown), len(want))
}

// goesUpAndDown tells what need not lie between two readings.
func goesUpAndDown(name string) bool {
	return strings.HasPrefix(name, "rates.") || strings.HasSuffix(name, "_connections") || name == "entries" || name == "marks"
}

// exactly tells whether a value lies between two of the kernel.
func exactly(_, shown, before, after string) bool {
	if shown == before || shown == after {
		return true
	}
	n, err := strconv.ParseUint(shown, 10, 64)
	low, errLow := strconv.ParseUint(before, 10, 64)
	high, errHigh := strconv.ParseUint(after, 10, 64)
	low, high = min(low, high), max(low, high)
	return cmp.Or(err, errLow, errHigh) == nil && low <= n && n <= high
}
