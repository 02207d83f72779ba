// SPDX-License-Identifier: Apache-2.0

package cmdline

import "testing"

func TestOptionSetsKeepEachElementApart(t *testing.T) {
	for e := noElement + 1; e < endOfOptions; e++ {
		s := setOf(e)
		for other := noElement; other < endOfOptions; other++ {
			if s.has(other) != (other == e) {
				t.Errorf("the set of %d has %d: %v", e, other, s.has(other))
			}
		}
		if s.first() != e || s.without(e) != (optionSet{}) || !s.hasAny(setOf(e, numericOption)) {
			t.Errorf("the set of %d has the first element %d", e, s.first())
		}
	}
}

func TestOptionSetOperations(t *testing.T) {
	a, b := setOf(numericOption, verboseOption), setOf(serviceOption, verboseOption)
	if got := a.and(b); got != setOf(verboseOption) {
		t.Errorf("both have %v", got)
	}
	if got := a.union(b, setOf(skipOption)); got != setOf(numericOption, serviceOption, skipOption, verboseOption) {
		t.Errorf("together they have %v", got)
	}
	if a.without(verboseOption).hasAny(b) || (optionSet{}).first() != noElement || (optionSet{}).has(noElement) {
		t.Error("an element is where it is not")
	}
}
