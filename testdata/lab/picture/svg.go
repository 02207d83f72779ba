// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"strings"
)

// Sizes in pixels. A character of the fonts below is 0.6 times as wide as high.
const (
	fontSize    = 14.0
	charWidth   = fontSize * 0.6
	lineHeight  = 18.0
	margin      = 14.0
	background  = "#1e222a"
	foreground  = "#d8dee9"
	fonts       = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace"
	dimmed      = 0.5
	belowMiddle = 0.75 // from the top of a line to the base line
)

// draw returns a picture of the rows of a terminal.
func draw(title string, rows [][]run) string {
	columns := 0
	for _, row := range rows {
		for _, r := range row {
			columns = max(columns, r.column+len([]rune(r.text)))
		}
	}
	width, height := 2*margin+float64(columns)*charWidth, 2*margin+float64(len(rows))*lineHeight
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%.0f" viewBox="0 0 %[1]f %[2]f" role="img">`+"\n", width, height)
	fmt.Fprintf(&b, "<title>%s</title>\n", escape(title))
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" rx="6" fill="%s"/>`+"\n", background)
	fmt.Fprintf(&b, `<g font-family="%s" font-size="%.0f" fill="%s" xml:space="preserve" style="white-space:pre">`+"\n", fonts, fontSize, foreground)
	for i, row := range rows {
		for _, r := range row {
			b.WriteString(r.draw(margin + float64(i)*lineHeight))
		}
	}
	b.WriteString("</g>\n</svg>\n")
	return b.String()
}

// draw returns the elements of a run in the line at y.
func (r run) draw(y float64) string {
	x, width := margin+float64(r.column)*charWidth, float64(len([]rune(r.text)))*charWidth
	colour := cmp.Or(r.colour, foreground)
	var b strings.Builder
	if r.reverse {
		fmt.Fprintf(&b, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s"/>`+"\n", x, y, width, lineHeight, colour)
		colour = background
	}
	if strings.TrimSpace(r.text) == "" {
		return b.String()
	}
	fmt.Fprintf(&b, `<text x="%.1f" y="%.1f" textLength="%.1f"`, x, y+lineHeight*belowMiddle, width)
	if colour != foreground {
		fmt.Fprintf(&b, ` fill="%s"`, colour)
	}
	if r.bold {
		b.WriteString(` font-weight="bold"`)
	}
	if r.dim {
		fmt.Fprintf(&b, ` opacity="%.1f"`, dimmed)
	}
	fmt.Fprintf(&b, ">%s</text>\n", escape(r.text))
	return b.String()
}

func escape(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a Builder takes everything
	return b.String()
}
