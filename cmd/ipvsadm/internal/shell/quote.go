// SPDX-License-Identifier: Apache-2.0

// Package shell writes command lines for shells. It runs none.
package shell

import "strings"

// Quote puts an argument that is empty or that shells may expand into quotation marks.
func Quote(argument string) string { return quoteUnless(argument, plain) }

// plain are the characters of arguments that no shell treats specially.
const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.,:/"

func quoteUnless(argument, plain string) string {
	if argument != "" && strings.Trim(argument, plain) == "" {
		return argument
	}
	return "'" + strings.ReplaceAll(argument, "'", `'\''`) + "'"
}

// Line returns a command line, with quotation marks where they are necessary.
func Line(words []string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		allowed := plain
		if i > 0 && !strings.HasPrefix(word, "=") {
			allowed += "=" // no assignment, and no =command of zsh
		}
		quoted[i] = quoteUnless(word, allowed)
	}
	return strings.Join(quoted, " ")
}
