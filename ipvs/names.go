// SPDX-License-Identifier: Apache-2.0

package ipvs

import (
	"fmt"
	"strconv"
	"strings"
)

// names maps the values of one enumeration to words. A value without a word is
// written as a number, so a round trip is lossless. It has slices because a map
// would be built at every start of the program.
type names[T ~uint8 | ~uint16 | ~uint32] struct {
	kind    string // for errors
	words   []named[T]
	aliases []named[T] // further words that parse takes
}

type named[T any] struct {
	value T
	word  string
}

func (n names[T]) text(v T) string {
	for _, w := range n.words {
		if w.value == v {
			return w.word
		}
	}
	return strconv.FormatUint(uint64(v), 10)
}

// parse sets v to the value of a word, in upper or lower case, or of a decimal number.
func (n names[T]) parse(v *T, text []byte) error {
	word := string(text)
	if value, ok := n.find(word); ok {
		*v = value
		return nil
	}
	u, err := strconv.ParseUint(word, 10, 32)
	if err != nil || uint64(T(u)) != u {
		return fmt.Errorf("unknown %s %q: it is %s or a number", n.kind, word, n.list())
	}
	*v = T(u)
	return nil
}

func (n names[T]) find(word string) (value T, ok bool) {
	for _, list := range [...][]named[T]{n.words, n.aliases} {
		for _, w := range list {
			if strings.EqualFold(w.word, word) {
				return w.value, true
			}
		}
	}
	return 0, false
}

// list returns the words for an error.
func (n names[T]) list() string {
	words := make([]string, len(n.words))
	for i, w := range n.words {
		words[i] = w.word
	}
	return strings.Join(words, ", ")
}

// noFlags is the text of flags of which none is set.
const noFlags = "none"

// setText returns the words of the flags that are set, separated by commas. Flags
// without a word become one hexadecimal number at the end.
func (n names[T]) setText(flags T) string {
	if flags == 0 {
		return noFlags
	}
	var b strings.Builder
	for _, w := range n.words {
		if flags&w.value != 0 {
			b.WriteString(w.word)
			b.WriteByte(',')
			flags &^= w.value
		}
	}
	if flags != 0 {
		return b.String() + "0x" + strconv.FormatUint(uint64(flags), 16)
	}
	return b.String()[:b.Len()-1]
}

// parseSet sets flags to those that a list names. The words of the list are in upper or
// lower case, or are decimal or hexadecimal numbers. An empty list has no flags.
func (n names[T]) parseSet(flags *T, text []byte) error {
	list := strings.TrimSpace(string(text))
	if list == "" || strings.EqualFold(list, noFlags) {
		*flags = 0
		return nil
	}
	var set T
	for word := range strings.SplitSeq(list, ",") {
		word = strings.TrimSpace(word)
		value, ok := n.find(word)
		if !ok {
			u, err := strconv.ParseUint(word, 0, 32)
			if err != nil || uint64(T(u)) != u {
				return fmt.Errorf("unknown %s %q: it is %s or a number such as 0x40", n.kind, word, n.list())
			}
			value = T(u)
		}
		set |= value
	}
	*flags = set
	return nil
}
