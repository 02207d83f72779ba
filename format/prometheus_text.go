// SPDX-License-Identifier: Apache-2.0

package format

import (
	"io"
	"strconv"
	"strings"
)

// exposition writes metrics in Prometheus' text exposition format 0.0.4, one family
// after the other. It keeps the first error, which flush returns.
type exposition struct {
	w   io.Writer
	b   []byte
	err error
}

// expositionChunk is how many bytes are gathered before they are written.
const expositionChunk = 32 << 10

// The types of families.
const (
	gauge   = "gauge"
	counter = "counter"
)

// family begins a family. All samples until the next family bear its name. name and
// help need no escapes.
func (e *exposition) family(name, kind, help string) {
	e.b = append(e.b, "# HELP "+name+" "+help+"\n# TYPE "+name+" "+kind+"\n"...)
}

// sample writes one value. labels is empty, or comes from the function labels.
func (e *exposition) sample(name, labels string, value uint64) {
	e.b = append(e.b, name...)
	if labels != "" {
		e.b = append(e.b, '{')
		e.b = append(e.b, labels...)
		e.b = append(e.b, '}')
	}
	e.b = append(e.b, ' ')
	e.b = strconv.AppendUint(e.b, value, 10)
	e.b = append(e.b, '\n')
	if len(e.b) > expositionChunk {
		e.flush()
	}
}

func (e *exposition) flush() error {
	if e.err == nil {
		_, e.err = e.w.Write(e.b)
	}
	e.b = e.b[:0]
	return e.err
}

// labels writes pairs of names and values. Prometheus treats an empty label value as
// an absent label.
func labels(pairs ...string) string {
	var b strings.Builder
	for i := 0; i+1 < len(pairs); i += 2 {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(pairs[i] + `="`)
		_, _ = labelEscaper.WriteString(&b, strings.ToValidUTF8(pairs[i+1], "\ufffd"))
		b.WriteByte('"')
	}
	return b.String()
}

var labelEscaper = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)
