// SPDX-License-Identifier: Apache-2.0

package cmdline

import (
	"strings"

	"github.com/spf13/pflag"
)

// nearestOptions returns the long options that word, with two dashes, may stand for.
func nearestOptions(word string) []string {
	typed, _, _ := strings.Cut(strings.TrimPrefix(word, "--"), "=")
	if !strings.HasPrefix(word, "--") || len(typed) < 4 {
		return nil
	}
	var names []string
	options().VisitAll(func(f *pflag.Flag) {
		if f.Name[0] != '=' { // -l has no long name
			names = append(names, f.Name)
		}
	})
	nearest := Nearest(typed, names)
	for i, name := range nearest {
		nearest[i] = "--" + name
	}
	return nearest
}

// Nearest returns the names that differ from word by the fewest added, missing or changed
// letters: at most two, or one if the word has at most three letters. It returns none if
// more than three names are equally near.
func Nearest(word string, names []string) (nearest []string) {
	best := 2
	if len(word) <= 3 {
		best = 1
	}
	if len(word) > 30 {
		return nil // no name is that long
	}
	for _, name := range names {
		switch n := editDistance(word, name); {
		case n < best:
			best, nearest = n, []string{name}
		case n == best:
			nearest = append(nearest, name)
		}
	}
	if len(nearest) > 3 {
		return nil
	}
	return nearest
}

// editDistance returns the Levenshtein distance between a and b, in bytes.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
