// SPDX-License-Identifier: Apache-2.0

package cmdline

import "math/bits"

// optionSet is a set of elements. It has as many words as they need.
type optionSet [(endOfOptions + wordSize - 1) / wordSize]uint64

const wordSize = 64

// setOf returns the set of some elements.
func setOf(elements ...element) optionSet { return optionSet{}.with(elements...) }

// with returns the set with some elements more.
func (s optionSet) with(elements ...element) optionSet {
	for _, e := range elements {
		s[e/wordSize] |= 1 << (e % wordSize)
	}
	return s
}

// without returns the set without some elements.
func (s optionSet) without(elements ...element) optionSet {
	for _, e := range elements {
		s[e/wordSize] &^= 1 << (e % wordSize)
	}
	return s
}

// union returns the set of the elements of all sets.
func (s optionSet) union(others ...optionSet) optionSet {
	for _, o := range others {
		for i := range s {
			s[i] |= o[i]
		}
	}
	return s
}

// and returns the set of the elements of both sets.
func (s optionSet) and(o optionSet) optionSet {
	for i := range s {
		s[i] &= o[i]
	}
	return s
}

func (s optionSet) has(e element) bool { return s[e/wordSize]&(1<<(e%wordSize)) != 0 }

// hasAny tells whether the sets have an element in common.
func (s optionSet) hasAny(o optionSet) bool { return s.and(o) != optionSet{} }

// len returns how many elements the set has.
func (s optionSet) len() int {
	n := 0
	for _, word := range s {
		n += bits.OnesCount64(word)
	}
	return n
}

// first returns the first element, or noElement if there is none.
func (s optionSet) first() element {
	for i, word := range s {
		if word != 0 {
			return element(i*wordSize + bits.TrailingZeros64(word))
		}
	}
	return noElement
}
