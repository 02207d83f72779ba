package format

import (
	"io"
	"strconv"
	"strings"
)

// exposition writes metrics in the text format 0.0.4 of Prometheus, one family
// after the other. The first error stays.
type exposition struct {
	w   io.Writer
	b   []byte
	err error
}

const expositionChunk = 32 << 10

// gauge and counter are the types of families.
const (
	gauge   = "gauge"
	counter = "counter"
)

// family begins a family: what is sampled until the next one has its name.
// name and help are plain text.
func (e *exposition) family(name, kind, help string) {
	e.b = append(e.b, "# HELP "+name+" "+help+"\n# TYPE "+name+" "+kind+"\n"...)
}

// sample writes one value. labels is empty, or made by labels.
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

// labels writes pairs of names and values. To Prometheus an empty value is as
// good as no label.
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
