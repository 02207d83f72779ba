// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestDraw(t *testing.T) {
	rows, err := parse("plain \x1b[1mbold\x1b[0m\n\x1b[7;33m <weight 0> \x1b[m \x1b[2m-\x1b[22m\n")
	if err != nil {
		t.Fatal(err)
	}
	picture := draw("a & b", rows)
	for _, part := range []string{
		"<title>a &amp; b</title>", ">plain </text>", `font-weight="bold">bold<`, `fill="#e5c07b"/>`, "&lt;weight 0&gt;", `opacity="0.5">-<`,
	} {
		if !strings.Contains(picture, part) {
			t.Errorf("the picture lacks %s:\n%s", part, picture)
		}
	}
	for d := xml.NewDecoder(strings.NewReader(picture)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

func TestParseRefusesOtherSequences(t *testing.T) {
	for _, text := range []string{"\x1b[2J", "\x1b[38;5;1mx", "\x1b]0;title\x07"} {
		if rows, err := parse(text); err == nil {
			t.Errorf("%q: %v", text, rows)
		}
	}
}
