package format

import (
	"bytes"
	"fmt"
	"io"
	"unicode/utf8"
)

// controlEscaper writes JSON with escapes for the control characters that JSON
// allows as they are: U+007F to U+009F, with which a terminal can be controlled.
// They can only stand in strings.
type controlEscaper struct{ below io.Writer }

func (w controlEscaper) Write(b []byte) (int, error) {
	if _, err := w.below.Write(escapeControls(b)); err != nil {
		return 0, err
	}
	return len(b), nil
}

func escapeControls(text []byte) []byte {
	const leadOfControls = 0xc2 // of U+0080 to U+00BF in UTF-8
	if bytes.IndexByte(text, leadOfControls) < 0 && bytes.IndexByte(text, 0x7f) < 0 {
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
