// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"fmt"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/listing"
	"github.com/ipvsadm-go/ipvsadm/format"
)

// helpPages returns the list of keys, in as many pages as a screen of this size needs.
func helpPages(width, height int) (pages [][][]byte) {
	lines := helpLines(width)
	if len(lines)+1 <= height {
		return [][][]byte{append(lines, []byte(shorten("Any other key returns to the listing.", width)))}
	}
	room := max(1, height-1)
	for len(lines) > 0 {
		page := append([][]byte(nil), firstLines(lines, room)...)
		lines = lines[len(page):]
		foot := "Any other key: more"
		if len(lines) == 0 {
			foot = "Any other key: back"
		}
		pages = append(pages, append(page, []byte(shorten(foot, width))))
	}
	return pages
}

// helpTexts returns what each key does.
func helpTexts() []struct{ keys, text string } {
	return []struct{ keys, text string }{
		{"q ^C", "quit"},
		{"h ?", "show this list"},
		{"Space", "read now"},
		{"p", "pause: read only on Space, until p is pressed again"},
		{"< >", "sort by another column: " + strings.Join(listing.SortKeys(), ", ")},
		{"Left Right", "as < >"},
		{"Up Down", "scroll by a row, as k and j"},
		{"PgUp PgDn", "scroll by a screen, as ^B and ^F"},
		{"Home End", "go to the first or the last row, as g and G"},
		{"/", "show only services and servers that contain a text"},
		{"Esc", "show all again"},
		{"^Z", "suspend; fg resumes"},
	}
}

// helpKeyWidth is the width of the column with the keys.
const helpKeyWidth = 14

// helpLines returns a line for each key, or more if the screen is narrow.
func helpLines(width int) (lines [][]byte) {
	for _, help := range helpTexts() {
		line := fmt.Sprintf("%-*s%s", helpKeyWidth, "  "+help.keys, help.text)
		for _, part := range format.Wrap(line, width, helpKeyWidth) {
			lines = append(lines, []byte(part))
		}
	}
	return lines
}
