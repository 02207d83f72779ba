// SPDX-License-Identifier: Apache-2.0

package format

import (
	"bytes"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/olekukonko/tablewriter"
)

// column is a column of a grid.
type column struct {
	title string
	right bool // aligned right, for numbers
	// dropOrder tells which columns a narrow grid leaves out first: those with the
	// highest value. The column with 0 always stays. See essential.
	dropOrder int
	// minWidth is the width down to which the column wraps its cells. 0 is for a
	// column that never wraps.
	minWidth int
	// comment marks a column that wraps, or is left out, before any other column
	// gets narrower.
	comment bool
	// initialWidth is the smallest width in the first chunk, so that the cells of
	// later chunks fit too.
	initialWidth int
}

// cell is a cell of a grid. Its text is printable.
type cell struct {
	text   string
	indent int // blanks before the first line
	hang   int // blanks before each further line
	style  style
}

// style is a parameter of the escape sequence that selects a terminal's colour or
// weight.
type style string

const (
	ordinary style = ""
	bold     style = "1"
	dim      style = "2"
	red      style = "31"
	yellow   style = "33"
)

// columnGap separates two columns.
const columnGap = "  "

// grid prints rows in columns that line up. Rows may come in chunks. The first chunk
// decides which columns are visible; later chunks can only widen them.
type grid struct {
	columns  []column
	maxWidth int // of a line, 0 for no limit
	colour   bool

	visible []int // indexes of columns, in order; nil before the first chunk
	width   []int // of each of columns
}

// print prints a chunk of rows, the first one below the titles.
func (g *grid) print(out sections, rows [][]cell) error {
	if g.begun() {
		g.grow(g.natural(slices.Values(rows)))
		return g.render(out, nil, rows)
	}
	return g.render(out, g.layOut(slices.Values(rows)), rows)
}

// layOut chooses the visible columns and their widths for some rows, and returns the titles.
func (g *grid) layOut(rows iter.Seq[[]cell]) (titles []cell) {
	titles = make([]cell, len(g.columns))
	for i, c := range g.columns {
		titles[i] = cell{text: c.title, style: bold}
	}
	widths := g.natural(rows)
	for i, c := range g.columns {
		widths[i] = max(widths[i], len(c.title))
	}
	g.fit(widths, rows)
	return titles
}

// printAll prints all rows of a listing.
func (g *grid) printAll(out sections, rows [][]cell) error {
	if err := g.print(out, rows); err != nil {
		return err
	}
	return g.printLeftOut(out)
}

// rowsInMemory is how many rows printEach holds. More are hardly printed any faster.
const rowsInMemory = 500

// printEach is printAll for any number of rows. It goes through them several times.
func (g *grid) printEach(out sections, rows iter.Seq[[]cell]) error {
	titles := g.layOut(rows)
	chunk := make([][]cell, 0, rowsInMemory)
	for row := range rows {
		if len(chunk) == cap(chunk) {
			if err := g.render(out, titles, chunk); err != nil {
				return err
			}
			titles, chunk = nil, chunk[:0]
		}
		chunk = append(chunk, row)
	}
	if err := g.render(out, titles, chunk); err != nil {
		return err
	}
	return g.printLeftOut(out)
}

// begun tells whether the first chunk has been printed.
func (g *grid) begun() bool { return g.visible != nil }

// printLeftOut names the columns that had no room.
func (g *grid) printLeftOut(out sections) error {
	var titles []string
	for i, c := range g.columns {
		if !slices.Contains(g.visible, i) {
			titles = append(titles, c.title)
		}
	}
	if len(titles) == 0 {
		return nil
	}
	return writeText(out.foot, g.maxWidth, "left out: "+strings.Join(titles, ", "))
}

// writeText prints text, wrapped to lines of at most maxWidth columns. 0 is no limit.
func writeText(w io.Writer, maxWidth int, text string) error {
	if maxWidth > 0 {
		text = strings.Join(Wrap(text, maxWidth, 0), "\n")
	}
	_, err := io.WriteString(w, text+"\n")
	return err
}

// render puts the cells of the visible columns side by side. titles may be nil.
func (g *grid) render(out sections, titles []cell, rows [][]cell) error {
	var b bytes.Buffer
	t := tablewriter.NewWriter(&b)
	t.SetAutoWrapText(false)
	t.SetBorder(false)
	t.SetNoWhiteSpace(true)
	t.SetTablePadding(columnGap)
	align := make([]int, len(g.visible))
	for at, i := range g.visible {
		t.SetColMinWidth(at, g.width[i])
		align[at] = tablewriter.ALIGN_LEFT
		if g.columns[i].right {
			align[at] = tablewriter.ALIGN_RIGHT
		}
	}
	t.SetColumnAlignment(align)
	headLines := 0
	if titles != nil {
		texts := g.lines(titles)
		headLines = 1 + strings.Count(texts[0], "\n")
		t.Append(texts)
	}
	for _, row := range rows {
		t.Append(g.lines(row))
	}
	t.Render()
	for line := range bytes.Lines(b.Bytes()) {
		w := out.rows
		if headLines > 0 {
			headLines--
			w = out.head
		}
		if _, err := w.Write(append(bytes.TrimRight(line, " \n"), '\n')); err != nil {
			return err
		}
	}
	return nil
}

// lines returns the text of each visible cell, with as many lines as the tallest one.
func (g *grid) lines(row []cell) []string {
	texts, height := make([]string, len(g.visible)), 0
	for at, i := range g.visible {
		lines := row[i].lines(g.width[i])
		for j := range lines {
			lines[j] = g.paint(lines[j], row[i].style)
		}
		height = max(height, len(lines))
		texts[at] = strings.Join(lines, "\n")
	}
	for at, text := range texts {
		texts[at] += strings.Repeat("\n", height-1-strings.Count(text, "\n"))
	}
	return texts
}

// width is that of the cell in one line.
func (c cell) width() int { return c.indent + displayWidth(c.text) }

// lines breaks the cell into lines of at most width columns.
func (c cell) lines(width int) []string {
	indent := c.indent
	if 2*indent > width {
		indent = 0
	}
	return Wrap(strings.Repeat(" ", indent)+c.text, width, c.hang)
}

func (g *grid) paint(text string, look style) string {
	if !g.colour || look == ordinary || text == "" {
		return text
	}
	return "\x1b[" + string(look) + "m" + text + "\x1b[0m"
}
