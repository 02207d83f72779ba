// SPDX-License-Identifier: Apache-2.0

package format

import (
	"bytes"
	"fmt"
	"io"
	"unicode/utf8"
)

// controlEscaper escapes the characters U+007F to U+009F in JSON. JSON allows them in
// strings, but they can control a terminal.
type controlEscaper struct{ w io.Writer }

func (e controlEscaper) Write(b []byte) (int, error) {
	if _, err := e.w.Write(escapeControls(b)); err != nil {
		return 0, err
	}
	return len(b), nil
}

func escapeControls(text []byte) []byte {
	const leadByte = 0xc2 // of U+0080 to U+00BF in UTF-8
	if bytes.IndexByte(text, leadByte) < 0 && bytes.IndexByte(text, 0x7f) < 0 {
		return text
	}
	escaped := make([]byte, 0, len(text)+16)
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		if 0x7f <= r && r <= 0x9f {
			escaped = fmt.Appendf(escaped, `\u%04x`, r)
		} else {
			escaped = append(escaped, text[:size]...)
		}
		text = text[size:]
	}
	return escaped
}
