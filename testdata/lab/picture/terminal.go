// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// style is how characters look. The zero style is the terminal's default.
type style struct {
	colour             string // of the text, as in SVG; "" for the default
	bold, dim, reverse bool
}

// run is text of one style in a row.
type run struct {
	style
	column int
	text   string
}

// colours has the colours 30 to 37 and 90 to 97 of a terminal.
var colours = map[int]string{
	30: "#2e3440", 31: "#e06c75", 32: "#98c379", 33: "#e5c07b", 34: "#61afef", 35: "#c678dd", 36: "#56b6c2", 37: "#d8dee9",
	90: "#7f848e", 91: "#ff7b86", 92: "#b5e890", 93: "#ffd68a", 94: "#82c4ff", 95: "#e39bf5", 96: "#7fdbe6", 97: "#ffffff",
}

// sequence matches an escape sequence that sets the style.
var sequence = regexp.MustCompile("\x1b\\[([0-9;]*)m")

// parse splits the text of a terminal into rows. An error is an escape sequence that it
// does not know.
func parse(text string) (rows [][]run, err error) {
	var current style
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		var row []run
		column, from := 0, 0
		add := func(text string) {
			if text != "" {
				row = append(row, run{current, column, text})
				column += len([]rune(text))
			}
		}
		for _, at := range sequence.FindAllStringSubmatchIndex(line, -1) {
			add(line[from:at[0]])
			if current, err = current.with(line[at[2]:at[3]]); err != nil {
				return nil, err
			}
			from = at[1]
		}
		add(line[from:])
		rows = append(rows, row)
	}
	if strings.Contains(sequence.ReplaceAllString(text, ""), "\x1b") {
		return nil, fmt.Errorf("an escape sequence that sets no style")
	}
	return rows, nil
}

// with returns the style after an escape sequence with these parameters.
func (s style) with(parameters string) (style, error) {
	for parameter := range strings.SplitSeq(parameters, ";") {
		n, err := strconv.Atoi(parameter)
		if err != nil && parameter != "" {
			return s, err
		}
		colour, isColour := colours[n]
		switch {
		case n == 0:
			s = style{}
		case n == 1:
			s.bold = true
		case n == 2:
			s.dim = true
		case n == 7:
			s.reverse = true
		case n == 22:
			s.bold, s.dim = false, false
		case n == 27:
			s.reverse = false
		case n == 39:
			s.colour = ""
		case n == 49: // the default background, which no style changes
		case isColour:
			s.colour = colour
		default:
			return s, fmt.Errorf("the style %s is unknown", parameters)
		}
	}
	return s, nil
}
