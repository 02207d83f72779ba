package main

import (
	"errors"
	"strings"

	"github.com/spf13/pflag"
)

// hint adds, for somebody who sits at a terminal, a second line to a message that
// is the original's: the option that an unknown one may have been meant to be.
// Programs that read the messages never see it.
func (p *program) hint(err error) {
	var unknown *scanError
	if !errors.As(err, &unknown) || unknown.reason != unknownOption || !isTerminal(p.stderr) {
		return
	}
	if name := nearestOption(unknown.word); name != "" {
		p.complain("hint: did you mean --" + name + "?")
	}
}

// nearestOption finds the long option that is like a word, with at most two letters
// more, less or changed, or "" if there is none, or two as good.
func nearestOption(word string) (nearest string) {
	typed, _, _ := strings.Cut(strings.TrimPrefix(word, "--"), "=")
	if !strings.HasPrefix(word, "--") || len(typed) < 4 || len(typed) > 30 {
		return ""
	}
	best := 3
	options().VisitAll(func(f *pflag.Flag) {
		switch n := editDistance(typed, f.Name); {
		case n < best:
			best, nearest = n, f.Name
		case n == best:
			nearest = ""
		}
	})
	return nearest
}

// editDistance is how many letters have to be added, dropped or changed to make one
// text of another.
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
