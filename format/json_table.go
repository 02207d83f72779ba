// SPDX-License-Identifier: Apache-2.0

package format

import (
	"bytes"
	"io"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// writeTable writes a document, whose Services are empty, with the services of a table.
// Only one service at a time is in memory as a document.
func (j JSON) writeTable(w io.Writer, document TableDocument, table ipvs.Table) error {
	var b bytes.Buffer
	if err := j.encoder(&b).Encode(document); err != nil {
		return err
	}
	if len(table) == 0 {
		_, err := w.Write(b.Bytes())
		return err
	}
	head, tail := cutServices(b.Bytes())
	if _, err := w.Write(head); err != nil {
		return err
	}
	const depth = 2
	var compact bytes.Buffer
	var text []byte
	e := compactEncoder(&compact)
	for i := range table {
		text = text[:0]
		if i > 0 {
			text = append(text, ',')
		}
		text = append(text, j.lineBreak(depth)...)
		compact.Reset()
		if err := e.Encode(j.service(&table[i])); err != nil {
			return err
		}
		document := bytes.TrimSuffix(compact.Bytes(), []byte("\n"))
		if j.Time.IsZero() {
			text = appendIndented(text, document, depth)
		} else {
			text = append(text, document...)
		}
		if _, err := w.Write(escapeControls(text)); err != nil {
			return err
		}
	}
	_, err := io.WriteString(w, j.lineBreak(depth-1)+tail)
	return err
}

// cutServices returns what is before and after the services of a document that has none.
func cutServices(document []byte) (head []byte, tail string) {
	i := bytes.LastIndexByte(document, ']')
	return bytes.Clone(document[:i]), string(document[i:])
}

// lineBreak returns what separates elements that are depth levels deep in a document.
func (j JSON) lineBreak(depth int) string {
	if !j.Time.IsZero() {
		return ""
	}
	return string(appendLineBreak(nil, depth))
}
