// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"fmt"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/format"
)

// MaxReported is how many errors a Report prints before it only counts them.
const MaxReported = 100

// Report prints errors in the lines of a rules file.
type Report struct {
	// Source is printed before "line N: ", such as "/etc/ipvsadm.rules: ". It is empty
	// for standard input.
	Source string
	// Print prints text and a line feed. It must be set.
	Print func(text string)
	// Describe returns the message for an error. It must be set.
	Describe func(error) string
	// Hint returns a line to print below the message for an error, or "". It must be set.
	Hint func(error) string

	reported, omitted int
	hinted            map[string]bool // hints that were printed, which are not repeated
}

// Line reports an error in the line with this number. After MaxReported errors it only
// counts them.
func (r *Report) Line(number int, err error) {
	if r.reported == MaxReported {
		r.omitted++
		return
	}
	r.reported++
	r.print(number, err)
	if hint := r.Hint(err); hint != "" && !r.hinted[hint] {
		r.Print(hint)
		if r.hinted == nil {
			r.hinted = map[string]bool{}
		}
		r.hinted[hint] = true
	}
}

// Close prints how many errors were only counted, and resets that count.
func (r *Report) Close() {
	if r.omitted > 0 {
		r.Print(fmt.Sprintf("... and %d more", r.omitted))
		r.omitted = 0
	}
}

func (r *Report) print(number int, err error) {
	r.Print(format.Sanitize(fmt.Sprintf("%sline %d: %s", r.Source, number, strings.TrimSpace(r.Describe(err)))))
}
