// SPDX-License-Identifier: Apache-2.0

// Package shell writes command lines for shells. It runs none.
package shell

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

// Line returns a command line with each word quoted where that is necessary.
func Line(words []string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = Quote(word)
	}
	return strings.Join(quoted, " ")
}
