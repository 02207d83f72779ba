// SPDX-License-Identifier: Apache-2.0

package format

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// What is indented here is as json.Indent indents it.
func FuzzAppendIndented(f *testing.F) {
	for _, document := range []string{
		`{}`, `[]`, `[[],{}]`, `{"a":[1,-2.5e3,true,null],"b":{"c":"d"}}`, `"{[,:\"\\"`, `{"\"":"\\","}":"\u00e9é,"}`, ` [ 1 , { } ] `, `7`,
	} {
		f.Add([]byte(document), 0)
		f.Add([]byte(document), 2)
	}
	f.Fuzz(func(t *testing.T, document []byte, depth int) {
		var compact, want bytes.Buffer
		if depth < 0 || depth > 9 || json.Compact(&compact, document) != nil {
			t.Skip()
		}
		wantNil(t, json.Indent(&want, compact.Bytes(), strings.Repeat(jsonIndent, depth), jsonIndent))
		if got := appendIndented(nil, compact.Bytes(), depth); string(got) != want.String() {
			t.Errorf("%q: got %q, want %q", document, got, want.String())
		}
	})
}
