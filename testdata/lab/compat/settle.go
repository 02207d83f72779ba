// SPDX-License-Identifier: Apache-2.0

package compat

import (
	"fmt"
	"strings"
)

// The kernel goes on with a dump by counting the services of all namespaces, and the original asks once more after the
// last one. If another namespace gains or loses services meanwhile, as one that ends does, the original lists some services
// twice or misses some. Ours must not, so only the original has another try.

// replays is how often the original may say something else.
const replays = 6

// settle returns what the original does at the last of these steps if nothing disturbs it: what it does twice, the first
// time being what it did beside ours. Each time is in a fresh namespace.
func (c Comparison) settle(steps []Step, first Result) (Result, error) {
	seen := []Result{first}
	for range replays {
		again, err := c.original(steps)
		if err != nil {
			return first, err
		}
		for _, one := range seen {
			if one.Equal(again) {
				return again, nil
			}
		}
		seen = append(seen, again)
	}
	return first, fmt.Errorf("the original does something else each of %d times", len(seen))
}

// doubles reports whether a result has a line of a service, or of a connection, twice.
func doubles(r Result) bool {
	seen := map[string]bool{}
	for _, line := range lines(string(r.Stdout)) {
		isService := !strings.HasPrefix(line, "  -> ") && !strings.HasPrefix(line, "-a ")
		if isService && seen[line] {
			return true
		}
		seen[line] = true
	}
	return false
}

// original runs steps with the original alone.
func (c Comparison) original(steps []Step) (last Result, err error) {
	r, err := c.begin(oracle)
	if err != nil {
		return last, err
	}
	defer r.end()
	for _, s := range steps {
		if s.IsCommand() {
			last, err = r.alone(oracle, s)
		} else {
			err = r.prepare(oracle, s)
		}
		if err != nil {
			return last, err
		}
	}
	return last, nil
}
