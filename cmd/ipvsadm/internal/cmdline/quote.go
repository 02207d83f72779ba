// SPDX-License-Identifier: Apache-2.0

package cmdline

import "strings"

// Quote puts an argument that is empty or that shells may expand into quotation marks.
func Quote(argument string) string {
	if argument != "" && strings.Trim(argument, unquoted) == "" {
		return argument
	}
	return "'" + strings.ReplaceAll(argument, "'", `'\''`) + "'"
}

// unquoted are the characters of arguments that no shell treats specially.
const unquoted = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.,:/"

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
