// SPDX-License-Identifier: Apache-2.0

package format

import (
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

var (
	familyLine = regexp.MustCompile(`^# HELP (node_ipvs_[a-z_]+) \S.*\S$`)
	sampleLine = regexp.MustCompile(`^(node_ipvs_[a-z_]+)(?:\{((?:[a-z_]+="(?:[^"\\]|\\["\\n])*",?)+)\})? ([0-9]+)$`)
	labelPair  = regexp.MustCompile(`([a-z_]+)="((?:[^"\\]|\\.)*)"`)
)

// exposed reads metrics, all of them of known families that are there once. The
// keys are series without empty labels, to Prometheus the same as those with them.
func exposed(t *testing.T, text string) map[string]uint64 {
	t.Helper()
	if !strings.HasSuffix(text, "\n") || !utf8.ValidString(text) {
		t.Errorf("no text of whole lines:\n%q", text)
	}
	series := map[string]uint64{}
	families := map[string]bool{}
	family := ""
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for i := 0; i < len(lines); i++ {
		if m := familyLine.FindStringSubmatch(lines[i]); m != nil {
			family = m[1]
			kind := gauge
			if strings.HasSuffix(family, "_total") {
				kind = counter
			}
			if i++; families[family] || i == len(lines) || lines[i] != "# TYPE "+family+" "+kind {
				t.Errorf("family %s is there again or is no %s", family, kind)
			}
			families[family] = true
			continue
		}
		m := sampleLine.FindStringSubmatch(lines[i])
		if m == nil || m[1] != family {
			t.Fatalf("in the family %s: %s", family, lines[i])
		}
		key := m[1]
		for _, pair := range labelPair.FindAllStringSubmatch(m[2], -1) {
			if pair[2] != "" {
				key += " " + pair[1] + "=" + pair[2]
			}
		}
		if _, twice := series[key]; twice {
			t.Errorf("%s is there twice", key)
		}
		value, err := strconv.ParseUint(m[3], 10, 64)
		if err != nil {
			t.Error(err)
		}
		series[key] = value
	}
	return series
}

func TestLabelEscapes(t *testing.T) {
	got := labels("a", "back\\slash", "b", "\"quoted\"", "c", "two\nlines", "d", "bad\xff\xfe", "e", "", "f", "grüße")
	if want := `a="back\\slash",b="\"quoted\"",c="two\nlines",d="bad�",e="",f="grüße"`; got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

// brokenWriter fails after some bytes.
type brokenWriter struct{ left int }

func (w *brokenWriter) Write(b []byte) (int, error) {
	if w.left -= len(b); w.left < 0 {
		return 0, io.ErrClosedPipe
	}
	return len(b), nil
}

func TestExpositionWritesChunks(t *testing.T) {
	var whole strings.Builder
	for _, w := range []io.Writer{&whole, &brokenWriter{expositionChunk + 100}, &brokenWriter{}} {
		e := exposition{w: w}
		e.family("node_ipvs_info", gauge, "Some text.")
		most := 0
		for i := range 10000 {
			e.sample("node_ipvs_info", labels("n", strconv.Itoa(i)), uint64(i))
			most = max(most, len(e.b))
		}
		err := e.flush()
		if w != &whole != errors.Is(err, io.ErrClosedPipe) || most > expositionChunk {
			t.Errorf("%v, %d bytes at once", err, most)
		}
	}
	if series := exposed(t, whole.String()); len(series) != 10000 || series["node_ipvs_info n=9999"] != 9999 {
		t.Errorf("%d series", len(series))
	}
}
