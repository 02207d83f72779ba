// SPDX-License-Identifier: Apache-2.0

package cmdline

import "strings"

// maxWord is the length of the longest word that hints repeat whole.
const maxWord = 60

// shorten cuts a long word, which is no use to read in a hint.
func shorten(word string) string {
	if len(word) <= maxWord {
		return word
	}
	return strings.ToValidUTF8(word[:maxWord-len("...")], "") + "..."
}

// shortenWords shortens each word of a hint.
func shortenWords(hint string) string {
	if len(hint) <= maxWord {
		return hint
	}
	words := strings.Split(hint, " ")
	for i, word := range words {
		words[i] = shorten(word)
	}
	return strings.Join(words, " ")
}
