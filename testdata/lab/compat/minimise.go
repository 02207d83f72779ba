// SPDX-License-Identifier: Apache-2.0

package compat

import (
	"strings"
	"time"
)

// minimise leaves out steps of a failing case as long as it still fails, and as long as the time lasts.
func (c Comparison) minimise(test Case, budget time.Duration) (Case, []Difference) {
	end := time.Now().Add(budget)
	differences, _ := c.Run(test)
	// Nothing after the first difference matters.
	if len(differences) > 0 {
		for i, s := range test.Steps {
			if s.Line == differences[0].Step.Line {
				test.Steps = test.Steps[:i+1]
				break
			}
		}
	}
	fails := func(smaller Case) bool {
		if time.Now().After(end) {
			return false
		}
		d, err := c.Run(smaller)
		// Not with another failure, which would be one of the smaller case only.
		if err != nil || len(d) == 0 || len(differences) == 0 || d[0].What != differences[0].What ||
			d[0].What == notAsOriginal && d[0].Text != differences[0].Text {
			return false
		}
		test, differences = smaller, d
		return true
	}
	for size := len(test.Steps) / 2; size > 0; size /= 2 {
		for from := 0; from+size <= len(test.Steps); {
			if !fails(test.without(from, size)) {
				from += size
			}
		}
	}
	// The same with the lines of rules streams.
	for i := range test.Steps {
		for from := 0; from < len(lines(string(test.Steps[i].Stdin.Bytes))); {
			if !fails(test.withoutRule(i, from)) {
				from++
			}
		}
	}
	return test, differences
}

func (c Case) without(from, n int) Case {
	c.Steps = append(append([]Step{}, c.Steps[:from]...), c.Steps[from+n:]...)
	return c
}

func (c Case) withoutRule(step, rule int) Case {
	c.Steps = append([]Step{}, c.Steps...)
	rules := lines(string(c.Steps[step].Stdin.Bytes))
	c.Steps[step].Stdin.Bytes = []byte(strings.Join(append(rules[:rule], rules[rule+1:]...), ""))
	return c
}

// String writes the case as it would stand in a case file.
func (c Case) String() string {
	text := "== " + c.Name + "\n"
	for _, s := range c.Steps {
		text += s.String()
	}
	return text
}
