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

// around lists between two readings of the kernel. If still is set, it does so again until nothing but the clock has
// changed between the two.
func around(t *testing.T, still bool, kernel func() *reading, list func() string) (span, string) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); ; {
		s := span{before: kernel()}
		output := list()
		s.after = kernel()
		if !still || s.onlyClock() {
			return s, output
		}
		if time.Now().After(deadline) {
			t.Fatal("the kernel does not come to rest")
		}
	}
}

// onlyClock tells whether nothing but the seconds that are left to connections has changed.
func (s span) onlyClock() bool {
	if s.before == s.after {
		return true
	}
	if len(s.before.facts) != len(s.after.facts) {
		return false
	}
	for a, before := range s.before.facts {
		if after, ok := s.after.facts[a]; !ok || a.name != "expires" && after != before {
			return false
		}
	}
	return true
}

// check compares a listing with what the kernel says. All that it shows must be so, and it must show what its form has in
// the mode. If the kernel is not still, what goes up and down is not compared.
func (s span) check(t *testing.T, shown *reading, f *form, m mode, still bool) {
	t.Helper()
	var wrong []string
	for a, text := range shown.facts {
		before, known := s.before.facts[a]
		after := s.after.facts[a]
		switch {
		case !known:
			wrong = append(wrong, fmt.Sprintf("%v is %q: the kernel says nothing of it", a, text))
		case !still && goesUpAndDown(a.name):
		case !f.same(a.name, text, before, after):
			wrong = append(wrong, fmt.Sprintf("%v is %q: the kernel says %q before and %q after", a, text, before, after))
		}
	}
	for a, before := range s.before.facts {
		if _, ok := shown.facts[a]; !ok && f.shows(m, a) {
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
	return strings.HasPrefix(name, "rates.") || strings.HasSuffix(name, "_connections")
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
