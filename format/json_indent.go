// SPDX-License-Identifier: Apache-2.0

package format

// appendIndented appends what json.Indent makes of a compact document that is depth levels
// deep. It does not check the document, as json.Indent does byte by byte, which takes three
// times as long as encoding it.
func appendIndented(b, compact []byte, depth int) []byte {
	for i := 0; i < len(compact); i++ {
		switch c := compact[i]; c {
		case '"':
			end := stringEnd(compact, i)
			b = append(b, compact[i:end]...)
			i = end - 1
		case '{', '[':
			b = append(b, c)
			if next := compact[i+1]; next == '}' || next == ']' {
				b = append(b, next)
				i++
				continue
			}
			depth++
			b = appendLineBreak(b, depth)
		case '}', ']':
			depth--
			b = append(appendLineBreak(b, depth), c)
		case ',':
			b = appendLineBreak(append(b, c), depth)
		case ':':
			b = append(b, ": "...)
		default:
			b = append(b, c)
		}
	}
	return b
}

// stringEnd returns the index after the string that begins at an index of a document.
func stringEnd(document []byte, begin int) int {
	i := begin + 1
	for ; document[i] != '"'; i++ {
		if document[i] == '\\' {
			i++
		}
	}
	return i + 1
}

func appendLineBreak(b []byte, depth int) []byte {
	b = append(b, '\n')
	for range depth {
		b = append(b, jsonIndent...)
	}
	return b
}
