package format

import (
	"bytes"
	"io"
	"strings"

	"github.com/olekukonko/tablewriter"
)

// column is a column of a sheet.
type column struct {
	title string
	right bool // for numbers
	// rank is its importance: where there is no room, columns with higher ranks are
	// left out first. The one of rank 0 stays.
	rank int
	// wraps is the width down to which it is made narrower by wrapping, 0 if it
	// rather is left out.
	wraps int
	// comment is for a column that wraps, or is left out, before any other one is
	// made narrower.
	comment bool
	// least is a width for what later parts are likely to have.
	least int
}

// cell is a place in a sheet. Its text is printable.
type cell struct {
	text   string
	indent int // blanks before it
	hang   int // blanks before its second line and those after it
	style  style
}

// style is the number of a terminal's colour or face.
type style string

const (
	ordinary style = ""
	bold     style = "1"
	red      style = "31"
	yellow   style = "33"
)

// columnGap is what is between two columns.
const columnGap = "  "

// sheet prints rows in columns that line up. Rows may come in parts: columns
// only grow from one part to the next, and are as many as in the first.
type sheet struct {
	columns []column
	limit   int // width of a line, 0 for none
	colour  bool

	shown []int // indexes of columns, in order; nil before the first part
	width []int // of each of columns
}

// write prints rows, below titles if they are the first.
func (s *sheet) write(w io.Writer, rows [][]cell) error {
	if s.shown != nil {
		s.grow(s.natural(rows))
		return s.render(w, rows)
	}
	titles := make([]cell, len(s.columns))
	for i, c := range s.columns {
		titles[i] = cell{text: c.title, style: bold}
	}
	rows = append([][]cell{titles}, rows...)
	s.fit(s.natural(rows))
	return s.render(w, rows)
}

// LeftOut begins what is said of columns that have no room.
const LeftOut = "left out: "

// leftOut prints which columns had no room.
func (s *sheet) leftOut(w io.Writer) error {
	var titles []string
	shown := 0
	for i, c := range s.columns {
		if shown < len(s.shown) && s.shown[shown] == i {
			shown++
		} else {
			titles = append(titles, c.title)
		}
	}
	if len(titles) == 0 || s.shown == nil {
		return nil
	}
	return writeText(w, s.limit, LeftOut+strings.Join(titles, ", "))
}

// writeText prints a sentence.
func writeText(w io.Writer, limit int, text string) error {
	if limit > 0 {
		text = strings.Join(wrap(text, limit, 0), "\n")
	}
	_, err := io.WriteString(w, text+"\n")
	return err
}

// render lets tablewriter put the cells of the shown columns side by side.
func (s *sheet) render(w io.Writer, rows [][]cell) error {
	var b bytes.Buffer
	t := tablewriter.NewWriter(&b)
	t.SetAutoWrapText(false)
	t.SetBorder(false)
	t.SetNoWhiteSpace(true)
	t.SetTablePadding(columnGap)
	align := make([]int, len(s.shown))
	for at, i := range s.shown {
		t.SetColMinWidth(at, s.width[i])
		align[at] = tablewriter.ALIGN_LEFT
		if s.columns[i].right {
			align[at] = tablewriter.ALIGN_RIGHT
		}
	}
	t.SetColumnAlignment(align)
	for _, row := range rows {
		t.Append(s.lines(row))
	}
	t.Render()
	for line := range bytes.Lines(b.Bytes()) {
		if _, err := w.Write(append(bytes.TrimRight(line, " \n"), '\n')); err != nil {
			return err
		}
	}
	return nil
}

// lines are the cells of the shown columns, each of as many lines as the highest.
func (s *sheet) lines(row []cell) []string {
	texts, height := make([]string, len(s.shown)), 0
	for at, i := range s.shown {
		lines := row[i].lines(s.width[i])
		for j := range lines {
			lines[j] = s.paint(lines[j], row[i].style)
		}
		height = max(height, len(lines))
		texts[at] = strings.Join(lines, "\n")
	}
	for at, text := range texts {
		texts[at] += strings.Repeat("\n", height-1-strings.Count(text, "\n"))
	}
	return texts
}

// lines is the cell in lines of at most width columns.
func (c cell) lines(width int) []string {
	indent := c.indent
	if 2*indent > width {
		indent = 0
	}
	return wrap(strings.Repeat(" ", indent)+c.text, width, c.hang)
}

func (s *sheet) paint(text string, look style) string {
	if !s.colour || look == ordinary || text == "" {
		return text
	}
	return "\x1b[" + string(look) + "m" + text + "\x1b[0m"
}
